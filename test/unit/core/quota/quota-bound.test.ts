import { beforeEach, describe, expect, test } from 'vitest';
import type { MailSettings } from '../../../../functions/contract/mail-settings.ts';
import { dictmapKeys, registryKeys } from '../../../../functions/contract/row-layout.ts';
import { DAY_MS } from '../../../../functions/contract/times.ts';
import {
  type Account,
  requireActiveAccount,
} from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { deleteTree } from '../../../../functions/core/folders/delete-tree.ts';
import { undeleteTree } from '../../../../functions/core/folders/undelete-tree.ts';
import { createMailbox } from '../../../../functions/core/mailboxes/create-mailbox.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import { expungeMessages } from '../../../../functions/core/messages/expunge-messages.ts';
import type { RowQuery } from '../../../../functions/core/ports/row-store.ts';
import { checkQuota, usedQuota } from '../../../../functions/core/quota/quota.ts';
import { BOUND_MS } from '../../../../functions/core/quota/quota-bound.ts';
import { resolveSettings } from '../../../../functions/core/settings/resolve-settings.ts';
import { MemoryRowStore } from '../../../models/memory-row-store.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

const USER = 'john@example.org';
/** More than are summed up for every message. */
const MAILBOXES = 120;
const LIMIT = 200_000;

class CountingRows extends MemoryRowStore {
  read = 0;

  override async query(query: RowQuery) {
    const page = await super.query(query);
    this.read += page.rows.length;
    return page;
  }
}

let world: World;
let rows: CountingRows;
let account: Account;

const ports = () => ({ ...world.ports, rows });
const until = () => world.clock.now() + 20_000;
const names = Array.from({ length: MAILBOXES }, (_, n) => `F/${String(n).padStart(3, '0')}`);

async function deliver(bytes: number, mailbox = 'INBOX', deployment: MailSettings = LIMITED) {
  const messages = [{ raw: Buffer.alloc(bytes, 'x') }];
  return await deliverMessages(ports(), { user: USER, deployment, mailbox, messages }, until());
}

const LIMITED: MailSettings = { quotaBytes: LIMIT };
const used = async (settings = LIMITED) =>
  (await usedQuota(ports(), account, resolveSettings(settings))).bytes;

async function expunge(mailbox: string, uids: readonly number[], settings = LIMITED) {
  const box = await requireMailbox(rows, account, mailbox);
  const context = { account, settings: resolveSettings(settings), retentionDays: { r30: 30 } };
  await expungeMessages({ ports: ports(), context, deadline: until() }, box, uids, {});
}

beforeEach(async () => {
  world = new World();
  rows = new CountingRows();
  await createAccount(ports(), CLASSES, { user: USER });
  account = await requireActiveAccount(rows, USER);
  for (const name of names) await createMailbox(ports(), account, name);
  account = await requireActiveAccount(rows, USER);
});

/** @returns rows that it read by queries */
async function rowsOf(work: () => Promise<unknown>): Promise<number> {
  const before = rows.read;
  await work();
  return rows.read - before;
}

describe('an account of many mailboxes', () => {
  test('L7: of which few hold mail, is summed up by these', async () => {
    for (const name of names.slice(0, 5)) await deliver(1000, name);
    expect(await rowsOf(async () => expect(await used()).toBe(5000))).toBeLessThan(100);
    expect(await rowsOf(() => deliver(10))).toBeLessThan(100);
  });

  test('L7: the expunge storage is among them', async () => {
    const settings = { ...LIMITED, lazyExpunge: '.EXPUNGED' };
    await deliver(1000, 'F/003', settings);
    await deliver(200, 'F/004', settings);
    await expunge('F/003', [1], settings);
    expect(await used(settings)).toBe(1200);
    world.clock.advance(31 * DAY_MS);
    expect(await used(settings)).toBe(200);
  });

  test('W8: one from before there was a directory is read whole', async () => {
    for (const name of names) await deliver(100, name, {});
    const key = registryKeys.account(account.accountId);
    const guard = { row: 'present' } as const;
    await rows.write({ kind: 'update', key, guard, change: { unset: ['hasDirectory'] } });
    account = await requireActiveAccount(rows, USER);
    expect(await used()).toBe(100 * MAILBOXES);
  });
});

