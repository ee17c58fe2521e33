/** What the parts of the row store contract share. */
import { expect } from 'vitest';
import type { RowKey, TableName } from '../../functions/contract/row-layout.ts';
import type {
  Attributes,
  Guard,
  Row,
  RowQuery,
  RowStore,
  Write,
} from '../../functions/core/ports/row-store.ts';

/** Far more than any of these lists has; a list that never ends fails instead of hanging. */
const PAGES_MAX = 500;

let made = 0;

/** A partition that no other test uses: the tests of a run share their tables. */
export function freshPartition(): string {
  made += 1;
  return `contract#${made}`;
}

export const keyOf = (pk: string, sk = 'row', table: TableName = 'dictmap'): RowKey => ({
  table,
  pk,
  sk,
});

/** An unconditional put that must succeed. */
export async function store(rows: RowStore, key: RowKey, attributes: Attributes): Promise<void> {
  expect(await rows.write({ kind: 'put', key, attributes })).toEqual({ outcome: 'written' });
}

/** Puts many rows quickly. */
export async function storeAll(rows: RowStore, all: readonly Row[]): Promise<void> {
  const writes = all.map(({ key, attributes }): Write => ({ kind: 'put', key, attributes }));
  for (let start = 0; start < writes.length; start += 100) {
    const result = await rows.transact(writes.slice(start, start + 100));
    expect(result).toEqual({ outcome: 'written' });
  }
}

/** Follows a query to its end. */
export async function allPages(
  rows: RowStore,
  query: RowQuery,
): Promise<{ readonly rows: readonly Row[]; readonly pages: number }> {
  const found: Row[] = [];
  let after: string | undefined;
  for (let pages = 1; pages <= PAGES_MAX; pages += 1) {
    const page = await rows.query(after === undefined ? query : { ...query, after });
    expect(page.rows.length).toBeLessThanOrEqual(query.limit);
    found.push(...page.rows);
    if (page.next === undefined) return { rows: found, pages };
    after = page.next;
  }
  throw new Error(`the query has not ended after ${PAGES_MAX} pages`);
}

export const sortKeys = (found: readonly Row[]): string[] => found.map(({ key }) => key.sk);

/** The guard of a row that must be there, and more. */
export const present = (more: Omit<Extract<Guard, { row: 'present' }>, 'row'> = {}) => ({
  row: 'present' as const,
  ...more,
});
