/** Addresses as they are shown, and the early end of a reservation. */
import type { AddressAnswer } from '../../contract/address-api.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import { readAccount } from '../accounts/accounts.ts';
import {
  type AddressHolding,
  addressTaken,
  endReservationWrite,
  toHolding,
} from '../accounts/addresses.ts';
import { parseAddress } from '../names/address.ts';
import type { Ports } from '../ports/ports.ts';
import { untilWon } from '../rows/contention.ts';
import type { AddressPorts } from './rename-account.ts';

/**
 * Who has an address and since when (RFC 7293), or until when nobody may have it.
 * @throws InvalidInputError
 */
export async function showAddress(
  { rows, clock }: Pick<Ports, 'rows' | 'clock'>,
  given: string,
): Promise<AddressAnswer> {
  const address = parseAddress('address', given);
  const holding = toHolding(await rows.get(registryKeys.address(address)), clock.now());
  if (holding.state !== 'owned') return shown(address, holding);
  const { accountId, ownerSince } = holding;
  const user = (await readAccount(rows, accountId))?.user;
  return {
    address,
    state: 'owned',
    accountId,
    ...(user === undefined ? {} : { user }),
    ownerSince: new Date(ownerSince).toISOString(),
  };
}

function shown(
  address: string,
  holding: Exclude<AddressHolding, { state: 'owned' }>,
): AddressAnswer {
  if (holding.state === 'free') return { address, state: 'free' };
  const { state, reservedBy } = holding;
  const reservedUntil = new Date(holding.reservedUntil).toISOString();
  return { address, state, reservedUntil, reservedBy };
}

/**
 * Ends the reservation of an address before its time; an address that an account has by now is left
 * alone (W7).
 * @returns what was ended; undefined when there was nothing: the address is free already
 * @throws InvalidInputError, AddressTakenError, StoreBusyError
 */
export async function endReservation(
  ports: AddressPorts,
  request: { readonly address: string; readonly dryRun?: boolean },
  deadline: number,
): Promise<AddressAnswer> {
  const address = parseAddress('address', request.address);
  const key = registryKeys.address(address);
  return await untilWon(ports, deadline, async () => {
    const row = await ports.rows.get(key);
    const holding = toHolding(row, ports.clock.now());
    if (holding.state === 'owned') throw addressTaken(address);
    if (request.dryRun || row === undefined) return shown(address, holding);
    const { outcome } = await ports.rows.write(endReservationWrite(address, row));
    return outcome === 'written' ? { address, state: 'free' } : 'lost';
  });
}
