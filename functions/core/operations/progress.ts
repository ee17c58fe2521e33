/** What the workers of an operation have counted; one row for each worker, summed when asked. */
import type { Counts } from '../../contract/api.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import type { RowStore } from '../ports/row-store.ts';
import { numbers } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';

const PAGE_ROWS = 300;

export function sumCounts(all: Iterable<Counts>): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}

/** Everything that the operation has erased so far, over all ranges and rounds. */
export async function erasedCounts(rows: RowStore, operationId: string): Promise<Counts> {
  const { pk, sk } = registryKeys.progress(operationId, '');
  const all: Counts[] = [];
  const query = { table: 'registry', pk, sk: { prefix: sk }, limit: PAGE_ROWS } as const;
  for await (const row of everyRow(rows, query)) all.push(numbers(row, 'counts'));
  return sumCounts(all);
}
