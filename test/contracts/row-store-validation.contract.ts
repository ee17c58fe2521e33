import { describe, expect, test } from 'vitest';
import type { RowKey } from '../../functions/contract/row-layout.ts';
import { RowTooLargeError } from '../../functions/core/errors.ts';
import type { Attributes, Change, RowStore } from '../../functions/core/ports/row-store.ts';
import { freshPartition, keyOf, store } from './contract-rows.ts';

/** Mistakes of the program itself: they must fail loudly, and alike on every store. */
export function validationContract(rows: () => RowStore): void {
  describe('mistakes', () => {
    const undefinedValue: unknown = undefined;
    const attributes: readonly (readonly [string, Attributes])[] = [
      ['an empty set', { s: new Set() }],
      ['an empty set deep inside', { m: { list: [new Set()] } }],
      ['undefined', { u: undefinedValue as string }],
      ['undefined deep inside', { m: { u: undefinedValue as string } }],
      ['not a number', { n: Number.NaN }],
      ['an infinite number', { n: Number.POSITIVE_INFINITY }],
      ['a number beyond what a double keeps exactly', { n: 2 ** 60 }],
      ['a date', { d: new Date(0) as unknown as string }],
      ['a key attribute', { pk: 'other' }],
      ['a row over 400 KB', { body: 'x'.repeat(400 * 1024) }],
      ['an index key that is no string', { lazyPk: 1, lazySk: 'x' }],
      ['an empty index key', { lazyPk: '', lazySk: 'x' }],
    ];
    test.each(attributes)('O2: a put is refused with %s', async (_, bad) => {
      const key = keyOf(freshPartition());
      const put = { kind: 'put' as const, key, attributes: bad };
      await expect(rows().write(put)).rejects.toThrow();
      await expect(rows().transact([put])).rejects.toThrow();
      expect(await rows().get(key)).toBeUndefined();
    });

    const keys: readonly (readonly [string, () => RowKey])[] = [
      ['an empty partition key', () => keyOf('')],
      ['an empty sort key', () => keyOf(freshPartition(), '')],
      ['a partition key over 2,048 bytes', () => keyOf('é'.repeat(1025))],
      ['a sort key over 1,024 bytes', () => keyOf(freshPartition(), 'é'.repeat(513))],
    ];
    test.each(keys)('O2: a row is refused with %s', async (_, make) => {
      const key = make();
      await expect(rows().write({ kind: 'put', key, attributes: {} })).rejects.toThrow();
      await expect(rows().transact([{ kind: 'put', key, attributes: {} }])).rejects.toThrow();
      await expect(rows().get(key)).rejects.toThrow();
      await expect(rows().removeAll([key])).rejects.toThrow();
    });

    const changes: readonly (readonly [string, Change])[] = [
      ['nothing to change', {}],
      ['only empty sets of members', { addToSet: { s: [] } }],
      ['an attribute named twice', { set: { a: 1 }, unset: ['a'] }],
      ['an attribute named twice by add', { add: { n: 1 }, set: { n: 1 } }],
      ['a key attribute', { set: { sk: 'other' } }],
      ['a key attribute unset', { unset: ['pk'] }],
      ['an empty set', { set: { s: new Set() } }],
      ['undefined', { set: { a: undefinedValue as string } }],
      ['addition to a string', { add: { text: 1 } }],
      ['members for a number', { addToSet: { n: ['x'] } }],
      ['members from a string', { removeFromSet: { text: ['x'] } }],
      ['growth over 400 KB', { set: { body: 'x'.repeat(400 * 1024) } }],
    ];
    test.each(changes)('O2: an update is refused with %s', async (_, change) => {
      const key = keyOf(freshPartition());
      const before = { text: 't', n: 1 };
      await store(rows(), key, before);
      const update = { kind: 'update' as const, key, change, guard: { row: 'present' as const } };
      await expect(rows().write(update)).rejects.toThrow();
      await expect(rows().transact([update])).rejects.toThrow();
      expect((await rows().get(key))?.attributes).toEqual(before);
    });

    test.each([0, 101])('O2: a guard is refused with %d values to choose from', async (length) => {
      const key = keyOf(freshPartition());
      await store(rows(), key, { n: 1 });
      const oneOf = { n: Array.from({ length }, (_, n) => n) };
      const guard = { row: 'present' as const, oneOf };
      await expect(rows().write({ kind: 'check', key, guard })).rejects.toThrow(RangeError);
      await expect(rows().write({ kind: 'remove', key, guard })).rejects.toThrow(RangeError);
      expect(await rows().get(key)).toBeDefined();
    });

    test('a row of just under 400 KB is fine', async () => {
      const key = keyOf(freshPartition());
      const body = 'x'.repeat(400 * 1024 - key.pk.length - key.sk.length - 'pkskbody'.length);
      await store(rows(), key, { body });
      await expect(store(rows(), key, { body: `${body}x` })).rejects.toThrow();
    });

    test('O2: what is too large says so by its name, alone and in a transaction', async () => {
      const key = keyOf(freshPartition());
      const attributes = { body: 'x'.repeat(399 * 1024) };
      await store(rows(), key, attributes);
      const change = { set: { more: 'x'.repeat(1024) } };
      const update = { kind: 'update', key, change, guard: { row: 'present' } } as const;
      await expect(rows().write(update)).rejects.toThrow(RowTooLargeError);
      await expect(rows().transact([update])).rejects.toThrow(RowTooLargeError);
      const many = Array.from(
        { length: 11 },
        (_, n) => ({ kind: 'put', attributes, key: keyOf(key.pk, `${n}`) }) as const,
      );
      await expect(rows().transact(many)).rejects.toThrow(RowTooLargeError);
      expect(await rows().get(key)).toMatchObject({ attributes });
    });
  });
}

/** Mistakes that DynamoDB refuses and the embedded AWS lets through. */
export function strictValidationContract(rows: () => RowStore): void {
  describe('more mistakes', () => {
    const attributes: readonly (readonly [string, Attributes])[] = [
      ['an empty attribute name', { '': 1 }],
      ['an empty attribute name deep inside', { m: { '': 1 } }],
      ['an index key over 1,024 bytes', { lazyPk: 'x', lazySk: 'é'.repeat(513) }],
    ];
    test.each(attributes)('O2: a put is refused with %s', async (_, bad) => {
      const key = keyOf(freshPartition());
      const put = { kind: 'put' as const, key, attributes: bad };
      await expect(rows().write(put)).rejects.toThrow();
      await expect(rows().transact([put])).rejects.toThrow();
      expect(await rows().get(key)).toBeUndefined();
    });
  });
}
