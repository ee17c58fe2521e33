/** Walking the mailboxes of an account. */
import { accountPartition } from '../../contract/row-layout.ts';
import { type Account, readAccount } from '../accounts/accounts.ts';
import { isHidden, type WithMoves } from '../accounts/folder-moves.ts';
import { StoreBusyError } from '../errors.ts';
import type { RowStore } from '../ports/row-store.ts';
import { everyRow } from '../rows/paging.ts';
import type { Mailbox } from './mailbox.ts';
import { toMailbox } from './mailbox.ts';

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

/** Walks that met a change of names, before the reader is told to come again. */
const TRIES_MAX = 5;

/**
 * All mailboxes as they were at one moment: no tree of folders is seen half gone, or half back.
 * @throws StoreBusyError when names kept changing while they were read
 */
export async function mailboxesAtOnce(rows: RowStore, account: Account): Promise<Mailbox[]> {
  let before = account;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const found: Mailbox[] = [];
    for await (const mailbox of everyMailbox(rows, before)) found.push(mailbox);
    const after = await readAccount(rows, account.accountId);
    if (after?.treeRevision === before.treeRevision) return found;
    if (after === undefined) return [];
    before = after;
  }
  throw new StoreBusyError('names of mailboxes kept changing while they were read');
}

/** Whether a row stands for a mailbox that there is; `erasing` ones are not there any more. */
export const isThere = (account: WithMoves, mailbox: Mailbox): boolean =>
  mailbox.state === 'active' && !isHidden(account, mailbox);
