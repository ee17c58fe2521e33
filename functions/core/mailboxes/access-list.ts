/**
 * Rights that users other than the owner have on a mailbox (RFC 4314). Entries name accounts: whoever
 * gets an address that was given up gets none of its rights (W7, X6). A row in the partition of the
 * account that is named says so too, so that its erasure finds what names it (X3).
 */
import { TRANSACTION_ITEMS } from '../../contract/limits.ts';
import { normalRights, RIGHTS } from '../../contract/mailbox-names.ts';
import { dictmapKeys, ROW_VERSION } from '../../contract/row-layout.ts';
import {
  type Account,
  findAccount,
  notActive,
  readAccount,
  unknownUser,
} from '../accounts/accounts.ts';
import { shownAddresses } from '../accounts/shown-addresses.ts';
import { activeCheck } from '../accounts/while-active.ts';
import { InvalidInputError, quoted } from '../errors.ts';
import { parseAddress } from '../names/address.ts';
import { parentOf } from '../names/mailbox-path.ts';
import type { Guard, Row, RowStore, Write } from '../ports/row-store.ts';
import { number } from '../rows/attributes.ts';
import { untilWon } from '../rows/contention.ts';
import { inParallel } from '../rows/parallel.ts';
import type { Acl } from './mailbox.ts';
import { toMailbox } from './mailbox.ts';
import { findMailbox, type MailboxPorts, unknownMailbox, whyNotActive } from './mailboxes.ts';
import { ANYONE, notAllowed } from './rights.ts';

/**
 * Each entry has 24 bytes of account id, 11 letters at most and 3 of DynamoDB's: 2.4 KB. With a name
 * of 800 bytes and what else a mailbox row has it stays below four write units, in a delivery eight.
 */
const ENTRIES_MAX = 64;

const OWNER_IDENTIFIER = 'owner';

const PARALLEL_ACCOUNTS = 16;

/**
 * Entries that a new mailbox takes over: two items of a transaction each, beside six for the mailbox,
 * its name, the account, the domain's settings and the mailbox above. Others have to be given anew.
 */
const INHERITED_MAX = Math.floor((TRANSACTION_ITEMS - 6) / 2);

/** As account ids are made, and shown of those that have no address any more. */
const ACCOUNT_ID = /^[0-9a-f]{24}$/;

export interface AclChange {
  /** In its stored form. */
  readonly identifier: string;
  readonly kind: 'set' | 'add' | 'remove';
  readonly rights: string;
}

/**
 * Reads a change as it is asked for: `lrs` sets, `+x` adds, `-x` takes away; none removes. An
 * address means the account that has it now, an alias the same.
 * @throws InvalidInputError; UnknownUserError when rights are given to an address that nobody has;
 *   NotAllowedError for the owner, whose rights the settings say
 */
export async function parseAclChange(
  rows: RowStore,
  account: Account,
  identifier: string,
  given: string,
): Promise<AclChange> {
  const [, sign = '', letters = ''] = /^([+-]?)(.*)$/s.exec(given) ?? [];
  const rights = normalRights(letters);
  if (rights === undefined) {
    throw InvalidInputError.of(
      'rights',
      `got ${quoted(given)}, allowed are letters of ${RIGHTS}, with + or - before them to add or take away`,
    );
  }
  const kind = sign === '' ? 'set' : sign === '+' ? 'add' : 'remove';
  const gives = kind !== 'remove' && rights !== '';
  const stored =
    identifier === ANYONE ? identifier : await readIdentifier(rows, account, identifier, gives);
  return { identifier: stored, kind, rights };
}

async function readIdentifier(
  rows: RowStore,
  account: Account,
  identifier: string,
  gives: boolean,
): Promise<string> {
  if (identifier === OWNER_IDENTIFIER) throw isOwner();
  const named = ACCOUNT_ID.test(identifier)
    ? await readAccount(rows, identifier)
    : await findAccount(rows, parseAddress('identifier', identifier));
  if (named?.accountId === account.accountId) throw isOwner();
  if (named?.state === 'active' || (named !== undefined && !gives)) return named.accountId;
  if (named !== undefined) throw notActive(named);
  if (gives) throw unknownUser(identifier);
  // Nobody has it: then no entry means it, unless it is the id of one that is gone.
  return identifier;
}

const isOwner = () =>
  notAllowed(
    "the owner's own rights are not an entry of the ACL: the settings say them",
    'Let an administrator change the settings (mailboxes, ownerRights).',
  );

interface AclWish {
  readonly mailbox: { readonly mailboxId: string; readonly path: string };
  readonly change: AclChange;
}

/**
 * Changes an entry; changes made at the same time are all kept.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws InvalidInputError, UnknownMailboxError, AccountNotActiveError, StoreBusyError
 */
export async function changeAcl(
  ports: MailboxPorts,
  account: Account,
  { mailbox, change }: AclWish,
  deadline: number,
): Promise<Acl> {
  const { rows } = ports;
  const { mailboxId } = mailbox;
  const { identifier } = change;
  return await untilWon(ports, deadline, async () => {
    const row = await rows.get(dictmapKeys.mailbox(mailboxId));
    if (row === undefined) throw unknownMailbox(mailbox.path);
    if (toMailbox(row).state !== 'active') throw whyNotActive(account, toMailbox(row));
    const acl = changed(toMailbox(row).acl ?? {}, change);
    const gives = Object.hasOwn(acl, identifier);
    const writes = [
      aclWrite(row, acl, { state: 'active' }),
      ...(ACCOUNT_ID.test(identifier) ? grantWrites(mailboxId, identifier, gives) : []),
    ];
    const result = await rows.transact(writes);
    if (result.outcome === 'written') return acl;
    if (gives && ACCOUNT_ID.test(identifier)) await requireActiveId(rows, identifier);
    return 'lost';
  });
}

