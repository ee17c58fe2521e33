import { beforeEach, describe, expect, test } from 'vitest';
import { BUCKET_UIDS } from '../../../../functions/contract/limits.ts';
import { dictmapKeys, registryKeys } from '../../../../functions/contract/row-layout.ts';
import { DAY_MS } from '../../../../functions/contract/times.ts';
import {
  type Account,
  requireActiveAccount,
} from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { deleteNow } from '../../../../functions/core/folders/delete-now.ts';
import { deleteTree } from '../../../../functions/core/folders/delete-tree.ts';
import { createMailbox } from '../../../../functions/core/mailboxes/create-mailbox.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import { expungeMessages } from '../../../../functions/core/messages/expunge-messages.ts';
import { dayOf } from '../../../../functions/core/policies/expiry.ts';
import type { RowStore } from '../../../../functions/core/ports/row-store.ts';
import { showQuota } from '../../../../functions/core/quota/quota.ts';
import { recount } from '../../../../functions/core/quota/recount.ts';
import { resolveSettings } from '../../../../functions/core/settings/resolve-settings.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

const USER = 'a@x.org';
const BYTES = 100;
const SETTINGS = resolveSettings({ lazyExpunge: '.EXPUNGED' });

let world: World;
let account: Account;

beforeEach(async () => {
  world = new World();
  account = await createAccount(world.ports, CLASSES, { user: USER });
  await createMailbox(world.ports, account, 'Archive');
  await deliver('INBOX', 5);
  await deliver('Archive', 2);
  await expunge(1, 2);
});

const until = () => world.clock.now() + 20_000;
const box = (path: string) => requireMailbox(world.rows, account, path);
const deliver = (mailbox: string, count: number) =>
  deliverMessages(
    world.ports,
    { user: USER, mailbox, messages: Array(count).fill({ raw: Buffer.alloc(BYTES, 'x') }) },
    until(),
  );
const expunge = async (...uids: number[]) => {
  const context = { account, settings: SETTINGS, retentionDays: { r30: 30 } };
  await expungeMessages(
    { ports: world.ports, context, deadline: until() },
    await box('INBOX'),
    uids,
    {},
  );
};
const quota = () => showQuota(world.ports, account, SETTINGS);
const count = (rows: RowStore = world.rows, deadline = until()) =>
  recount({ rows, clock: world.clock }, account, undefined, deadline);

/** Falsifies a counter, as a fault or a restored table would. */
async function falsify(path: string, messages: number, day?: string): Promise<void> {
  const { mailboxId } = await box(path);
  const key =
    day === undefined ? dictmapKeys.mailbox(mailboxId) : dictmapKeys.expiry(mailboxId, day);
  const change = { add: { messages, bytes: messages * BYTES } };
  const result = await world.rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
  expect(result.outcome).toBe('written');
}

/** Rows in which something happens after each page. */
function rowsWith(happens: (pages: number) => unknown): RowStore {
  let pages = 0;
  const { rows } = world;
  return {
    get: (key) => rows.get(key),
    write: (write) => rows.write(write),
    transact: (writes) => rows.transact(writes),
    removeAll: (keys) => rows.removeAll(keys),
    query: async (query) => {
      const page = await rows.query(query);
      pages += 1;
      await happens(pages);
      return page;
    },
  };
}

const endDay = () => dayOf(world.clock.now() + 30 * DAY_MS);

