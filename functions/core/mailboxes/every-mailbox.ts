/** Walking the mailboxes of an account. */
import { accountPartition } from '../../contract/row-layout.ts';
import type { RowStore } from '../ports/row-store.ts';
import { everyRow } from '../rows/paging.ts';
import { type Mailbox, toMailbox } from './mailboxes.ts';

const PAGE_ROWS = 500;

/** Every mailbox of an account, in the order of their ids, page by page. */
export async function* everyMailbox(rows: RowStore, accountId: string): AsyncGenerator<Mailbox> {
  for await (const row of everyRow(rows, {
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { prefix: 'mailbox#' },
    limit: PAGE_ROWS,
  })) {
    yield toMailbox(row);
  }
}
