/**
 * Renaming an account: its addresses, its row and its userdb entry change in one transaction, and
 * nothing else of it is touched, however much mail it has (R1). ACLs, requesters and operations name
 * accounts, so they mean the same person afterwards.
 */
import { registryKeys } from '../../contract/row-layout.ts';
import { type Account, findAccount, readAccount, unknownUser } from '../accounts/accounts.ts';
import {
  type AddressHolding,
  addressTaken,
  giveUpWrite,
  type Reservation,
  requireUnowned,
  reservationFor,
  takeWrites,
  toHolding,
} from '../accounts/addresses.ts';
import { requireMeant } from '../accounts/meant-account.ts';
import { InvalidInputError, quoted } from '../errors.ts';
import { domainOf, parseAddress } from '../names/address.ts';
import type { Ports } from '../ports/ports.ts';
import type { Row, RowStore, Write } from '../ports/row-store.ts';
import { optionalText } from '../rows/attributes.ts';
import { untilWon } from '../rows/contention.ts';
import { changeableWrite, requireChangeable, requireRoom } from './changeable.ts';

export type AddressPorts = Pick<Ports, 'rows' | 'clock' | 'ids'>;

export interface ReservationSettings {
  /** How long nobody can have an address that was given up; 0: it is free at once. */
  readonly reservationDays: number;
}

/** What becomes of an address that an account gives up, or of the name it had. */
export type OldAddress = 'free' | 'reserve' | 'alias';

export interface AccountRename {
  readonly user: string;
  readonly to: string;
  readonly oldAddress: OldAddress;
  /** The account that is meant; whoever has the address if missing. */
  readonly accountId?: string;
  /** Checks everything and changes nothing. */
  readonly dryRun?: boolean;
}

export interface Renamed {
  /** `already`: a rename like this was done before. */
  readonly outcome: 'renamed' | 'already';
  readonly accountId: string;
  readonly from: string;
  readonly to: string;
  /** What the old address is now, or would be after a dry run. */
  readonly old: 'alias' | 'free' | 'anotherAccount' | Reservation;
  /** `unknown`: the userdb did not know the user, so nothing was renamed there. */
  readonly userdb: 'renamed' | 'unknown';
}

/**
 * Gives an account another main address. The transaction checks again all that was read: the state
 * of the account, who has both addresses, how many it has. A hold does not stop it: no mail is
 * touched, and the hold goes by the account.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws InvalidInputError, UnknownUserError, AccountMismatchError, AccountNotActiveError,
 *   AddressTakenError, AddressReservedError, StoreBusyError
 */
export async function renameAccount(
  ports: AddressPorts,
  settings: ReservationSettings,
  request: AccountRename,
  deadline: number,
): Promise<Renamed> {
  const from = parseAddress('user', request.user);
  const to = parseAddress('to', request.to);
  if (from === to) throw InvalidInputError.of('to', `${quoted(to)} is what it is called already`);
  return await untilWon(ports, deadline, async () => {
    const now = ports.clock.now();
    const target = await ports.rows.get(registryKeys.address(to));
    const account = await findAccount(ports.rows, from);
    const done = await doneBefore(ports.rows, { ...request, from, to }, target);
    if (done !== undefined) return await alreadyRenamed(ports, done, from, to);
    if (account === undefined) throw unknownUser(from);
    requireMeant(account, from, request.accountId);
    requireChangeable(account);
    const plan = await planOf(ports, account, { from, to, target }, request.oldAddress);
    const reservation = reservationFor('rename-account', settings, now);
    const old: 'alias' | 'free' | Reservation =
      request.oldAddress === 'reserve' ? (reservation ?? 'free') : request.oldAddress;
    const renamed: Renamed = {
      outcome: 'renamed',
      accountId: account.accountId,
      from,
      to,
      old,
      userdb: plan.userdb.length === 0 ? 'unknown' : 'renamed',
    };
    if (request.dryRun) return renamed;
    const result = await ports.rows.transact([
      mainAddressWrite(account, from, to),
      ...plan.newAddress,
      ...oldAddressWrites(account.accountId, from, old),
      ...plan.userdb,
    ]);
    return result.outcome === 'written' ? renamed : 'lost';
  });
}

