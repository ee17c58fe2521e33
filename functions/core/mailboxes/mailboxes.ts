/** Mailboxes: a row with UIDVALIDITY, UIDNEXT and counters, and a path row that names it. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { AutoexpungePolicy } from '../../contract/mail-settings.ts';
import {
  accountPartition,
  dictmapKeys,
  ROW_VERSION,
  registryKeys,
} from '../../contract/row-layout.ts';
import { type Account, notActive, readAccount } from '../accounts/accounts.ts';
import { policyAttributes } from '../autoexpunge/policy-attributes.ts';
import { LetheError, quoted, StoreBusyError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Row, RowStore, Write } from '../ports/row-store.ts';
import { isObject, number, optionalNumber, optionalText, text } from '../rows/attributes.ts';
import { untilWon } from '../rows/contention.ts';
import { sameSettings } from '../settings/settings-store.ts';
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
  readonly policy?: AutoexpungePolicy;
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
 * an erasure has raised its fence (X3), and that its settings are those it was read with, so that
 * none appears with a policy of before.
 * @param account as it was read when the settings were resolved from which `given` follows
 * @throws MailboxExistsError, AccountNotActiveError, StoreBusyError
 */
export async function createMailbox(
  ports: MailboxPorts,
  account: Account,
  path: string,
  given: NewMailbox = {},
): Promise<Mailbox> {
  return await untilWon(ports, ports.clock.now() + CREATE_DEADLINE_MS, async () => {
    const current = await readAccount(ports.rows, account.accountId);
    if (current?.state !== 'active') throw notActive(account);
    if (current.settingsRevision !== account.settingsRevision) {
      throw new StoreBusyError('the settings of the account were changed meanwhile');
    }
    const mailbox = newMailbox(current, path, ports, given);
    const result = await ports.rows.transact([
      accountWrite(current, mailbox, given),
      ...mailboxWrites(account.accountId, mailbox),
    ]);
    if (result.outcome === 'written') return mailbox;
    if (result.outcome === 'conflict') return 'lost';
    if (result.refusals.some(({ index }) => index === 0)) return 'lost';
    throw mailboxExists(path);
  });
}

export function mailboxExists(path: string): LetheError {
  return new LetheError(
    ERROR_NAMES.mailboxExists,
    `there is already a mailbox ${quoted(path)}`,
    'Use the mailbox that is there, or another name.',
  );
}

/**
 * Checks the account in passing. Two creations at once cannot take the same UIDVALIDITY; one kept
 * from another store is no measure for those that are made here.
 */
function accountWrite(account: Account, { uidValidity }: Mailbox, given: NewMailbox): Write {
  const { accountId, lastUidValidity } = account;
  const key = registryKeys.account(accountId);
  const same = sameSettings(account);
  if (given.uidValidity !== undefined) return { kind: 'check', key, guard: same };
  return {
    kind: 'update',
    key,
    guard: {
      row: 'present',
      equals: { ...same.equals, ...(lastUidValidity === undefined ? {} : { lastUidValidity }) },
      without: [...(same.without ?? []), ...(lastUidValidity === undefined ? [LAST] : [])],
    },
    change: { set: { [LAST]: uidValidity } },
  };
}

const LAST = 'lastUidValidity';

/** The writes that give a new account its INBOX, for the transaction that creates the account. */
export function inboxWrites(
  accountId: string,
  ports: { readonly clock: Clock; readonly ids: Ids },
  policy: AutoexpungePolicy = {},
): Write[] {
  return mailboxWrites(accountId, newMailbox({ accountId }, INBOX, ports, { policy }));
}

/** A mailbox that is still to be written. */
export function newMailbox(
  account: Pick<Account, 'accountId' | 'lastUidValidity'>,
  path: string,
  ports: { readonly clock: Clock; readonly ids: Ids },
  { role, specialUse, uidValidity, policy = {} }: NewMailbox = {},
): Mailbox {
  const { accountId, lastUidValidity = 0 } = account;
  // Seconds since the epoch, as RFC 3501 (2.3.1.1) suggests; 32 bits last until 2106.
  const seconds = Math.floor(ports.clock.now() / 1000);
  return {
    mailboxId: `${accountId}.${ports.ids.hex(MAILBOX_ID_BYTES)}`,
    path,
    state: 'active',
    uidValidity: uidValidity ?? Math.max(seconds, lastUidValidity + 1),
    uidNext: 1,
    messages: 0,
    bytes: 0,
    ...(specialUse === undefined ? {} : { specialUse }),
    ...(role === undefined ? {} : { role }),
    ...policyAttributes(policy),
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
