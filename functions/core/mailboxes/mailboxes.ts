/** Mailboxes: a row with UIDVALIDITY, UIDNEXT and counters, and a path row that names it. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { accountPartition, dictmapKeys } from '../../contract/row-layout.ts';
import { type Account, notActive } from '../accounts/accounts.ts';
import { isHidden, type WithMoves } from '../accounts/folder-moves.ts';
import { LetheError, quoted } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { RowStore } from '../ports/row-store.ts';
import { text } from '../rows/attributes.ts';
import { type Mailbox, toMailbox } from './mailbox.ts';

/** A name that loses its mailbox so often while it is read is of no use to anybody. */
const READS_MAX = 3;

export interface MailboxPorts {
  readonly rows: RowStore;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** Strongly consistent. */
export async function readMailbox(rows: RowStore, mailboxId: string): Promise<Mailbox | undefined> {
  const row = await rows.get(dictmapKeys.mailbox(mailboxId));
  return row && toMailbox(row);
}

/** @throws UnknownMailboxError */
export async function requireMailbox(
  rows: RowStore,
  account: WithMoves,
  path: string,
): Promise<Mailbox> {
  const mailbox = await findMailbox(rows, account, path);
  if (mailbox === undefined) throw unknownMailbox(path);
  return mailbox;
}

/**
 * Strongly consistent; undefined when the name is free, or only has children, or when its mailbox
 * is part of a tree on the move: that is deleted already, or not yet back (F1).
 */
export async function findMailbox(
  rows: RowStore,
  account: WithMoves,
  path: string,
): Promise<Mailbox | undefined> {
  for (let tries = 0; tries < READS_MAX; tries += 1) {
    const row = await rows.get(dictmapKeys.path(account.accountId, path));
    const mailbox = row && (await readMailbox(rows, text(row, 'mailboxId')));
    if (mailbox === undefined || isHidden(account, mailbox)) return undefined;
    // Deleted between the two readings: another may have its name already, as INBOX does.
    if (mailbox.state !== 'deleted' && mailbox.state !== 'shell') return mailbox;
  }
  return undefined;
}

/** Also what those are told who have no right on the mailbox: the same words (DEV-05). */
export function unknownMailbox(path: string): LetheError {
  return new LetheError(
    ERROR_NAMES.unknownMailbox,
    `there is no mailbox ${quoted(path)}`,
    'Create the mailbox first, or name one that the list shows.',
  );
}

/**
 * A mailbox by its id, which must take and give mail.
 * @throws UnknownMailboxError when it is gone, AccountNotActiveError when its account is going
 */
export async function requireActiveMailbox(
  rows: RowStore,
  account: Account,
  mailboxId: string,
): Promise<Mailbox> {
  const mailbox = await readMailbox(rows, mailboxId);
  if (mailbox?.state === 'active') return mailbox;
  throw whyNotActive(account, mailbox);
}

/** What it means that a mailbox takes and gives no mail. */
export function whyNotActive(
  account: Account,
  mailbox: Pick<Mailbox, 'mailboxId' | 'state'> | undefined,
): LetheError {
  if (mailbox?.state === 'erasing') return notActive(account);
  return new LetheError(
    ERROR_NAMES.unknownMailbox,
    mailbox === undefined ? 'the mailbox is gone' : `mailbox ${mailbox.mailboxId} is gone`,
    'List the mailboxes to see which there are.',
  );
}

/** Rows of mailboxes in any state, page by page, in the order of their ids. */
export async function listMailboxes(
  rows: RowStore,
  accountId: string,
  page: { readonly limit: number; readonly after?: string },
): Promise<{ readonly mailboxes: readonly Mailbox[]; readonly next?: string }> {
  const { rows: found, next } = await rows.query({
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { prefix: 'mailbox#' },
    ...page,
  });
  const mailboxes = found.map(toMailbox);
  return next === undefined ? { mailboxes } : { mailboxes, next };
}

export function mailboxExists(path: string): LetheError {
  return new LetheError(
    ERROR_NAMES.mailboxExists,
    `there is already a mailbox ${quoted(path)}`,
    'Use the mailbox that is there, or another name.',
  );
}
