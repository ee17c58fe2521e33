/** Walking every page of a query. */
import type { Row, RowQuery, RowStore } from '../ports/row-store.ts';

/** Every row of a query, page by page; memory holds one page. */
export async function* everyRow(rows: RowStore, query: RowQuery): AsyncGenerator<Row> {
  let after: string | undefined;
  do {
    const page = await rows.query(after === undefined ? query : { ...query, after });
    yield* page.rows;
    after = page.next;
  } while (after !== undefined);
}

/** Whether a partition (or a part of it) holds any row, strongly consistent. */
export async function holdsRows(rows: RowStore, query: Omit<RowQuery, 'limit'>): Promise<boolean> {
  for await (const _ of everyRow(rows, { ...query, limit: 1, keysOnly: true })) return true;
  return false;
}