describe('one in which all hold mail', () => {
  beforeEach(async () => {
    for (const name of names) await deliver(1000, name, {});
  });

  test('O3: is summed up once, and not for every message', async () => {
    expect(await rowsOf(() => deliver(10))).toBeGreaterThan(MAILBOXES);
    expect(await rowsOf(() => deliver(10))).toBeLessThan(5);
    world.clock.advance(BOUND_MS);
    expect(await rowsOf(() => deliver(10))).toBeGreaterThan(MAILBOXES);
  });

  test('L7: nothing is let in beyond the limit, and all that is below it', async () => {
    let stored = 0;
    await expect(
      (async () => {
        for (;;) {
          await deliver(7000);
          stored += 1;
        }
      })(),
    ).rejects.toMatchObject({ name: 'QuotaExceededError' });
    expect(stored).toBe(Math.floor((LIMIT - 1000 * MAILBOXES) / 7000));
    await deliver(1000);
  });

  test('L7: what was expunged makes room at once', async () => {
    await deliver(LIMIT - 1000 * MAILBOXES);
    await expect(deliver(500)).rejects.toMatchObject({ name: 'QuotaExceededError' });
    await expunge('F/000', [1]);
    await deliver(500);
  });

  test('L7: deliveries at the same time each count', async () => {
    await deliver(1);
    const some = Array.from({ length: 4 }, () => deliver(1000));
    await Promise.all(some);
    const row = await rows.get(dictmapKeys.quotaBound(account.accountId));
    expect(row?.attributes['bytes']).toBeGreaterThanOrEqual(await used());
  });

  test('L7: a bound under other rules is none', async () => {
    const exempt = { ...LIMITED, quotaExempt: ['F/*'] };
    await deliver(1000, 'INBOX', exempt);
    // Exempt no more, they are above the limit.
    const lower = { quotaBytes: 100_000 };
    await expect(deliver(10, 'INBOX', lower)).rejects.toMatchObject({ name: 'QuotaExceededError' });
  });

  test('O1: a dry run notes nothing', async () => {
    const settings = resolveSettings(LIMITED);
    await checkQuota(ports(), account, settings, 'INBOX', 1, { dryRun: true });
    expect(await rows.get(dictmapKeys.quotaBound(account.accountId))).toBeUndefined();
  });

  test('L7: a folder that comes back past the bound is seen by the next delivery', async () => {
    const deleted = {
      account,
      settings: resolveSettings(LIMITED),
      path: 'F/000',
      scope: 'mailbox',
      requestedBy: 'x',
      keepInbox: true,
      check: () => {},
    } as const;
    const { deletionId } = await deleteTree(ports(), deleted, until());
    await deliver(LIMIT - 1000 * MAILBOXES);
    const { settings } = deleted;
    await undeleteTree(ports(), { account, settings, deletionId }, until());
    await expect(deliver(1)).rejects.toMatchObject({ name: 'QuotaExceededError' });
  });

  test('L7: where no limit is set nothing is read or written', async () => {
    const settings = resolveSettings({});
    const check = () => checkQuota(ports(), account, settings, 'INBOX', 1);
    expect(await rowsOf(check)).toBe(0);
    expect(await rows.get(dictmapKeys.quotaBound(account.accountId))).toBeUndefined();
  });
});

test('L7: a storage of a namespace stays exempt when the settings lead to it no more', async () => {
  const settings = { ...LIMITED, lazyExpunge: '.EXPUNGED/' };
  await deliver(1000, 'INBOX', settings);
  await expunge('INBOX', [1], settings);
  expect(await used(settings)).toBe(0);
  expect(await used(LIMITED)).toBe(0);
});
