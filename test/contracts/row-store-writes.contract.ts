import { describe, expect, test } from 'vitest';
import type {
  Attributes,
  Change,
  RowStore,
  WriteResult,
} from '../../functions/core/ports/row-store.ts';
import { freshPartition, keyOf, present, store } from './contract-rows.ts';

const WRITTEN: WriteResult = { outcome: 'written' };

export function writeContract(rows: () => RowStore): void {
  keyContract(rows);
  changeContract(rows);
  removalContract(rows);
}

function keyContract(rows: () => RowStore): void {
  describe('rows and keys', () => {
    test('W1: a row keeps values of every type', async () => {
      const key = keyOf(freshPartition());
      const attributes: Attributes = {
        text: 'Größe 😀 "quoted" \u0000 end',
        empty: '',
        uid: 4_294_967_295,
        big: Number.MAX_SAFE_INTEGER,
        negative: -1.5,
        yes: true,
        no: false,
        nothing: null,
        flags: new Set(['\\Seen', 'a', 'A', 'é']),
        list: [1, 'two', [true], null, new Set(['deep'])],
        map: { inner: { 'a.b': 1, state: 'nested' }, set: new Set(['x']) },
        emptyList: [],
        emptyMap: {},
      };
      await store(rows(), key, attributes);
      const row = await rows().get(key);
      expect(row).toEqual({ key, attributes });
      expect(row?.attributes['flags']).toBeInstanceOf(Set);
    });

    test('X6: keys differ by every byte: case, accents and their forms, #, spaces', async () => {
      const pk = freshPartition();
      const sks = ['john', 'John', 'JOHN', 'jöhn', 'jo\u0308hn', 'john#', '#john', 'john ', '😀'];
      const pks = [pk, `${pk}#`, `${pk}A`, `${pk}a`, `${pk}#é`, `${pk}#e\u0301`];
      for (const sk of sks) await store(rows(), keyOf(pk, sk), { mine: sk });
      for (const one of pks) await store(rows(), keyOf(one, 'own'), { mine: one });
      for (const sk of sks) {
        expect((await rows().get(keyOf(pk, sk)))?.attributes).toEqual({ mine: sk });
      }
      for (const one of pks) {
        expect((await rows().get(keyOf(one, 'own')))?.attributes).toEqual({ mine: one });
      }
      expect(await rows().get(keyOf(pk.toUpperCase(), 'john'))).toBeUndefined();
    });

    test('the tables are two: the same key in the other one is another row', async () => {
      const pk = freshPartition();
      await store(rows(), keyOf(pk, 'row', 'registry'), { of: 'registry' });
      expect(await rows().get(keyOf(pk, 'row', 'dictmap'))).toBeUndefined();
    });

    test('keys may be as long as DynamoDB allows: 2,048 and 1,024 bytes', async () => {
      const long = keyOf(freshPartition().padEnd(2048, 'p'), 'é'.repeat(512));
      await store(rows(), long, { v: 1 });
      expect(await rows().get(long)).toEqual({ key: long, attributes: { v: 1 } });
    });

    test('what a caller does to its values afterwards does not reach the store', async () => {
      const key = keyOf(freshPartition());
      const flags = new Set(['a']);
      const attributes = { flags, map: { list: [1] } };
      await store(rows(), key, attributes);
      flags.add('b');
      attributes.map.list.push(2);
      const read = (await rows().get(key))?.attributes as { flags: Set<string>; more?: number };
      read.flags.add('c');
      read.more = 1;
      expect((await rows().get(key))?.attributes).toEqual({
        flags: new Set(['a']),
        map: { list: [1] },
      });
    });
  });
}

