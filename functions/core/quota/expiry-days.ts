/** Reading what a storage counts by the day on which its messages end. */
import { accountOfMailbox, accountPartition, dictmapKeys } from '../../contract/row-layout.ts';
import { dayOf } from '../policies/expiry.ts';
import type { RowStore } from '../ports/row-store.ts';
import { number, text } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';

/** A year of days and then some, in one page. */
const PAGE_ROWS = 500;

/**
 * Day (or `never`) to what ends on it, from the day of `since` on. Strongly consistent.
 * @param since epoch milliseconds
 */
export async function storedDays(
  rows: RowStore,
  storageId: string,
  since: number,
): Promise<Map<string, { readonly messages: number; readonly bytes: number }>> {
  const days = new Map<string, { readonly messages: number; readonly bytes: number }>();
  for await (const row of everyRow(rows, {
    table: 'dictmap',
    pk: accountPartition(accountOfMailbox(storageId)),
    // `never` sorts after every day.
    sk: {
      from: dictmapKeys.expiry(storageId, dayOf(since)).sk,
      to: dictmapKeys.expiry(storageId, dayOf(undefined)).sk,
    },
    limit: PAGE_ROWS,
  })) {
    days.set(text(row, 'day'), { messages: number(row, 'messages'), bytes: number(row, 'bytes') });
  }
  return days;
}
