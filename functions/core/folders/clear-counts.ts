/** The counts of an expunge storage that is deleted. */
import { accountOfMailbox, accountPartition, dictmapKeys } from '../../contract/row-layout.ts';
import type { RowStore } from '../ports/row-store.ts';
import { everyRow } from '../rows/paging.ts';

/** A year of days and then some, in one page. */
const PAGE_ROWS = 500;

/**
 * Removes the counts of days on which nothing ends any more. One that is needed again is made
 * anew by the expunge that needs it; what is left of past days goes with TTL.
 */
export async function clearCounts(rows: RowStore, storageId: string): Promise<void> {
  const query = {
    table: 'dictmap',
    pk: accountPartition(accountOfMailbox(storageId)),
    sk: { prefix: dictmapKeys.expiry(storageId, '').sk },
    limit: PAGE_ROWS,
  } as const;
  for await (const { key } of everyRow(rows, query)) {
    await rows.write({
      kind: 'remove',
      key,
      guard: { row: 'present', equals: { messages: 0, bytes: 0 } },
    });
  }
}
