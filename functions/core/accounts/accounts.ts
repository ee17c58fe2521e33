/**
 * Accounts. An account is known by a random id; addresses are rows that point to it, so a reused
 * address never meets old mail (X6).
 */
import type { AccountState } from '../../contract/api.ts';
import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { MailSettings } from '../../contract/mail-settings.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import { LetheError, quoted } from '../errors.ts';
import type { Row, RowStore } from '../ports/row-store.ts';
import { isMap, number, optionalNumber, optionalText, text } from '../rows/attributes.ts';
import { type FolderMoves, toMoves } from './folder-moves.ts';

export interface Account {
  readonly accountId: string;
  readonly state: AccountState;
  readonly retentionClass: string;
  /** Missing once erased. */
  readonly user?: string;
  readonly createdAt: number;
  /** The unfinished operation that owns the account, if any. */
  readonly operationId?: string;
  readonly held: boolean;
  /** Somebody disabled it by itself: it stays so when a deletion is undone. */
  readonly disabledByRequest?: true;
  /** As they were when the account was read, with the number of their changes. */
  readonly settings?: MailSettings;
  readonly settingsRevision?: number;
  /** The highest UIDVALIDITY that a mailbox got here, so that no name ever has one twice. */
  readonly lastUidValidity?: number;
  /** Made when there was a directory of buckets already: it names all that is filled. */
  readonly hasDirectory?: true;
  /** Number of changes of trees of folders, which all change this row. */
  readonly treeRevision?: number;
  readonly moves?: FolderMoves;
  /** Number of changes of its addresses, which all change this row: so they are counted exactly. */
  readonly addressRevision?: number;
  /** The main address before the last rename: the same rename again is known by it. */
  readonly formerUser?: string;
}

function toAccount(row: Row): Account {
  const user = optionalText(row, 'user');
  const operationId = optionalText(row, 'operationId');
  const settingsRevision = optionalNumber(row, 'settingsRevision');
  const lastUidValidity = optionalNumber(row, 'lastUidValidity');
  const treeRevision = optionalNumber(row, 'treeRevision');
  const moves = toMoves(row.attributes['moves']);
  const addressRevision = optionalNumber(row, 'addressRevision');
  const formerUser = optionalText(row, 'formerUser');
  return {
    accountId: text(row, 'accountId'),
    state: text(row, 'state') as AccountState,
    retentionClass: text(row, 'retentionClass'),
    createdAt: number(row, 'createdAt'),
    held: row.attributes['hold'] !== undefined,
    ...(row.attributes['disabledByRequest'] === true ? { disabledByRequest: true } : {}),
    ...(user === undefined ? {} : { user }),
    ...(operationId === undefined ? {} : { operationId }),
    ...(lastUidValidity === undefined ? {} : { lastUidValidity }),
    ...(settingsRevision === undefined ? {} : { settingsRevision, settings: settingsOf(row) }),
    ...(treeRevision === undefined ? {} : { treeRevision }),
    ...(row.attributes['hasDirectory'] === true ? { hasDirectory: true } : {}),
    ...(moves === undefined ? {} : { moves }),
    ...(addressRevision === undefined ? {} : { addressRevision }),
    ...(formerUser === undefined ? {} : { formerUser }),
  };
}

/** Settings of a domain or account as they were checked when made; damaged ones stop us (W5). */
export function settingsOf(row: Row | undefined): MailSettings {
  const stored = row?.attributes['settings'];
  if (stored === undefined) return {};
  if (!isMap(stored)) throw new TypeError('damaged row: its settings are not an object');
  return stored as MailSettings;
}

/** Strongly consistent. */
export async function readAccount(rows: RowStore, accountId: string): Promise<Account | undefined> {
  const row = await rows.get(registryKeys.account(accountId));
  return row && toAccount(row);
}

/** The account an address belongs to, or undefined when nobody has it. */
export async function findAccount(rows: RowStore, user: string): Promise<Account | undefined> {
  const row = await rows.get(registryKeys.address(user));
  const accountId = row && optionalText(row, 'accountId');
  return accountId === undefined ? undefined : await readAccount(rows, accountId);
}

/**
 * Whether an address is this account's at this moment: an old deletion acts by an address only
 * while it is (W7). Strongly consistent.
 */
export async function ownsAddress(
  rows: RowStore,
  accountId: string,
  user: string,
): Promise<boolean> {
  const row = await rows.get(registryKeys.address(user));
  return row !== undefined && optionalText(row, 'accountId') === accountId;
}

export function unknownUser(user: string): LetheError {
  return new LetheError(
    ERROR_NAMES.unknownUser,
    `no account has the address ${quoted(user)}`,
    'Check the address; an account that was deleted is unknown afterwards.',
  );
}

/**
 * The account of an address, which must take mail.
 * @throws UnknownUserError, AccountNotActiveError
 */
export async function requireActiveAccount(rows: RowStore, user: string): Promise<Account> {
  const account = await findAccount(rows, user);
  if (account === undefined) throw unknownUser(user);
  if (account.state !== 'active') throw notActive(account);
  return account;
}

/** @param account as it was read; if it was active then, a write was refused meanwhile */
export function notActive(
  account: Pick<Account, 'accountId' | 'operationId'> & Partial<Pick<Account, 'state'>>,
): LetheError {
  const { state: was = 'gone' } = account;
  const state = was === 'active' ? 'no longer active' : was;
  const by = account.operationId === undefined ? '' : ` by operation ${account.operationId}`;
  return new LetheError(
    ERROR_NAMES.accountNotActive,
    `account ${account.accountId} is ${state}${by}`,
    'Wait for the operation to end, or look at it.',
  );
}

/** Why mail of an account may not go: it is held (W6), or not active. */
export async function whyProtected(
  rows: RowStore,
  account: Pick<Account, 'accountId'>,
): Promise<LetheError> {
  const now = await readAccount(rows, account.accountId);
  return now?.held === true ? accountHeld(account.accountId) : notActive(now ?? account);
}

/**
 * Before anything is made for what could not be written: the transactions check it again.
 * @throws AccountHeldError when it was held when it was read (W6)
 */
export function requireUnheld({ held, accountId }: Account): void {
  if (held) throw accountHeld(accountId);
}

export function accountHeld(accountId: string): LetheError {
  return new LetheError(
    ERROR_NAMES.accountHeld,
    `account ${accountId} is held: nothing of it may be deleted`,
    'Release the hold first, if you may.',
  );
}
