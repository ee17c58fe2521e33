/** Aliases of an account, by the rules of its main address: refused while taken or reserved (U4). */
import { registryKeys } from '../../contract/row-layout.ts';
import { type Account, findAccount, unknownUser } from '../accounts/accounts.ts';
import {
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
import { parseAddress } from '../names/address.ts';
import { untilWon } from '../rows/contention.ts';
import { changeableWrite, requireChangeable, requireRoom } from './changeable.ts';
import type { AddressPorts, ReservationSettings } from './rename-account.ts';

export interface AliasRequest {
  readonly user: string;
  readonly address: string;
  /** The account that is meant; whoever has the address of the user if missing. */
  readonly accountId?: string;
  readonly dryRun?: boolean;
}

/** `already`: the account has it, or has it no more. */
export interface AliasAdded {
  readonly outcome: 'added' | 'already';
  readonly accountId: string;
  readonly address: string;
}

export interface AliasRemoved {
  readonly outcome: 'removed' | 'already';
  readonly accountId: string;
  readonly address: string;
  /** What the address is now. */
  readonly old: 'free' | Reservation;
}

async function requireMain({ rows }: AddressPorts, request: AliasRequest): Promise<Account> {
  const user = parseAddress('user', request.user);
  const account = await findAccount(rows, user);
  if (account === undefined) throw unknownUser(user);
  requireMeant(account, user, request.accountId);
  return account;
}

/**
 * Gives an account one more address.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws InvalidInputError, UnknownUserError, AccountMismatchError, AccountNotActiveError,
 *   AddressTakenError, AddressReservedError, StoreBusyError
 */
export async function addAlias(
  ports: AddressPorts,
  request: AliasRequest,
  deadline: number,
): Promise<AliasAdded> {
  const address = parseAddress('address', request.address);
  const { rows, clock } = ports;
  return await untilWon(ports, deadline, async () => {
    const account = await requireMain(ports, request);
    const { accountId } = account;
    const row = await rows.get(registryKeys.address(address));
    const holding = toHolding(row, clock.now());
    if (holding.state === 'owned' && holding.accountId === accountId) {
      return { outcome: 'already', accountId, address };
    }
    requireChangeable(account);
    requireUnowned(address, holding);
    // A user that the userdb knows by this name, and nobody's account, is not this account's.
    if ((await rows.get(registryKeys.userdb(address))) !== undefined) throw addressTaken(address);
    await requireRoom(rows, accountId);
    const added = { outcome: 'added', accountId, address } as const;
    if (request.dryRun) return added;
    const result = await rows.transact([
      changeableWrite(account),
      ...takeWrites(address, row, { accountId, ownerSince: clock.now() }),
    ]);
    return result.outcome === 'written' ? added : 'lost';
  });
}

/**
 * Takes an alias from an account: it is reserved, or free at once.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws InvalidInputError for the main address too; UnknownUserError, AccountMismatchError,
 *   AccountNotActiveError; AddressTakenError when another account has it: it is left alone (W7);
 *   StoreBusyError
 */
export async function removeAlias(
  ports: AddressPorts,
  settings: ReservationSettings,
  request: AliasRequest & { readonly oldAddress: 'free' | 'reserve' },
  deadline: number,
): Promise<AliasRemoved> {
  const address = parseAddress('address', request.address);
  const { rows, clock } = ports;
  return await untilWon(ports, deadline, async () => {
    const account = await requireMain(ports, request);
    const { accountId } = account;
    const now = clock.now();
    const holding = toHolding(await rows.get(registryKeys.address(address)), now);
    if (holding.state !== 'owned') {
      const old = holding.state === 'free' ? 'free' : holding;
      return { outcome: 'already', accountId, address, old };
    }
    if (holding.accountId !== accountId) throw addressTaken(address);
    if (address === account.user) {
      throw InvalidInputError.of(
        'address',
        `${quoted(address)} is the main address, allowed is an alias; a rename gives it up`,
      );
    }
    requireChangeable(account);
    const reservation =
      request.oldAddress === 'free' ? undefined : reservationFor('remove-alias', settings, now);
    const removed = { outcome: 'removed', accountId, address, old: reservation ?? 'free' } as const;
    if (request.dryRun) return removed;
    const result = await rows.transact([
      changeableWrite(account),
      giveUpWrite(address, accountId, reservation),
      { kind: 'remove', key: registryKeys.accountAddress(accountId, address) },
    ]);
    return result.outcome === 'written' ? removed : 'lost';
  });
}
