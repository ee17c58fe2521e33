/** Walking the mailboxes of an account. */
import { accountPartition } from '../../contract/row-layout.ts';
import { isHidden, type WithMoves } from '../accounts/folder-moves.ts';
import type { RowStore } from '../ports/row-store.ts';
import { everyRow } from '../rows/paging.ts';
import { type Mailbox, toMailbox } from './mailboxes.ts';

const PAGE_ROWS = 500;

/** Every row of a mailbox, whatever its state, in the order of their ids, page by page. */
export async function* everyMailboxRow(rows: RowStore, accountId: string): AsyncGenerator<Mailbox> {
  for await (const row of everyRow(rows, {
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { prefix: 'mailbox#' },
    limit: PAGE_ROWS,
  })) {
    yield toMailbox(row);
  }
}

/** Every mailbox that there is: none of deleted folders, nor of trees on the move. */
export async function* everyMailbox(rows: RowStore, account: WithMoves): AsyncGenerator<Mailbox> {
  for await (const mailbox of everyMailboxRow(rows, account.accountId)) {
    if (isThere(account, mailbox)) yield mailbox;
  }
}

/** Whether a row stands for a mailbox that there is; `erasing` ones are not there any more. */
export const isThere = (account: WithMoves, mailbox: Mailbox): boolean =>
  mailbox.state === 'active' && !isHidden(account, mailbox);
