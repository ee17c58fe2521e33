import { describe, expect, test } from 'vitest';
import type { RowQuery, RowStore } from '../../functions/core/ports/row-store.ts';
import { allPages, freshPartition, keyOf, sortKeys, store, storeAll } from './contract-rows.ts';

const queryOf = (pk: string, more: Partial<RowQuery> = {}): RowQuery => ({
  table: 'dictmap',
  pk,
  limit: 10,
  ...more,
});

export function queryContract(rows: () => RowStore): void {
  pagingContract(rows);
  rangeContract(rows);
  cursorContract(rows);
}

function pagingContract(rows: () => RowStore): void {
  describe('pages', () => {
    test.each([false, true])('O3: lead to the end, descending %s', async (descending) => {
      const pk = freshPartition();
      const all = Array.from({ length: 137 }, (_, i) => ({
        key: keyOf(pk, String(i).padStart(10, '0')),
        attributes: { i },
      }));
      await storeAll(rows(), all);
      const found = await allPages(rows(), queryOf(pk, { descending }));
      expect(found.rows).toEqual(descending ? all.toReversed() : all);
      expect(found.pages).toBeGreaterThanOrEqual(14);
    });

    test('X3: an empty partition has one empty page, and its neighbours none of its rows', async () => {
      const pk = freshPartition();
      await store(rows(), keyOf(`${pk}0`), {});
      await store(rows(), keyOf(`${pk}#`), {});
      await store(rows(), keyOf(pk, 'row', 'registry'), {});
      expect(await rows().query(queryOf(pk))).toEqual({ rows: [] });
    });

    test('X3: a walk goes on after the rows it has listed were removed', async () => {
      const pk = freshPartition();
      const keys = Array.from({ length: 45 }, (_, i) =>
        keyOf(pk, `m${String(i).padStart(3, '0')}`),
      );
      await storeAll(
        rows(),
        keys.map((key) => ({ key, attributes: {} })),
      );
      let seen = 0;
      let after: string | undefined;
      do {
        const page = await rows().query(queryOf(pk, after === undefined ? {} : { after }));
        seen += page.rows.length;
        await rows().removeAll(page.rows.map(({ key }) => key));
        after = page.next;
      } while (after !== undefined);
      expect(seen).toBe(45);
      expect(await rows().query(queryOf(pk))).toEqual({ rows: [] });
    });

    test('O3: a page ends near 1 MB and has a successor', async () => {
      const pk = freshPartition();
      for (let i = 0; i < 6; i += 1) {
        await store(rows(), keyOf(pk, `m${i}`), { body: 'x'.repeat(300_000) });
      }
      const first = await rows().query(queryOf(pk, { limit: 100 }));
      expect(first.rows.length).toBeLessThan(6);
      expect(first.next).toBeDefined();
      const found = await allPages(rows(), queryOf(pk, { limit: 100, keysOnly: true }));
      expect(sortKeys(found.rows)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5']);
    });

    test('keysOnly brings keys without attributes', async () => {
      const pk = freshPartition();
      await store(rows(), keyOf(pk, 'a'), { v: 1, lazyPk: `${pk}#lazy`, lazySk: 'x' });
      const page = await rows().query(queryOf(pk, { keysOnly: true }));
      expect(page).toEqual({ rows: [{ key: keyOf(pk, 'a'), attributes: {} }] });
    });

    test('eventual reads see what was written a while ago', async () => {
      const pk = freshPartition();
      await store(rows(), keyOf(pk, 'a'), { v: 1 });
      await expect
        .poll(async () => sortKeys((await rows().query(queryOf(pk, { eventual: true }))).rows))
        .toEqual(['a']);
    });
  });
}

function rangeContract(rows: () => RowStore): void {
  describe('ranges of sort keys', () => {
    /** In the order of their UTF-8 bytes; UTF-16 units would put the last two the other way. */
    const ordered = ['#', '0', 'A', 'Z', 'a', 'aa', 'ab', 'ab#1', 'b', 'z', 'é', '～', '😀'];
    const cases: readonly (readonly [string, RowQuery['sk'], readonly string[]])[] = [
      ['all', undefined, ordered],
      ['the empty prefix', { prefix: '' }, ordered],
      ['a prefix', { prefix: 'a' }, ['a', 'aa', 'ab', 'ab#1']],
      ['a prefix that is a key and more', { prefix: 'ab' }, ['ab', 'ab#1']],
      ['a prefix of nothing', { prefix: 'abc' }, []],
      ['a prefix beyond ASCII', { prefix: 'é' }, ['é']],
      ['from', { from: 'z' }, ['z', 'é', '～', '😀']],
      ['to', { to: 'A' }, ['#', '0', 'A']],
      ['from and to, both included', { from: 'Z', to: 'ab' }, ['Z', 'a', 'aa', 'ab']],
      ['from and to between keys', { from: 'aaa', to: 'c' }, ['ab', 'ab#1', 'b']],
      ['one key', { from: 'b', to: 'b' }, ['b']],
      ['from after to', { from: 'b', to: 'a' }, []],
      ['from and to in the order of bytes', { from: '～', to: '😀' }, ['～', '😀']],
      ['neither from nor to', {}, ordered],
    ];
    test.each(cases)('%s', async (_, sk, expected) => {
      const pk = freshPartition();
      await storeAll(
        rows(),
        ordered.toReversed().map((one) => ({ key: keyOf(pk, one), attributes: {} })),
      );
      const range = sk === undefined ? {} : { sk };
      for (const limit of [2, 100]) {
        const up = await allPages(rows(), queryOf(pk, { limit, ...range }));
        expect(sortKeys(up.rows)).toEqual(expected);
        const down = await allPages(rows(), queryOf(pk, { limit, ...range, descending: true }));
        expect(sortKeys(down.rows)).toEqual(expected.toReversed());
      }
    });
  });
}

function cursorContract(rows: () => RowStore): void {
  describe('cursors', () => {
    test('O2: what is no cursor of this list is refused, naming the field', async () => {
      const [pk, other] = [freshPartition(), freshPartition()];
      for (const partition of [pk, other]) {
        await storeAll(
          rows(),
          ['a', 'b', 'c', 'd'].map((sk) => ({ key: keyOf(partition, sk), attributes: {} })),
        );
      }
      const foreign = (await rows().query(queryOf(other, { limit: 2 }))).next;
      const ofIndex = Buffer.from(
        JSON.stringify({ pk, sk: 'a', lazyPk: pk, lazySk: 'a' }),
      ).toString('base64url');
      const numeric = Buffer.from(JSON.stringify({ pk, sk: 1 })).toString('base64url');
      const own = (await rows().query(queryOf(pk, { limit: 2 }))).next;
      const wrong = [foreign, ofIndex, numeric, '', 'x', '%%%', 'bnVsbA', 'W10', own?.slice(1)];
      for (const after of wrong) {
        await expect(
          rows().query(queryOf(pk, { after: after ?? '' })),
          String(after),
        ).rejects.toMatchObject({
          name: 'InvalidInputError',
          problems: [{ field: 'cursor' }],
        });
      }
      const outside = queryOf(pk, { after: own ?? '', sk: { prefix: 'd' } });
      await expect(rows().query(outside)).rejects.toMatchObject({ name: 'InvalidInputError' });
      const page = await rows().query(queryOf(pk, { after: own ?? '' }));
      expect(sortKeys(page.rows)).toEqual(['c', 'd']);
    });

    test.each([0, -1, 1.5, Number.NaN])('O2: a limit of %d is refused', async (limit) => {
      await expect(rows().query(queryOf(freshPartition(), { limit }))).rejects.toThrow(RangeError);
    });
  });
}
