import { beforeEach, describe, expect, test } from 'vitest';
import { registryKeys } from '../../../../functions/contract/row-layout.ts';
import { DAY_MS } from '../../../../functions/contract/times.ts';
import { findAccount } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { renameAccount } from '../../../../functions/core/addresses/rename-account.ts';
import { endReservation, showAddress } from '../../../../functions/core/addresses/reservations.ts';
import type { RowStore } from '../../../../functions/core/ports/row-store.ts';
import { CLASSES, World } from '../../../simulation/world.ts';
import { interrupted } from '../interrupted.ts';

const [OLD, NEW] = ['old@x.org', 'new@x.org'];

let world: World;
let accountId: string;
beforeEach(async () => {
  world = new World();
  ({ accountId } = await createAccount(world.ports, CLASSES, { user: OLD }));
  await rename(180);
});

const soon = () => world.clock.now() + 10_000;
const rename = (reservationDays: number, user = OLD, to = NEW) =>
  renameAccount(world.ports, { reservationDays }, { user, to, oldAddress: 'reserve' }, soon());
const create = (user: string, rows: RowStore = world.rows) =>
  createAccount({ ...world.ports, rows }, CLASSES, { user });
const end = (address = OLD, dryRun = false) =>
  endReservation(world.ports, { address, dryRun }, soon());
const show = (address: string) => showAddress(world.ports, address);
/** As TTL does, at any time after the end. */
const expire = () => world.rows.write({ kind: 'remove', key: registryKeys.address(OLD) });

describe('an address', () => {
  test('U4: is shown with its owner and since when (RFC 7293), reserved, or free', async () => {
    const ownerSince = '2026-11-22T00:00:00.000Z';
    expect(await show('NEW@x.org')).toEqual({
      ...{ address: NEW, state: 'owned', accountId, user: NEW, ownerSince },
    });
    const reservedUntil = new Date(world.clock.now() + 180 * DAY_MS).toISOString();
    const reserved = { state: 'reserved', reservedUntil, reservedBy: 'rename-account' };
    expect(await show(OLD)).toEqual({ address: OLD, ...reserved });
    expect(await show('no@x.org')).toEqual({ address: 'no@x.org', state: 'free' });
    await expect(show('x')).rejects.toMatchObject({ name: 'InvalidInputError' });
    world.clock.advance(180 * DAY_MS);
    expect(await show(OLD)).toEqual({ address: OLD, state: 'free' });
  });

  test('RFC 7293: counts its next owner from when they got it', async () => {
    world.clock.advance(180 * DAY_MS);
    const ownerSince = new Date(world.clock.now()).toISOString();
    const next = await create(OLD);
    expect(await show(OLD)).toMatchObject({ accountId: next.accountId, ownerSince });
  });
});

describe('a reservation', () => {
  test('U4: that an administrator ends leaves the address free', async () => {
    expect(await end()).toEqual({ address: OLD, state: 'free' });
    expect(await end()).toEqual({ address: OLD, state: 'free' });
    expect(await create(OLD)).toMatchObject({ user: OLD });
  });

  test('O1: is shown by a dry run of its end, and stays', async () => {
    const before = world.rows.rows();
    expect(await end(OLD, true)).toMatchObject({ state: 'reserved' });
    expect(world.rows.rows()).toEqual(before);
  });

  test('W7: is not ended where an account has the address', async () => {
    await expect(end(NEW)).rejects.toMatchObject({ name: 'AddressTakenError' });
    await end();
    const next = await create(OLD);
    await expect(end()).rejects.toMatchObject({ name: 'AddressTakenError' });
    expect((await findAccount(world.rows, OLD))?.accountId).toBe(next.accountId);
  });

  test('U4: of 0 days is none', async () => {
    await rename(0, NEW, 'third@x.org');
    expect(await show(NEW)).toEqual({ address: NEW, state: 'free' });
  });

  test('U4: that is over is nobody’s, whether TTL removes its row before, meanwhile, or later', async () => {
    world.clock.advance(180 * DAY_MS);
    const next = await create(OLD, interrupted(world.rows, expire));
    expect((await findAccount(world.rows, OLD))?.accountId).toBe(next.accountId);
    const row = await world.rows.get(registryKeys.address(OLD));
    // A row without a time is never removed by TTL.
    expect(row?.attributes).not.toHaveProperty('ttl');
  });

  test('U4: goes to one of those who ask at the moment when it is over', async () => {
    world.clock.advance(180 * DAY_MS);
    const asked = await Promise.allSettled([1, 2, 3, 4].map(() => create(OLD)));
    const [got, ...more] = asked.filter(({ status }) => status === 'fulfilled');
    expect(got).toBeDefined();
    expect(more).toEqual([]);
  });

  test('U4: that begins while an account is being created refuses it', async () => {
    await end();
    const { accountId: other } = await create(OLD);
    await rename(180, OLD, 'x@x.org');
    await end();
    const rows = interrupted(world.rows, async () => {
      await rename(180, 'x@x.org', OLD);
      await rename(180, OLD, 'y@x.org');
    });
    await expect(create(OLD, rows)).rejects.toMatchObject({ name: 'AddressReservedError' });
    expect((await findAccount(world.rows, 'y@x.org'))?.accountId).toBe(other);
  });
});