/** The ACL of a mailbox row as it was read; the other attributes may change meanwhile. */
export function aclWrite(
  row: Row,
  acl: Acl,
  equals: Readonly<Record<string, string>> = {},
): Extract<Write, { kind: 'update' }> {
  const known = row.attributes['aclRevision'] !== undefined;
  const revision = known ? { aclRevision: number(row, 'aclRevision') } : {};
  const guard: Guard & { row: 'present' } = {
    row: 'present',
    equals: { ...equals, ...revision },
    without: known ? [] : ['aclRevision'],
  };
  return { kind: 'update', key: row.key, guard, change: { set: { acl }, add: { aclRevision: 1 } } };
}

/** What says in the partition of an account that an ACL names it: none comes behind its fence. */
function grantWrites(mailboxId: string, accountId: string, gives: boolean): Write[] {
  const key = dictmapKeys.granted(accountId, mailboxId);
  if (!gives) return [{ kind: 'remove', key }];
  const attributes = { v: ROW_VERSION, type: 'granted', mailboxId };
  return [activeCheck(accountId), { kind: 'put', key, attributes }];
}

export interface Inherited {
  readonly acl: Acl;
  /** The mailbox above must still have the ACL that was read. */
  readonly check: Write;
}

/**
 * What a mailbox that another user makes takes over from the nearest above it that is there, as
 * Dovecot and Cyrus do: else its maker could not see it. Those of the owner stay private. Entries of
 * accounts that go are left out (X3).
 */
export async function inheritedAcl(
  rows: RowStore,
  account: Account,
  path: string,
  maker: string,
): Promise<Inherited | undefined> {
  for (let above = parentOf(path); above !== undefined; above = parentOf(above)) {
    const parent = await findMailbox(rows, account, above);
    if (parent === undefined) continue;
    const row = await rows.get(dictmapKeys.mailbox(parent.mailboxId));
    if (row === undefined) return undefined;
    const acl = await activeEntries(rows, toMailbox(row).acl ?? {}, maker);
    if (Object.keys(acl).length === 0) return undefined;
    const { kind: _, change: __, ...same } = aclWrite(row, acl, { state: 'active' });
    return { acl, check: { kind: 'check', ...same } };
  }
  return undefined;
}

async function activeEntries(rows: RowStore, acl: Acl, maker: string): Promise<Acl> {
  const entries = await inParallel(Object.entries(acl), PARALLEL_ACCOUNTS, async (entry) => {
    const [identifier] = entry;
    if (!ACCOUNT_ID.test(identifier)) return [entry];
    const account = await readAccount(rows, identifier);
    return account?.state === 'active' ? [entry] : [];
  });
  // An ACL that is too long is cut: whoever makes the mailbox must not be cut off.
  const first = ([one]: [string, string]) => Number(one !== maker && one !== ANYONE);
  const sorted = entries.flat().toSorted((one, other) => first(one) - first(other));
  return Object.fromEntries(sorted.slice(0, INHERITED_MAX));
}

/** What is written along with a mailbox that takes an ACL over. */
export const inheritance = (mailboxId: string, { acl, check }: Inherited): Write[] => [
  check,
  ...Object.keys(acl)
    .filter((identifier) => ACCOUNT_ID.test(identifier))
    .flatMap((accountId) => grantWrites(mailboxId, accountId, true)),
];

/** The same of a mailbox that goes: whom its ACL names. */
export const withdrawals = (mailboxId: string, acl: Acl = {}): Write[] =>
  Object.keys(acl)
    .filter((identifier) => ACCOUNT_ID.test(identifier))
    .flatMap((accountId) => grantWrites(mailboxId, accountId, false));

async function requireActiveId(rows: RowStore, accountId: string): Promise<void> {
  const named = await readAccount(rows, accountId);
  if (named?.state !== 'active') throw notActive(named ?? { accountId });
}

/** An ACL as people read it. @returns rights by address; by account id where there is none */
export async function shownAcl(rows: RowStore, acl: Acl): Promise<Acl> {
  const ids = Object.keys(acl).filter((identifier) => ACCOUNT_ID.test(identifier));
  const shown = await shownAddresses(rows, ids);
  return Object.fromEntries(
    Object.entries(acl).map(([identifier, rights]) => [
      shown.get(identifier) ?? identifier,
      rights,
    ]),
  );
}

function changed(acl: Acl, { identifier, kind, rights }: AclChange): Acl {
  const entries = new Map(Object.entries(acl));
  const before = entries.get(identifier) ?? '';
  const wanted = (letter: string) => {
    if (kind === 'set') return rights.includes(letter);
    if (kind === 'add') return before.includes(letter) || rights.includes(letter);
    return before.includes(letter) && !rights.includes(letter);
  };
  const after = [...RIGHTS].filter(wanted).join('');
  if (after === '') entries.delete(identifier);
  else entries.set(identifier, after);
  if (entries.size > ENTRIES_MAX) {
    throw InvalidInputError.of('identifier', `the ACL is full: it has ${ENTRIES_MAX} entries`);
  }
  return Object.fromEntries(entries);
}
