import { beforeEach, describe, expect, test } from 'vitest';
import { findAccount } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { renameAccount } from '../../../../functions/core/addresses/rename-account.ts';
import { requestDeletion } from '../../../../functions/core/erasure/request-deletion.ts';
import { CLASSES, World } from '../../../simulation/world.ts';
import { interrupted } from '../interrupted.ts';

const SETTINGS = { reservationDays: 180 };
const [OLD, NEW] = ['old@x.org', 'new@y.org'];

let world: World;
beforeEach(() => {
  world = new World();
});

const create = (user: string) => createAccount(world.ports, CLASSES, { user });
const rename = (user: string, to: string, rows = world.ports.rows) =>
  renameAccount(
    { ...world.ports, rows },
    SETTINGS,
    { user, to, oldAddress: 'reserve' },
    world.clock.now() + 10_000,
  );

describe('what happens between its reading and its writing', () => {
  const during = (happens: () => Promise<unknown>, to = NEW) =>
    rename(OLD, to, interrupted(world.rows, happens));

  test('R1: somebody takes the new address: refused', async () => {
    const { accountId } = await create(OLD);
    await expect(during(() => create(NEW))).rejects.toMatchObject({ name: 'AddressTakenError' });
    expect((await findAccount(world.rows, OLD))?.accountId).toBe(accountId);
  });

  test('U5: somebody begins to delete the account: refused, and the deletion knows its name', async () => {
    await create(OLD);
    const request = { user: OLD, allowUnknownUser: false, requestedBy: 'x' };
    const begin = () => requestDeletion(world.ports, request, world.clock.now() + 10_000);
    await expect(during(begin)).rejects.toMatchObject({ name: 'AccountNotActiveError' });
  });

  test('U1: a rename comes between a deletion’s reading and its writing: it is not begun by the old name', async () => {
    await create(OLD);
    const rows = interrupted(world.rows, () => rename(OLD, NEW));
    const request = { user: OLD, allowUnknownUser: false, requestedBy: 'x' };
    const late = requestDeletion({ ...world.ports, rows }, request, world.clock.now() + 10_000);
    await expect(late).rejects.toMatchObject({ name: 'UnknownUserError' });
    expect((await findAccount(world.rows, NEW))?.operationId).toBeUndefined();
  });

  test('R1: another rename wins: this one finds nobody by the old name', async () => {
    await create(OLD);
    const other = () => rename(OLD, 'third@x.org');
    await expect(during(other)).rejects.toMatchObject({ name: 'UnknownUserError' });
    expect(await findAccount(world.rows, NEW)).toBeUndefined();
    expect((await findAccount(world.rows, 'third@x.org'))?.user).toBe('third@x.org');
  });

  test('R1: the same rename wins: it is done', async () => {
    await create(OLD);
    expect(await during(() => rename(OLD, NEW))).toMatchObject({ outcome: 'already' });
  });
});
