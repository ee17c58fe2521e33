/** Mailboxes: a row with UIDVALIDITY, UIDNEXT and counters, and a path row that names it. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { accountPartition, dictmapKeys, ROW_VERSION } from '../../contract/row-layout.ts';
import { type Account, notActive } from '../accounts/accounts.ts';
import { activeCheck } from '../accounts/while-active.ts';
import { LetheError, quoted } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Row, RowStore, Write } from '../ports/row-store.ts';
import { isObject, number, optionalNumber, optionalText, text } from '../rows/attributes.ts';
import { untilWon } from '../rows/contention.ts';
import { INBOX } from './mailbox-path.ts';

const MAILBOX_ID_BYTES = 8;

/** How long a creation may go on losing races. */
const CREATE_DEADLINE_MS = 10_000;

type MailboxState = 'active' | 'erasing';

export interface Mailbox {
  readonly mailboxId: string;
  readonly path: string;
  readonly state: MailboxState;
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly messages: number;
  readonly bytes: number;
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
  /** Epoch milliseconds of the last rename, which restarts the clock of autoexpunge (A2). */
  readonly renamedAt?: number;
  /** Rights of other users, by address or `anyone`. */
  readonly acl?: Acl;
}

/** Letters of RFC 4314 by identifier. */
export type Acl = Readonly<Record<string, string>>;

export interface NewMailbox {
  readonly role?: 'storage';
  readonly specialUse?: string;
  /** Kept from another store. */
  readonly uidValidity?: number;
}

export interface MailboxPorts {
  readonly rows: RowStore;
  readonly clock: Clock;
  readonly ids: Ids;
}

export function toMailbox(row: Row): Mailbox {
  const specialUse = optionalText(row, 'specialUse');
  const dueSk = optionalText(row, 'dueSk');
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
    ...given(row, 'renamedAt'),
    ...aclOf(row),
  };
}

function given<N extends string>(row: Row, name: N): { readonly [name in N]?: number } {
  const value = optionalNumber(row, name);
  return value === undefined ? {} : ({ [name]: value } as { readonly [name in N]: number });
}

function aclOf(row: Row): { readonly acl?: Acl } {
  const acl = row.attributes['acl'];
  if (acl === undefined) return {};
  if (!isObject(acl)) throw new TypeError('damaged mailbox row: its ACL is not an object');
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
  accountId: string,
  path: string,
): Promise<Mailbox> {
  const mailbox = await findMailbox(rows, accountId, path);
  if (mailbox === undefined) throw unknownMailbox(path);
  return mailbox;
}

/** Strongly consistent; undefined when the name is free, or only has children. */
export async function findMailbox(
  rows: RowStore,
  accountId: string,
  path: string,
): Promise<Mailbox | undefined> {
  const row = await rows.get(dictmapKeys.path(accountId, path));
  return row && (await readMailbox(rows, text(row, 'mailboxId')));
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
export async function requireActive(
  rows: RowStore,
  account: Account,
  mailboxId: string,
): Promise<Mailbox> {
  const mailbox = await readMailbox(rows, mailboxId);
  if (mailbox?.state === 'erasing') throw notActive(account);
  if (mailbox?.state === 'active') return mailbox;
  throw new LetheError(
    ERROR_NAMES.unknownMailbox,
    `mailbox ${mailboxId} is gone`,
    'List the mailboxes to see which there are.',
  );
}

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

/**
 * Creates a mailbox. The transaction checks that the account is active, so that none appears once
 * an erasure has raised its fence (X3).
 * @throws MailboxExistsError, AccountNotActiveError
 */
export async function createMailbox(
  ports: MailboxPorts,
  account: Account,
  path: string,
  given: NewMailbox = {},
): Promise<Mailbox> {
  const mailbox = newMailbox(account.accountId, path, ports, given);
  const writes: Write[] = [
    activeCheck(account.accountId),
    ...mailboxWrites(account.accountId, mailbox),
  ];
  return await untilWon(ports, ports.clock.now() + CREATE_DEADLINE_MS, async () => {
    const result = await ports.rows.transact(writes);
    if (result.outcome === 'written') return mailbox;
    if (result.outcome === 'conflict') return 'lost';
    if (result.refusals.some(({ index }) => index === 0)) throw notActive(account);
    throw new LetheError(
      ERROR_NAMES.mailboxExists,
      `account ${account.accountId} already has a mailbox ${quoted(path)}`,
      'Use the mailbox that is there.',
    );
  });
}

/** The writes that give a new account its INBOX, for the transaction that creates the account. */
export function inboxWrites(
  accountId: string,
  ports: { readonly clock: Clock; readonly ids: Ids },
): Write[] {
  return mailboxWrites(accountId, newMailbox(accountId, INBOX, ports));
}

/** A mailbox that is still to be written. */
export function newMailbox(
  accountId: string,
  path: string,
  ports: { readonly clock: Clock; readonly ids: Ids },
  { role, specialUse, uidValidity }: NewMailbox = {},
): Mailbox {
  return {
    mailboxId: `${accountId}.${ports.ids.hex(MAILBOX_ID_BYTES)}`,
    path,
    state: 'active',
    // Seconds since the epoch, as RFC 3501 (2.3.1.1) suggests; 32 bits last until 2106.
    uidValidity: uidValidity ?? Math.floor(ports.clock.now() / 1000),
    uidNext: 1,
    messages: 0,
    bytes: 0,
    ...(specialUse === undefined ? {} : { specialUse }),
    ...(role === undefined ? {} : { role }),
  };
}

/** The row of a new mailbox and the one that names it, which must be free. */
export function mailboxWrites(accountId: string, mailbox: Mailbox): Write[] {
  return [
    {
      kind: 'put',
      key: dictmapKeys.mailbox(mailbox.mailboxId),
      guard: { row: 'absent' },
      attributes: { v: ROW_VERSION, type: 'mailbox', ...mailbox },
    },
    {
      kind: 'put',
      key: dictmapKeys.path(accountId, mailbox.path),
      guard: { row: 'absent' },
      attributes: { v: ROW_VERSION, type: 'path', mailboxId: mailbox.mailboxId },
    },
  ];
}
