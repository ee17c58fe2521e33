import { describe, expect, test } from 'vitest';
import type { RowKey } from '../../../functions/contract/row-layout.ts';
import { rowBytes } from '../../../functions/core/meter/row-units.ts';
import type { Attributes } from '../../../functions/core/ports/row-store.ts';
import { MemoryRowStore } from '../../models/memory-row-store.ts';

const keyOf = (sk: string): RowKey => ({ table: 'dictmap', pk: 'p', sk });
const put = (store: MemoryRowStore, sk: string, attributes: Attributes) =>
  store.write({ kind: 'put', key: keyOf(sk), attributes });

describe('memory row store, beyond the contract', () => {
  test('X2: rows stay after their TTL until DynamoDB comes round, out of indexes too', async () => {
    const store = new MemoryRowStore();
    const lazy = { lazyPk: 'l', lazySk: '1' };
    await put(store, 'due', { ttl: 1000, ...lazy });
    await put(store, 'later', { ttl: 2000 });
    await put(store, 'live', { v: 1 });
    expect(store.expireTtl(1_000_000)).toBe(0);
    expect(store.expireTtl(1_000_001)).toBe(1);
    expect(store.rows().map(({ key }) => key.sk)).toEqual(['later', 'live']);
    const query = { table: 'dictmap', index: 'lazy', pk: 'l', limit: 10 } as const;
    expect(await store.query(query)).toEqual({ rows: [] });
  });

  test('answers conflict as often as told, and writes nothing then', async () => {
    const store = new MemoryRowStore();
    store.conflictNext(2);
    const write = { kind: 'put', key: keyOf('a'), attributes: {} } as const;
    expect(await store.transact([write])).toEqual({ outcome: 'conflict' });
    expect(await store.transact([write])).toEqual({ outcome: 'conflict' });
    expect(store.rows()).toEqual([]);
    expect(await store.transact([write])).toEqual({ outcome: 'written' });
  });

  test('O2: an update cannot give an index a key that is no string', async () => {
    const store = new MemoryRowStore();
    await put(store, 'a', { v: 1 });
    const guard = { row: 'present' } as const;
    const change = { set: { duePk: 1, dueSk: 'x' } };
    const update = { kind: 'update', key: keyOf('a'), change, guard } as const;
    await expect(store.write(update)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  test('O2: a transaction of more than 4 MB is refused', async () => {
    const store = new MemoryRowStore();
    const writes = Array.from({ length: 11 }, (_, i) => ({
      kind: 'put' as const,
      key: keyOf(`m${i}`),
      attributes: { body: 'x'.repeat(390 * 1024) },
    }));
    await expect(store.transact(writes)).rejects.toMatchObject({ name: 'RowTooLargeError' });
    expect(store.rows()).toEqual([]);
    expect(await store.transact(writes.slice(0, 10))).toEqual({ outcome: 'written' });
  });

  test('the last page may be empty, as in DynamoDB, which does not look beyond a limit', async () => {
    const store = new MemoryRowStore();
    for (const sk of ['a', 'b']) await put(store, sk, {});
    const query = { table: 'dictmap', pk: 'p', limit: 2 } as const;
    const { rows, next } = await store.query(query);
    expect(rows).toHaveLength(2);
    expect(next).toBeDefined();
    expect(await store.query({ ...query, after: next ?? '' })).toEqual({ rows: [] });
  });

  test.each<[string, Attributes, number]>([
    ['a string in UTF-8', { a: 'é' }, 3],
    ['a boolean and null', { a: true, b: null }, 4],
    ['numbers by digits', { a: 7, b: 1234, c: -15 }, 3 + 2 + 3 + 3],
    ['a set', { a: new Set(['x', 'yz']) }, 4],
    ['a list', { a: ['x', 'y'] }, 1 + 3 + 2 + 2],
    ['a map', { a: { b: 'x' } }, 1 + 3 + 1 + 2],
  ])('counts the bytes of %s', (_, attributes, bytes) => {
    expect(rowBytes(keyOf('s'), attributes)).toBe('pkp'.length + 'sks'.length + bytes);
  });
});
