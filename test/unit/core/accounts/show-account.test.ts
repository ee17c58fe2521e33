import { beforeEach, describe, expect, test } from 'vitest';
import { registryKeys } from '../../../../functions/contract/row-layout.ts';
import {
  type Account,
  requireActiveAccount,
} from '../../../../functions/core/accounts/accounts.ts';
import { showAccount } from '../../../../functions/core/accounts/show-account.ts';
import { furnish } from '../../../simulation/mail.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

let world: World;
let account: Account;

beforeEach(async () => {
  world = new World();
  account = await furnish(world.ports, CLASSES, 'a@x.org', 12);
});

const setAccount = (set: Record<string, string>) =>
  world.rows.write({
    kind: 'update',
    key: registryKeys.account(account.accountId),
    guard: { row: 'present' },
    change: { set },
  });

describe('an account as callers see it', () => {
  test('sums what its mailboxes count', async () => {
    const stored = world.objects.versions('r30/');
    expect(await showAccount(world.rows, 'A@X.org')).toEqual({
      accountId: account.accountId,
      user: 'a@x.org',
      aliases: ['alias-of-a@x.org'],
      state: 'active',
      retentionClass: 'r30',
      createdAt: '2026-11-22T00:00:00.000Z',
      mailboxes: 2,
      messages: 24,
      bytes: stored.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    });
  });

  test('can be asked for by an alias', async () => {
    const byAlias = await showAccount(world.rows, 'alias-of-a@x.org');
    expect(byAlias).toEqual(await showAccount(world.rows, 'a@x.org'));
  });

  test('does not mix with an account whose address begins alike', async () => {
    await furnish(world.ports, CLASSES, 'a@x.or', 3);
    expect(await showAccount(world.rows, 'a@x.or')).toMatchObject({ messages: 6 });
    expect(await showAccount(world.rows, 'a@x.org')).toMatchObject({ messages: 24 });
  });

  test('O1: names the operation that works on it', async () => {
    await setAccount({ state: 'disabled', operationId: 'op-1' });
    expect(await showAccount(world.rows, 'a@x.org')).toMatchObject({
      state: 'disabled',
      operationId: 'op-1',
    });
  });

  test.each([
    ['b@x.org', 'UnknownUserError'],
    ['not an address', 'InvalidInputError'],
  ])('O2: %s is answered by an %s', async (user, name) => {
    await expect(showAccount(world.rows, user)).rejects.toMatchObject({ name });
  });

  test('W5: a damaged row is a fault that names no address, never a default', async () => {
    await world.rows.write({
      kind: 'update',
      key: registryKeys.account(account.accountId),
      guard: { row: 'present' },
      change: { unset: ['state'] },
    });
    const fault = await showAccount(world.rows, 'a@x.org').catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(TypeError);
    expect(fault).toHaveProperty('message', expect.stringContaining('state is not a string'));
    expect(fault).toHaveProperty('message', expect.not.stringContaining('x.org'));
  });
});

describe('who takes mail', () => {
  test('only an account that is active', async () => {
    expect(await requireActiveAccount(world.rows, 'a@x.org')).toMatchObject({ state: 'active' });
    await setAccount({ state: 'deleting', operationId: 'op-1' });
    await expect(requireActiveAccount(world.rows, 'a@x.org')).rejects.toMatchObject({
      name: 'AccountNotActiveError',
      message: `account ${account.accountId} is deleting by operation op-1`,
    });
    await expect(requireActiveAccount(world.rows, 'b@x.org')).rejects.toMatchObject({
      name: 'UnknownUserError',
    });
  });
});
