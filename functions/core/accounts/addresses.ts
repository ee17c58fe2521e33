/**
 * Who has an address: an account, nobody, or nobody for a time, because it is reserved (U4). Whoever
 * changes that puts into its transaction what it has read: an address that changed hands meanwhile
 * is judged anew. A reservation whose time is over is nobody's from that moment on, whether or not
 * TTL has removed its row.
 */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { ROW_VERSION, registryKeys, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import { DAY_MS } from '../../contract/times.ts';
import { LetheError, quoted } from '../errors.ts';
import type { Guard, Row, Write } from '../ports/row-store.ts';
import { number, optionalText, text } from '../rows/attributes.ts';

export type AddressHolding =
  | { readonly state: 'free' }
  | {
      readonly state: 'reserved';
      /** Epoch milliseconds. */
      readonly reservedUntil: number;
      /** The operation that gave it up, or the request: `rename-account`, `remove-alias`. */
      readonly reservedBy: string;
    }
  | {
      readonly state: 'owned';
      readonly accountId: string;
      /** Epoch milliseconds: when the present owner got it (RFC 7293). */
      readonly ownerSince: number;
    };

/**
 * @param row of an address, as it was read
 * @throws DamagedRowError for one that says neither: it is never taken for free (W5)
 */
export function toHolding(row: Row | undefined, now: number): AddressHolding {
  if (row === undefined) return { state: 'free' };
  const accountId = optionalText(row, 'accountId');
  if (accountId !== undefined) {
    return { state: 'owned', accountId, ownerSince: number(row, 'ownerSince') };
  }
  const reservedUntil = number(row, 'reservedUntil');
  if (reservedUntil <= now) return { state: 'free' };
  return { state: 'reserved', reservedUntil, reservedBy: text(row, 'reservedBy') };
}

/** Holds while the address is as it was read: nobody's, or reserved by the same. */
function unchangedGuard(row: Row | undefined): Guard {
  if (row === undefined) return { row: 'absent' };
  const equals = {
    reservedUntil: number(row, 'reservedUntil'),
    reservedBy: text(row, 'reservedBy'),
  };
  return { row: 'present', equals, without: ['accountId'] };
}

/**
 * Gives an address to an account: the row of the address, and the entry in the account's partition
 * by which erasure finds it.
 * @param row as it was read; nobody's
 */
export function takeWrites(
  address: string,
  row: Row | undefined,
  owner: { readonly accountId: string; readonly ownerSince: number },
): [Write, Write] {
  return [
    {
      kind: 'put',
      key: registryKeys.address(address),
      guard: unchangedGuard(row),
      attributes: { v: ROW_VERSION, type: 'address', ...owner },
    },
    {
      kind: 'put',
      key: registryKeys.accountAddress(owner.accountId, address),
      guard: { row: 'absent' },
      attributes: {
        v: ROW_VERSION,
        type: 'account-address',
        accountId: owner.accountId,
        address,
      },
    },
  ];
}

export interface Reservation {
  readonly reservedUntil: number;
  readonly reservedBy: string;
}

/** @returns undefined where addresses are free at once: `reservationDays` is 0 */
export const reservationFor = (
  reservedBy: string,
  { reservationDays }: { readonly reservationDays: number },
  now: number,
): Reservation | undefined =>
  reservationDays === 0 ? undefined : { reservedBy, reservedUntil: now + reservationDays * DAY_MS };

/** Takes an address from an account, if it still is the account's: free, or reserved (W7). */
export function giveUpWrite(
  address: string,
  accountId: string,
  reservation: Reservation | undefined,
): Write {
  const key = registryKeys.address(address);
  const guard = { row: 'present', equals: { accountId } } as const;
  if (reservation === undefined) return { kind: 'remove', key, guard };
  const ttl = Math.ceil(reservation.reservedUntil / 1000);
  return {
    kind: 'put',
    key,
    guard,
    attributes: { v: ROW_VERSION, type: 'reservation', ...reservation, [TTL_ATTRIBUTE]: ttl },
  };
}

/** Ends a reservation, if it still is the one that was read. */
export const endReservationWrite = (address: string, row: Row): Write => ({
  kind: 'remove',
  key: registryKeys.address(address),
  guard: unchangedGuard(row),
});

export function addressTaken(address: string): LetheError {
  return new LetheError(
    ERROR_NAMES.addressTaken,
    `the address ${quoted(address)} is taken`,
    'Choose another address, or take it from the account that has it first.',
  );
}

function addressReserved(address: string, reservedUntil: number): LetheError {
  return new LetheError(
    ERROR_NAMES.addressReserved,
    `the address ${quoted(address)} is reserved until ${new Date(reservedUntil).toISOString()}`,
    'Choose another address, wait until then, or let an administrator end the reservation.',
  );
}

/**
 * Nothing if the address is nobody's.
 * @throws AddressTakenError, AddressReservedError saying until when
 */
export function requireUnowned(address: string, holding: AddressHolding): void {
  if (holding.state === 'owned') throw addressTaken(address);
  if (holding.state === 'reserved') throw addressReserved(address, holding.reservedUntil);
}
