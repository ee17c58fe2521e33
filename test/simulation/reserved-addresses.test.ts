import { describe, expect, test } from 'vitest';
import { registryKeys } from '../../functions/contract/row-layout.ts';
import { DAY_MS } from '../../functions/contract/times.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { addAlias } from '../../functions/core/addresses/aliases.ts';
import { renameAccount } from '../../functions/core/addresses/rename-account.ts';
import { endReservation, showAddress } from '../../functions/core/addresses/reservations.ts';
import { estimateDeletion } from '../../functions/core/erasure/request-deletion.ts';
import { CRASH_POINTS } from '../models/faulty.ts';
import { certificateOf, makeDoomed, NEIGHBOUR, operationIdOf, USER } from './doomed-account.ts';
import { CLASSES, ERASURE, type World } from './world.ts';

const BACKEND = { url: 'https://backend-1.example.org', role: 'backend' } as const;
const ALIAS = `alias-of-${USER}`;
const RESERVED = { reservationDays: 180, servers: [BACKEND] };

const create = (world: World, user: string) => createAccount(world.ports, CLASSES, { user });
const soon = (world: World) => world.clock.now() + 10_000;
const addressRow = (world: World, address: string) => world.rows.get(registryKeys.address(address));

async function deleted(messages = 3) {
  const { world, account } = await makeDoomed(messages, RESERVED);
  const run = await world.run({ user: USER, accountId: account.accountId });
  expect(run.status).toBe('SUCCEEDED');
  return { world, operationId: operationIdOf(run.output) };
}

describe('the addresses of a deleted account', () => {
  test('U4: are reserved by the operation: refused to accounts, aliases and renames alike', async () => {
    const { world, operationId } = await deleted();
    for (const address of [USER, ALIAS]) {
      expect(await showAddress(world.ports, address)).toMatchObject({
        ...{ state: 'reserved', reservedBy: operationId },
      });
      const request = { user: NEIGHBOUR, address };
      const renaming = { user: NEIGHBOUR, to: address, oldAddress: 'free' } as const;
      for (const asked of [
        () => create(world, address),
        () => addAlias(world.ports, request, soon(world)),
        () => renameAccount(world.ports, RESERVED, renaming, soon(world)),
      ]) {
        await expect(asked()).rejects.toMatchObject({ name: 'AddressReservedError' });
      }
    }
    world.clock.advance(180 * DAY_MS);
    expect(await create(world, USER)).toMatchObject({ user: USER });
  });

  test('O1: a dry run says whether they will be reserved, or free', async () => {
    const { world } = await makeDoomed(3);
    const meant = { user: USER, allowUnknownUser: false };
    const estimate = (reservationDays: number) =>
      estimateDeletion(world.ports, { ...ERASURE, reservationDays }, meant);
    expect((await estimate(0)).freedAddresses).toEqual(expect.arrayContaining([USER, ALIAS]));
    const reserved = await estimate(180);
    expect(reserved).not.toHaveProperty('freedAddresses');
    expect(reserved.reservedAddresses).toEqual(expect.arrayContaining([USER, ALIAS]));
    expect(reserved.remains.map(({ where }) => where)).toContain('reserved addresses');
  });

  test('U7: the certificate names the reservation; without one it does not', async () => {
    const { world, operationId } = await deleted();
    const { remains } = await certificateOf(world, operationId);
    const named = remains.find(({ where }) => where === 'reserved addresses');
    expect(named?.note).toContain('180 days');
    expect(JSON.stringify(remains)).not.toContain(USER);
    const free = await makeDoomed(3);
    const run = await free.world.run({ user: USER });
    const other = await certificateOf(free.world, operationIdOf(run.output));
    expect(other.remains.map(({ where }) => where)).not.toContain('reserved addresses');
  });

  test('U5: are reserved once, wherever the deletion crashes, and whatever is repeated', async () => {
    const { world: whole } = await makeDoomed(3, RESERVED);
    await whole.run({ user: USER });
    const last = whole.changes;
    // The changes of the last step are the last ones.
    for (let call = last - 8; call <= last; call += 1) {
      for (const point of CRASH_POINTS) {
        const { world } = await makeDoomed(3, RESERVED);
        const run = await world.run({ user: USER }, { crash: { call, point } });
        expect({ call, point, status: run.status }).toEqual({ call, point, status: 'SUCCEEDED' });
        const before = world.rows.rows();
        for (const one of world.invocations) await world.redeliver(one).catch(() => undefined);
        expect((await addressRow(world, USER))?.attributes['type']).toBe('reservation');
        expect(world.rows.rows()).toEqual(before);
      }
    }
  });

  test('W7, X6: after the early end of the reservation a new owner is met by no late step', async () => {
    const { world } = await deleted();
    const late = [...world.invocations];
    await endReservation(world.ports, { address: USER }, soon(world));
    const next = await create(world, USER);
    world.mailServers.connect(BACKEND.url, USER);
    const kicks = world.mailServers.kicks;
    const before = world.rows.rows();
    for (const one of late) await world.redeliver(one).catch(() => undefined);
    const stray = { user: USER, accountId: 'a0a0a0a0a0a0a0a0a0a0a0a0' };
    expect((await world.run(stray, { execution: 'late' })).status).toBe('FAILED');
    await expect(endReservation(world.ports, { address: USER }, soon(world))).rejects.toMatchObject(
      { name: 'AddressTakenError' },
    );
    expect(world.rows.rows()).toEqual(before);
    expect(world.mailServers.kicks).toBe(kicks);
    expect((await addressRow(world, USER))?.attributes['accountId']).toBe(next.accountId);
  });

  test('U1, W7: after a rename the deletion goes by the new name and leaves the old one alone', async () => {
    const { world, account } = await makeDoomed(3, RESERVED);
    const renaming = { user: USER, to: 'new@x.co', oldAddress: 'free' } as const;
    await renameAccount(world.ports, RESERVED, renaming, soon(world));
    const other = await create(world, USER);
    world.mailServers.connect(BACKEND.url, USER, 'stays');
    world.mailServers.connect(BACKEND.url, 'new@x.co');
    const meant = { user: 'new@x.co', accountId: account.accountId };
    expect((await world.run(meant)).status).toBe('SUCCEEDED');
    expect(world.mailServers.connected()).toEqual([USER]);
    expect((await addressRow(world, USER))?.attributes['accountId']).toBe(other.accountId);
    expect((await addressRow(world, 'new@x.co'))?.attributes['type']).toBe('reservation');
  });
});
