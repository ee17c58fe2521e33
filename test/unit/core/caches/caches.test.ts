import { beforeEach, describe, expect, test } from 'vitest';
import { registryKeys } from '../../../../functions/contract/row-layout.ts';
import type { Account } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { everyCache, recordCache } from '../../../../functions/core/caches/caches.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

let world: World;
let account: Account;

beforeEach(async () => {
  world = new World();
  account = await createAccount(world.ports, CLASSES, { user: 'a@x.org' });
});

const record = (host: string) =>
  recordCache(world.ports, account, host, world.clock.now() + 20_000);
const caches = () => everyCache(world.rows, account.accountId);

describe('backends that hold caches', () => {
  test('U3: all that the account was ever on, each with the last time', async () => {
    const start = world.clock.now();
    for (const host of ['backend-2', '192.0.2.1', 'backend-1.example.org']) await record(host);
    world.clock.advance(1000);
    await record('backend-2');
    expect(await caches()).toEqual([
      { host: '192.0.2.1', seenAt: start },
      { host: 'backend-1.example.org', seenAt: start },
      { host: 'backend-2', seenAt: start + 1000 },
    ]);
  });

  test('O3: more than one page of them', async () => {
    for (let index = 0; index < 205; index += 1) await record(`backend-${index}`);
    expect(new Set((await caches()).map(({ host }) => host)).size).toBe(205);
  });

  test.each(['', '-a', 'a-', 'a b', 'a/b', 'a_b', 'gr\u00fcn', 'x'.repeat(254), 'a\n'])(
    'O2: %j is no host',
    async (host) => {
      await expect(record(host)).rejects.toMatchObject({ problems: [{ field: 'host' }] });
      expect(await caches()).toEqual([]);
    },
  );

  test('X3: none is noted once the account is disabled', async () => {
    const key = registryKeys.account(account.accountId);
    const change = { set: { state: 'disabled' } };
    await world.rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
    await expect(record('backend-1')).rejects.toMatchObject({ name: 'AccountNotActiveError' });
    expect(await caches()).toEqual([]);
  });
});
