import { describe, expect, test } from 'vitest';
import { INDEXES, type IndexName, type TableName } from '../../functions/contract/row-layout.ts';
import type { Row, RowQuery, RowStore } from '../../functions/core/ports/row-store.ts';
import { allPages, freshPartition, keyOf, sortKeys, store, storeAll } from './contract-rows.ts';

const EVERY_INDEX = (Object.keys(INDEXES) as IndexName[]).flatMap((index) =>
  INDEXES[index].tables.map((table): readonly [TableName, IndexName] => [table, index]),
);

export function indexContract(rows: () => RowStore): void {
  /** Index reads may be late: asks until the answer is as expected. */
  const eventually = async (query: RowQuery, expected: readonly Row[]): Promise<void> => {
    await expect
      .poll(async () => (await allPages(rows(), query)).rows, { timeout: 10_000, interval: 50 })
      .toEqual(expected);
  };

  describe.each(EVERY_INDEX)('index of %s: %s', (table, index) => {
    const { pk: indexPk, sk: indexSk, projection } = INDEXES[index];
    const queryOf = (pk: string, more: Partial<RowQuery> = {}): RowQuery => ({
      table,
      index,
      pk,
      limit: 3,
      ...more,
    });
    /** What a query of the index brings of a row. */
    const seen = (row: Row): Row =>
      projection === 'ALL'
        ? row
        : {
            key: row.key,
            attributes: {
              [indexPk]: row.attributes[indexPk] ?? '',
              [indexSk]: row.attributes[indexSk] ?? '',
            },
          };

    test('O3: lists rows by index sort key, over partitions, in both directions', async () => {
      const [pk, partition] = [freshPartition(), freshPartition()];
      const all = ['#', 'A', 'a', 'b', 'é', '～', '😀'].map((sk, i) => ({
        key: keyOf(`${pk}#${i % 2}`, `row${9 - i}`, table),
        attributes: { i, [indexPk]: partition, [indexSk]: sk },
      }));
      await storeAll(rows(), all.toReversed());
      await eventually(queryOf(partition), all.map(seen));
      await eventually(queryOf(partition, { descending: true }), all.toReversed().map(seen));
      await eventually(queryOf(partition, { sk: { prefix: 'a' } }), all.slice(2, 3).map(seen));
      await eventually(
        queryOf(partition, { sk: { from: 'a', to: '～' } }),
        all.slice(2, 6).map(seen),
      );
      await eventually(
        queryOf(partition, { keysOnly: true }),
        all.map(({ key }) => ({ key, attributes: {} })),
      );
    });

    test('is sparse: a row is in it while it has both index attributes', async () => {
      const partition = freshPartition();
      const key = keyOf(freshPartition(), 'row', table);
      const other = { ...key, sk: 'other' };
      const guard = { row: 'present' } as const;
      const half = { v: 1, [indexPk]: partition };
      await store(rows(), other, { [indexPk]: partition, [indexSk]: 'z' });
      const otherRow = { key: other, attributes: { [indexPk]: partition, [indexSk]: 'z' } };
      await store(rows(), key, half);
      await eventually(queryOf(partition), [seen(otherRow)]);

      const enter = { set: { [indexSk]: 'a' } };
      await rows().write({ kind: 'update', key, change: enter, guard });
      const row = { key, attributes: { ...half, [indexSk]: 'a' } };
      await eventually(queryOf(partition), [seen(row), seen(otherRow)]);

      await rows().write({ kind: 'update', key, change: { set: { [indexSk]: 'zz' } }, guard });
      const moved = { key, attributes: { ...half, [indexSk]: 'zz' } };
      await eventually(queryOf(partition), [seen(otherRow), seen(moved)]);

      await rows().write({ kind: 'update', key, change: { unset: [indexPk] }, guard });
      await eventually(queryOf(partition), [seen(otherRow)]);
      await rows().removeAll([other]);
      await eventually(queryOf(partition), []);
    });

    test('O3: rows with one index sort key each arrive once', async () => {
      const [pk, partition] = [freshPartition(), freshPartition()];
      const keys = Array.from({ length: 40 }, (_, i) => keyOf(`${pk}#${i % 7}`, `row${i}`, table));
      await storeAll(
        rows(),
        keys.map((key) => ({ key, attributes: { [indexPk]: partition, [indexSk]: 'same' } })),
      );
      for (const descending of [false, true]) {
        await expect
          .poll(
            async () => {
              const found = await allPages(rows(), queryOf(partition, { descending }));
              return sortKeys(found.rows).toSorted();
            },
            { timeout: 10_000, interval: 50 },
          )
          .toEqual(sortKeys(keys.map((key) => ({ key, attributes: {} }))).toSorted());
      }
    });

    test('O2: a cursor of the table or of another partition is refused', async () => {
      const partition = freshPartition();
      const base = Buffer.from(JSON.stringify({ pk: 'p', sk: 's' })).toString('base64url');
      const foreign = Buffer.from(
        JSON.stringify({ pk: 'p', sk: 's', [indexPk]: 'other', [indexSk]: 'x' }),
      ).toString('base64url');
      for (const after of [base, foreign]) {
        await expect(rows().query(queryOf(partition, { after }))).rejects.toMatchObject({
          name: 'InvalidInputError',
          problems: [{ field: 'cursor' }],
        });
      }
    });
  });

  test('an index that the table has not is refused', async () => {
    const query: RowQuery = { table: 'registry', index: 'lazy', pk: freshPartition(), limit: 1 };
    await expect(rows().query(query)).rejects.toThrow(TypeError);
  });
}