/** The account that is called `to` because of a rename from `from`. */
async function doneBefore(
  rows: RowStore,
  {
    from,
    to,
    accountId,
  }: { readonly from: string; readonly to: string; readonly accountId?: string },
  target: Row | undefined,
): Promise<Account | undefined> {
  const targetId = target && optionalText(target, 'accountId');
  if (targetId === undefined || (accountId !== undefined && accountId !== targetId))
    return undefined;
  const account = await readAccount(rows, targetId);
  const isRenamed = account?.user === to && account.formerUser === from;
  return isRenamed ? account : undefined;
}

async function alreadyRenamed(
  { rows, clock }: AddressPorts,
  { accountId }: Account,
  from: string,
  to: string,
): Promise<Renamed> {
  const old = toHolding(await rows.get(registryKeys.address(from)), clock.now());
  const userdb = await rows.get(registryKeys.userdb(to));
  return {
    outcome: 'already',
    accountId,
    from,
    to,
    old: oldOf(accountId, old),
    userdb: userdb?.attributes['accountId'] === accountId ? 'renamed' : 'unknown',
  };
}

function oldOf(accountId: string, holding: AddressHolding): Renamed['old'] {
  if (holding.state === 'free') return 'free';
  if (holding.state === 'reserved') return holding;
  return holding.accountId === accountId ? 'alias' : 'anotherAccount';
}

/** What of a rename depends on rows that have to be read: refused where it cannot be. */
async function planOf(
  { rows, clock }: AddressPorts,
  account: Account,
  names: { readonly from: string; readonly to: string; readonly target: Row | undefined },
  oldAddress: OldAddress,
): Promise<{ readonly newAddress: Write[]; readonly userdb: Write[] }> {
  const { accountId } = account;
  const { from, to, target } = names;
  const now = clock.now();
  const holding = toHolding(target, now);
  const isOwn = holding.state === 'owned' && holding.accountId === accountId;
  if (!isOwn) requireUnowned(to, holding);
  if ((await rows.get(registryKeys.userdb(to))) !== undefined) throw addressTaken(to);
  if (!isOwn && oldAddress === 'alias') await requireRoom(rows, accountId);
  const newAddress: Write[] = isOwn
    ? [
        {
          kind: 'check',
          key: registryKeys.address(to),
          guard: { row: 'present', equals: { accountId } },
        },
      ]
    : takeWrites(to, target, { accountId, ownerSince: now });
  return { newAddress, userdb: await userdbWrites(rows, accountId, from, to) };
}

/**
 * The entry of the built-in userdb moves with the account; whoever logs in by the old name is
 * unknown from then on. Another userdb would be told after the transaction: it cannot take part.
 */
async function userdbWrites(
  rows: RowStore,
  accountId: string,
  from: string,
  to: string,
): Promise<Write[]> {
  const entry = await rows.get(registryKeys.userdb(from));
  const stableId = entry && optionalText(entry, 'stableId');
  if (entry?.attributes['accountId'] !== accountId || stableId === undefined) return [];
  return [
    {
      kind: 'remove',
      key: registryKeys.userdb(from),
      guard: { row: 'present', equals: { accountId, stableId } },
    },
    {
      kind: 'put',
      key: registryKeys.userdb(to),
      guard: { row: 'absent' },
      attributes: entry.attributes,
    },
  ];
}

function mainAddressWrite(account: Account, from: string, to: string): Write {
  const names = { listPk: `account#${domainOf(to)}`, listSk: to };
  return changeableWrite(account, { user: to, formerUser: from, ...names });
}

function oldAddressWrites(
  accountId: string,
  from: string,
  old: 'alias' | 'free' | Reservation,
): Write[] {
  if (old === 'alias') {
    const guard = { row: 'present', equals: { accountId } } as const;
    return [{ kind: 'check', key: registryKeys.address(from), guard }];
  }
  return [
    giveUpWrite(from, accountId, old === 'free' ? undefined : old),
    { kind: 'remove', key: registryKeys.accountAddress(accountId, from) },
  ];
}
