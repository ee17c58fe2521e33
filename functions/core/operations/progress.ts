/** What the workers of an operation have counted; one row for each worker, summed when asked. */
import type { Counts } from '../../contract/api.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import type { Row, RowStore } from '../ports/row-store.ts';
import { numbers, optionalNumber } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';

const PAGE_ROWS = 300;

export function sumCounts(all: Iterable<Counts>): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}

/** Counters that stand for themselves, because transactions add to them. */
const ADDED = ['trees', 'mailboxes', 'messages', 'bytes'] as const;

function addedOn(row: Row): Counts {
  const found = ADDED.map((name) => [name, optionalNumber(row, name)] as const);
  return Object.fromEntries(
    found.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Everything that the operation has erased or purged so far, over all workers and rounds. */
export async function erasedCounts(rows: RowStore, operationId: string): Promise<Counts> {
  const { pk, sk } = registryKeys.progress(operationId, '');
  const all: Counts[] = [];
  const query = { table: 'registry', pk, sk: { prefix: sk }, limit: PAGE_ROWS } as const;
  for await (const row of everyRow(rows, query)) {
    all.push(numbers(row, 'counts'), addedOn(row));
  }
  return sumCounts(all);
}