describe('counting again', () => {
  test('finds nothing where nothing is wrong', async () => {
    const before = world.rows.rows();
    expect(await count()).toEqual({ drift: [] });
    expect(world.rows.rows()).toEqual(before);
  });

  test('corrects counters of mailboxes and of days, and says by how much', async () => {
    const right = await quota();
    expect(right).toEqual({ messages: 7, bytes: 700 });
    await falsify('INBOX', 3);
    await falsify('Archive', -1);
    await falsify('.EXPUNGED', 4, endDay());
    expect(await quota()).toMatchObject({ messages: 13 });
    const { drift } = await count();
    expect(drift).toHaveLength(3);
    expect(drift).toEqual(
      expect.arrayContaining([
        { mailbox: 'INBOX', messages: 3, bytes: 300 },
        { mailbox: 'Archive', messages: -1, bytes: -100 },
        { mailbox: '.EXPUNGED', messages: 4, bytes: 400 },
      ]),
    );
    expect(await quota()).toEqual(right);
    expect(await count()).toEqual({ drift: [] });
  });

  test('makes the count of a day that is not there', async () => {
    const right = await quota();
    const { mailboxId } = await box('.EXPUNGED');
    await world.rows.removeAll([dictmapKeys.expiry(mailboxId, endDay())]);
    expect((await count()).drift).toEqual([{ mailbox: '.EXPUNGED', messages: -2, bytes: -200 }]);
    expect(await quota()).toEqual(right);
  });

  test('L6, W8: what came from a deleted folder still counts, gone at once or delayed', async () => {
    const context = { account, settings: SETTINGS, retentionDays: { r30: 30 } };
    await deleteNow(world.ports, context, { mailbox: await box('Archive') }, until());
    expect(await quota()).toMatchObject({ messages: 7 });
    expect(await count()).toEqual({ drift: [] });
    await createMailbox(world.ports, await requireActiveAccount(world.rows, USER), 'Work');
    await deliver('Work', 1);
    await expungeMessages(
      { ports: world.ports, context, deadline: until() },
      await box('Work'),
      [1],
      {},
    );
    await deleteTree(
      world.ports,
      {
        account,
        settings: SETTINGS,
        path: 'Work',
        scope: 'tree',
        requestedBy: 'test',
        keepInbox: false,
        check: () => {},
      },
      until(),
    );
    const before = world.rows.rows();
    expect(await count()).toEqual({ drift: [] });
    expect(world.rows.rows()).toEqual(before);
    expect(await quota()).toMatchObject({ messages: 8 });
  });

  test.each([1, 2, 3, 4, 5])(
    'is exact beside work in the account (after page %i)',
    async (pages) => {
      const work = async () => {
        await deliver('INBOX', 2);
        await expunge(3);
        await deliver('Archive', 1);
      };
      const { drift } = await count(rowsWith((page) => (page === pages ? work() : undefined)));
      expect(drift).toEqual([]);
      expect(await quota()).toEqual({ messages: 10, bytes: 1000 });
      expect((await count()).drift).toEqual([]);
    },
  );

  test('O3: goes on where time ran out', async () => {
    for (const path of ['INBOX', 'Archive']) await falsify(path, 1);
    const found = await inSteps(4);
    expect(found.calls).toBeGreaterThan(1);
    expect(found.drift).toHaveLength(2);
    expect(await quota()).toMatchObject({ messages: 7 });
  });
});

/** Requests that have time for so many pages; what all of them correct. */
async function inSteps(pages: number, between: () => Promise<unknown> = async () => {}) {
  let now = 0;
  const rows = rowsWith(() => {
    now += 1;
  });
  const drift: unknown[] = [];
  let after: string | undefined;
  for (let calls = 1; calls < 50; calls += 1) {
    now = 0;
    const ports = { rows, clock: { now: () => now, sleep: async () => {} } };
    const answer = await recount(ports, account, after, pages);
    drift.push(...answer.drift);
    if (answer.next === undefined) return { calls, drift };
    expect(answer.next).not.toBe(after);
    after = answer.next;
    await between();
  }
  throw new Error('the count does not come to an end');
}

describe('counting a mailbox that takes more than one request', () => {
  const BUCKETS = 6;

  beforeEach(async () => {
    for (let bucket = 1; bucket < BUCKETS; bucket += 1) {
      const messages = [0, 1, 2].map((index) => ({
        raw: Buffer.alloc(BYTES, 'x'),
        uid: bucket * BUCKET_UIDS + index,
        ...(index === 0 ? { flags: ['\\Seen'] } : {}),
      }));
      await deliverMessages(world.ports, { user: USER, mailbox: 'INBOX', messages }, until());
    }
  });

  test.each([0, 1, 2, 3, 5, 8])(
    'W8, O3: it is exact, with time for %i pages in each request',
    async (pages) => {
      const right = await box('INBOX');
      await falsify('INBOX', 3);
      const { drift } = await inSteps(pages);
      expect(drift).toEqual([{ mailbox: 'INBOX', messages: 3, bytes: 300 }]);
      expect(await box('INBOX')).toEqual(right);
    },
  );

  test('W8: what happens between two requests is not counted half', async () => {
    await falsify('INBOX', 3);
    let turn = 0;
    const { drift, calls } = await inSteps(1, async () => {
      turn += 1;
      if (turn % 2 === 1) await deliver('INBOX', 1);
      else await expunge((await box('INBOX')).uidNext - 1);
    });
    expect(calls).toBeGreaterThan(2);
    expect(drift).toEqual([]);
    expect((await count()).drift).toEqual([{ mailbox: 'INBOX', messages: 3, bytes: 300 }]);
  });

  test('W8: a cursor alone does not say what has been counted', async () => {
    await falsify('INBOX', 3);
    const before = await box('INBOX');
    const cursor = `${before.mailboxId}#4`;
    const ports = { rows: world.rows, clock: world.clock };
    expect((await recount(ports, account, cursor, until())).drift).toEqual([]);
    expect(await box('INBOX')).toEqual(before);
  });

  test('X3: nothing is noted in an account that is on its way out', async () => {
    await world.rows.write({
      kind: 'update',
      key: registryKeys.account(account.accountId),
      guard: { row: 'present' },
      change: { set: { state: 'erasing' } },
    });
    await inSteps(1);
    const rows = world.rows.rows('dictmap');
    expect(rows.filter(({ key }) => key.sk.startsWith('recount#'))).toEqual([]);
  });
});
