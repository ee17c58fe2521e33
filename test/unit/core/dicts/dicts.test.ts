import { beforeEach, describe, expect, test } from 'vitest';
import { registryKeys } from '../../../../functions/contract/row-layout.ts';
import type { Account } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { getDict, listDicts, setDict } from '../../../../functions/core/dicts/dicts.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

let world: World;
let account: Account;

beforeEach(async () => {
  world = new World();
  account = await createAccount(world.ports, CLASSES, { user: 'a@x.org' });
});

const set = (name: string, value: string) =>
  setDict(world.ports, account, { name, value }, world.clock.now() + 20_000);
const get = (name: string) => getDict(world.rows, account.accountId, name);

describe('dict entries', () => {
  test('keep the last value that was set, by their exact name', async () => {
    await set('quota_clone', '1');
    await set('quota_clone', '2');
    await set('quota', '');
    expect(await get('quota_clone')).toBe('2');
    expect(await get('quota')).toBe('');
    expect(await get('Quota')).toBeUndefined();
  });

  test('U3: are listed in pages, each once', async () => {
    const names = Array.from({ length: 9 }, (_, index) => `priv/${index}#\u2713`);
    for (const name of names) await set(name, `value of ${name}`);
    const seen = [];
    let after: string | undefined;
    do {
      const page = await listDicts(world.rows, account.accountId, {
        limit: 2,
        ...(after === undefined ? {} : { after }),
      });
      expect(page.entries.length).toBeLessThanOrEqual(2);
      seen.push(...page.entries);
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(names.map((name) => ({ name, value: `value of ${name}` })));
  });

  test.each(['', 'x'.repeat(801), '\u2713'.repeat(267)])(
    'O2: the name %j is refused',
    async (name) => {
      const before = world.rows.rows();
      await expect(set(name, '1')).rejects.toMatchObject({ problems: [{ field: 'name' }] });
      expect(world.rows.rows()).toEqual(before);
    },
  );

  test.each(['disabled', 'deleting', 'erased'])(
    'X3: a late update cannot bring back a row of an account that is %s',
    async (state) => {
      const key = registryKeys.account(account.accountId);
      const change = { set: { state } };
      await world.rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
      await expect(set('last_login', '1')).rejects.toMatchObject({ name: 'AccountNotActiveError' });
      expect(await get('last_login')).toBeUndefined();
    },
  );

  test('O3: a conflict is retried, until the deadline and no longer', async () => {
    world.rows.conflictNext(2);
    await set('a', '1');
    expect(await get('a')).toBe('1');
    world.rows.conflictNext(1000);
    await expect(set('b', '1')).rejects.toMatchObject({ name: 'StoreBusyError' });
    expect(await get('b')).toBeUndefined();
  });
});