function changeContract(rows: () => RowStore): void {
  describe('changes', () => {
    const update = async (pk: string, change: Change): Promise<Attributes | undefined> => {
      const key = keyOf(pk);
      const result = await rows().write({ kind: 'update', key, change, guard: present() });
      expect(result).toEqual(WRITTEN);
      return (await rows().get(key))?.attributes;
    };

    test('sets, adds and unsets together; the rest stays', async () => {
      const pk = freshPartition();
      await store(rows(), keyOf(pk), { keep: 'k', state: 'a', messages: 2, operation: 'o' });
      const change: Change = {
        set: { state: 'b', dates: [1, 2] },
        add: { messages: 3, bytes: -10, nothing: 0 },
        unset: ['operation', 'never'],
        addToSet: { flags: ['a', 'b'] },
        removeFromSet: { keywords: ['x'] },
      };
      expect(await update(pk, change)).toEqual({
        keep: 'k',
        state: 'b',
        dates: [1, 2],
        messages: 5,
        bytes: -10,
        nothing: 0,
        flags: new Set(['a', 'b']),
      });
    });

    test('sets gain and lose members until the attribute is gone', async () => {
      const pk = freshPartition();
      await store(rows(), keyOf(pk), { v: 1 });
      expect(await update(pk, { addToSet: { s: ['a', 'b'] } })).toEqual({
        v: 1,
        s: new Set(['a', 'b']),
      });
      expect(await update(pk, { addToSet: { s: ['b', 'c', 'c'] } })).toEqual({
        v: 1,
        s: new Set(['a', 'b', 'c']),
      });
      expect(await update(pk, { removeFromSet: { s: ['a', 'never'] } })).toEqual({
        v: 1,
        s: new Set(['b', 'c']),
      });
      expect(await update(pk, { removeFromSet: { s: ['b', 'c'] } })).toEqual({ v: 1 });
      expect(await update(pk, { removeFromSet: { s: ['b'] } })).toEqual({ v: 1 });
    });

    test('no members change nothing of a set', async () => {
      const pk = freshPartition();
      await store(rows(), keyOf(pk), { s: new Set(['a']) });
      const change: Change = {
        set: { v: 2 },
        addToSet: { s: [], t: [] },
        removeFromSet: { u: [] },
      };
      expect(await update(pk, change)).toEqual({ v: 2, s: new Set(['a']) });
    });

    test('W3: an expunge in place happens once, and the second learns it', async () => {
      const key = keyOf(freshPartition(), '0000000007');
      const live = { state: 'live', guid: 'g', flags: new Set(['\\Deleted', '\\Seen']), size: 10 };
      await store(rows(), key, live);
      const expunge = {
        kind: 'update' as const,
        key,
        guard: present({ equals: { state: 'live' } }),
        change: {
          set: { state: 'expunged', lazyPk: `${key.pk}#lazy`, lazySk: '0000000001', ttl: 1e9 },
          removeFromSet: { flags: ['\\Deleted'] },
        },
      };
      expect(await rows().write(expunge)).toEqual(WRITTEN);
      const row = {
        key,
        attributes: {
          state: 'expunged',
          guid: 'g',
          flags: new Set(['\\Seen']),
          size: 10,
          lazyPk: `${key.pk}#lazy`,
          lazySk: '0000000001',
          ttl: 1e9,
        },
      };
      const refused = { outcome: 'refused', refusals: [{ index: 0, row }] };
      expect(await rows().write(expunge)).toEqual(refused);
      expect(await rows().get(key)).toEqual(row);
    });

    test('a put without a guard replaces the whole row', async () => {
      const key = keyOf(freshPartition());
      await store(rows(), key, { old: 1, both: 1 });
      await store(rows(), key, { both: 2 });
      expect((await rows().get(key))?.attributes).toEqual({ both: 2 });
    });
  });
}

function removalContract(rows: () => RowStore): void {
  describe('removal', () => {
    test('U5: removing a row again is fine', async () => {
      const key = keyOf(freshPartition());
      await store(rows(), key, { v: 1 });
      expect(await rows().write({ kind: 'remove', key })).toEqual(WRITTEN);
      expect(await rows().get(key)).toBeUndefined();
      expect(await rows().write({ kind: 'remove', key })).toEqual(WRITTEN);
    });

    test('W7: a guarded removal leaves what now belongs to another', async () => {
      const key = keyOf(freshPartition());
      await store(rows(), key, { accountId: 'new' });
      const guard = present({ equals: { accountId: 'old' } });
      expect((await rows().write({ kind: 'remove', key, guard })).outcome).toBe('refused');
      expect((await rows().get(key))?.attributes).toEqual({ accountId: 'new' });
    });

    test('X3: removeAll removes 60 rows of both tables, missing and repeated ones too', async () => {
      const pk = freshPartition();
      const dictmap = Array.from({ length: 40 }, (_, i) => keyOf(pk, `m${i}`));
      const registry = Array.from({ length: 20 }, (_, i) => keyOf(pk, `r${i}`, 'registry'));
      const missing = Array.from({ length: 15 }, (_, i) => keyOf(pk, `missing${i}`));
      for (const key of [...dictmap, ...registry]) await store(rows(), key, { v: 1 });
      await store(rows(), keyOf(`${pk}x`, 'm0'), { v: 'neighbour' });
      const keys = [...missing, ...dictmap, ...registry, ...dictmap.slice(0, 5)];
      await rows().removeAll(keys);
      for (const table of ['dictmap', 'registry'] as const) {
        expect(await rows().query({ table, pk, limit: 10 })).toEqual({ rows: [] });
      }
      expect(await rows().get(keyOf(`${pk}x`, 'm0'))).toBeDefined();
      await rows().removeAll(keys);
      await rows().removeAll([]);
    });

    test('U5: removeAll of 600 rows, more than are under way at once', async () => {
      const pk = freshPartition();
      const keys = Array.from({ length: 600 }, (_, i) => keyOf(pk, `m${i}`));
      for (let start = 0; start < keys.length; start += 100) {
        const writes = keys.slice(start, start + 100);
        await rows().transact(
          writes.map((key) => ({ kind: 'put' as const, key, attributes: { v: 1 } })),
        );
      }
      await rows().removeAll(keys);
      expect(await rows().query({ table: 'dictmap', pk, limit: 10 })).toEqual({ rows: [] });
    });
  });
}
