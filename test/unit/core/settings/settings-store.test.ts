import { describe, expect, test } from 'vitest';
import { registryKeys } from '../../../../functions/contract/row-layout.ts';
import { requireActiveAccount } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import {
  changeAccountSettings,
  changeDomainSettings,
  readSettings,
} from '../../../../functions/core/settings/settings-store.ts';
import { MemoryRowStore } from '../../../models/memory-row-store.ts';
import { SeededIds } from '../../../models/seeded-ids.ts';
import { VirtualClock } from '../../../models/virtual-clock.ts';

const DEPLOYMENT = { lazyExpunge: '.EXPUNGED', quotaBytes: 1000 };
const NEVER = Number.POSITIVE_INFINITY;

async function john() {
  const clock = new VirtualClock('2026-11-22T00:00:00Z');
  const ports = { rows: new MemoryRowStore(), clock, ids: new SeededIds(1) };
  const classes = { names: ['r30'], fallback: 'r30' };
  const account = await createAccount(ports, classes, { user: 'john@example.com' });
  const settings = async () => {
    const current = await requireActiveAccount(ports.rows, 'john@example.com');
    return await readSettings(ports.rows, DEPLOYMENT, current);
  };
  return { ports, account, settings };
}

describe('stored settings', () => {
  test('all levels are read, the nearer winning', async () => {
    const { ports, account, settings } = await john();
    const set = (document: unknown) => () => document;
    await changeDomainSettings(
      ports,
      { deployment: DEPLOYMENT, domain: 'example.com' },
      set({ quotaBytes: 2000 }),
      NEVER,
    );
    const domainOnly = await settings();
    await changeAccountSettings(ports, DEPLOYMENT, account, set({ quotaBytes: 3000 }), NEVER);
    const all = await settings();
    expect(domainOnly.quotaBytes).toBe(2000);
    expect(all.quotaBytes).toBe(3000);
    expect(all.expunge).toEqual({ mode: 'mailbox', path: '.EXPUNGED' });
  });

  test('W2: of many changes at the same time none is lost', async () => {
    const { ports, account, settings } = await john();
    const names = Array.from({ length: 8 }, (_, index) => `Box${index}`);
    const change = (level: 'account' | 'domain') => (name: string) => {
      const add = (current: object & { quotaExempt?: readonly string[] }) => ({
        ...current,
        quotaExempt: [...(current.quotaExempt ?? []), name],
      });
      return level === 'account'
        ? changeAccountSettings(ports, DEPLOYMENT, account, add, NEVER)
        : changeDomainSettings(
            ports,
            { deployment: DEPLOYMENT, domain: 'example.com' },
            add,
            NEVER,
          );
    };
    await Promise.all([...names.map(change('account')), ...names.map(change('domain'))]);
    const row = await ports.rows.get(registryKeys.domainSettings('example.com'));
    const { effective } = await settings();
    expect(effective.quotaExempt).toHaveLength(8);
    expect(row?.attributes['settings']).toMatchObject({ quotaExempt: { length: 8 } });
  });

  test('O2: what does not go together with a farther level is refused and changes nothing', async () => {
    const { ports, account, settings } = await john();
    const bad = () => ({ lazyExpungeExclude: ['.EXPUNGED'] });
    const changed = changeAccountSettings(ports, DEPLOYMENT, account, bad, NEVER);
    await expect(changed).rejects.toThrow(/^lazyExpungeExclude: /);
    const { effective } = await settings();
    expect(effective).toEqual(DEPLOYMENT);
  });

  test('X3: an account that is being erased takes no settings', async () => {
    const { ports, account } = await john();
    await ports.rows.write({
      kind: 'update',
      key: registryKeys.account(account.accountId),
      guard: { row: 'present' },
      change: { set: { state: 'deleting' } },
    });
    const changed = changeAccountSettings(ports, DEPLOYMENT, account, () => ({}), NEVER);
    await expect(changed).rejects.toMatchObject({ name: 'AccountNotActiveError' });
  });
});
