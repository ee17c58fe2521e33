/** Mailboxes: a row with UIDVALIDITY, UIDNEXT and counters, and a path row that names it. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { accountPartition, dictmapKeys } from '../../contract/row-layout.ts';
import { type Account, notActive } from '../accounts/accounts.ts';
import { isHidden, type WithMoves } from '../accounts/folder-moves.ts';
import { LetheError, quoted } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Row, RowStore } from '../ports/row-store.ts';
import { isMap, number, optionalNumber, optionalText, text } from '../rows/attributes.ts';

/**
 * `deleted`: part of a deleted tree, which may come back. `shell`: gone; what is left of it is
 * expunged mail with a time of its own, so its partitions still have to be found (design 3).
 */
type MailboxState = 'active' | 'deleted' | 'shell' | 'erasing';

export interface Mailbox {
  readonly mailboxId: string;
  readonly path: string;
  readonly state: MailboxState;
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly messages: number;
  readonly bytes: number;
  /** Live messages without `\Seen`, and with `\Deleted`; missing: not counted, not none. */
  readonly unseen?: number;
  readonly deleted?: number;
  /** How often counted flags have been changed: a recount meets no change unseen. */
  readonly flagChanges?: number;
  readonly specialUse?: string;
  /** The expunge storage: what it shows are expunged rows of other mailboxes. */
  readonly role?: 'storage';
  /** The policy that follows from the settings (A1). */
  readonly autoexpungeAfterSeconds?: number;
  readonly autoexpungeMaxMails?: number;
  /** ISO time at which autoexpunge has something to do here. */
  readonly dueSk?: string;
  /** No live message has a lower UID. */
  readonly firstLiveUid?: number;
  /** Nothing was expunged in place at this UID or a lower one. */
  readonly keptAfterUid?: number;
  /** While it is copied from another account: all up to this UID has come, and was so many. */
  readonly arrivedUid?: number;
  readonly arrivedMessages?: number;
  /** The highest bucket that the directory names; missing: see `markOf`. */
  readonly topBucket?: number;
  /** Buckets below this one count as in use, though the directory may not name them. */
  readonly unlistedBuckets?: number;
  /** The same for the view of a storage. */
  readonly topLazyBucket?: number;
  readonly unlistedLazyBuckets?: number;
  /** Epoch milliseconds of the last rename, which restarts the clock of autoexpunge (A2). */
  readonly renamedAt?: number;
  /** Rights of other users. */
  readonly acl?: Acl;
  /** The deletion that it is part of. */
  readonly treeId?: string;
  /** The return with which it came back: hides it until all that comes with it is there. */
  readonly returnId?: string;
}

/** Letters of RFC 4314 by account id, or `anyone`: an address may change hands (W7). */
export type Acl = Readonly<Record<string, string>>;

/** A name that loses its mailbox so often while it is read is of no use to anybody. */
const READS_MAX = 3;

export interface MailboxPorts {
  readonly rows: RowStore;
  readonly clock: Clock;
  readonly ids: Ids;
}

export function toMailbox(row: Row): Mailbox {
  const specialUse = optionalText(row, 'specialUse');
  const dueSk = optionalText(row, 'dueSk');
  const treeId = optionalText(row, 'treeId');
  const returnId = optionalText(row, 'returnId');
  return {
    mailboxId: text(row, 'mailboxId'),
    path: text(row, 'path'),
    state: text(row, 'state') as MailboxState,
    uidValidity: number(row, 'uidValidity'),
    uidNext: number(row, 'uidNext'),
    messages: number(row, 'messages'),
    bytes: number(row, 'bytes'),
    ...(specialUse === undefined ? {} : { specialUse }),
    ...(row.attributes['role'] === 'storage' ? { role: 'storage' } : {}),
    ...(dueSk === undefined ? {} : { dueSk }),
    ...given(row, 'autoexpungeAfterSeconds'),
    ...given(row, 'autoexpungeMaxMails'),
    ...given(row, 'firstLiveUid'),
    ...given(row, 'keptAfterUid'),
    ...given(row, 'unseen'),
    ...given(row, 'deleted'),
    ...given(row, 'flagChanges'),
    ...given(row, 'arrivedUid'),
    ...given(row, 'arrivedMessages'),
    ...given(row, 'topBucket'),
    ...given(row, 'unlistedBuckets'),
    ...given(row, 'topLazyBucket'),
    ...given(row, 'unlistedLazyBuckets'),
    ...given(row, 'renamedAt'),
    ...aclOf(row),
    ...(treeId === undefined ? {} : { treeId }),
    ...(returnId === undefined ? {} : { returnId }),
  };
}

function given<N extends string>(row: Row, name: N): { readonly [name in N]?: number } {
  const value = optionalNumber(row, name);
  return value === undefined ? {} : ({ [name]: value } as { readonly [name in N]: number });
}

function aclOf(row: Row): { readonly acl?: Acl } {
  const acl = row.attributes['acl'];
  if (acl === undefined) return {};
  if (!isMap(acl)) throw new TypeError('damaged mailbox row: its ACL is not an object');
  return { acl: acl as Acl };
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
