import { beforeEach, describe, expect, test } from 'vitest';
import { BUCKET_UIDS } from '../../../../functions/contract/limits.ts';
import { dictmapKeys } from '../../../../functions/contract/row-layout.ts';
import type { Account } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import {
  everyBucket,
  type Listing,
  newBucket,
} from '../../../../functions/core/mailboxes/bucket-directory.ts';
import { dropEmptyBuckets } from '../../../../functions/core/mailboxes/empty-buckets.ts';
import type { Mailbox } from '../../../../functions/core/mailboxes/mailbox.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import { expungeMessages } from '../../../../functions/core/messages/expunge-messages.ts';
import type { RowStore } from '../../../../functions/core/ports/row-store.ts';
import { resolveSettings } from '../../../../functions/core/settings/resolve-settings.ts';
import { mail } from '../../../simulation/mail.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

const USER = 'john@example.com';
const DEADLINE = Number.POSITIVE_INFINITY;
const DAY_MS = 86_400_000;

let world: World;
let account: Account;

beforeEach(async () => {
  world = new World({ pageEntries: 1000 });
  account = await createAccount(world.ports, CLASSES, { user: USER });
});

const inbox = () => requireMailbox(world.rows, account, 'INBOX');

const deliverAt = async (uid: number) =>
  await deliverMessages(world.ports, { user: USER, messages: [{ raw: mail('x'), uid }] }, DEADLINE);

async function expunge(uid: number, lazyExpunge: string): Promise<void> {
  const settings = resolveSettings({ lazyExpunge });
  const context = { account, settings, retentionDays: { r30: 30 } };
  await expungeMessages(
    { ports: world.ports, context, deadline: DEADLINE },
    await inbox(),
    [uid],
    {},
  );
}

/** Numbers of the buckets that rows of this kind name. */
const named = (kind: string): number[] =>
  world.rows
    .rows('dictmap')
    .filter(({ key }) => key.sk.startsWith(`${kind}#`))
    .map(({ attributes }) => Number(attributes['bucket']));

/** All that was expunged has ended, and DynamoDB's TTL has been here. */
function passRetention(): void {
  world.clock.advance(40 * DAY_MS);
  world.rows.expireTtl(world.clock.now());
}

/** Rows of spent buckets, and a mark above them. */
async function putSpent(count: number): Promise<Mailbox> {
  const { mailboxId } = await inbox();
  await world.rows.write({
    kind: 'update',
    key: dictmapKeys.mailbox(mailboxId),
    guard: { row: 'present' },
    change: { set: { uidNext: count * BUCKET_UIDS + 1, topBucket: count } },
  });
  for (let bucket = 0; bucket < count; bucket += 1) {
    const key = dictmapKeys.bucket('spent', mailboxId, bucket);
    await world.rows.write({ kind: 'put', key, attributes: newBucket(mailboxId, bucket) });
  }
  return await inbox();
}

const drop = async (mailbox: Mailbox, listing: Listing = 'bucket', rows: RowStore = world.rows) =>
  await dropEmptyBuckets(rows, mailbox, listing, world.clock.now());

describe('O3: rows of spent buckets', () => {
  test('O3: an empty one goes when the next bucket comes into use', async () => {
    await deliverAt(BUCKET_UIDS - 1);
    await expunge(BUCKET_UIDS - 1, 'in-place');
    await deliverAt(BUCKET_UIDS);
    expect(named('spent')).toEqual([0]);
    passRetention();
    await deliverAt(2 * BUCKET_UIDS);
    expect(named('spent')).toEqual([]);
    expect(named('bucket')).toEqual([1, 2]);
  });

  test('X3: one in which a row is left stays, so that erasure finds it', async () => {
    await deliverAt(BUCKET_UIDS - 1);
    await expunge(BUCKET_UIDS - 1, 'in-place');
    await deliverAt(BUCKET_UIDS);
    await deliverAt(2 * BUCKET_UIDS);
    expect(named('spent')).toEqual([0]);
    const found: number[] = [];
    for await (const bucket of everyBucket(world.rows, await inbox())) found.push(bucket);
    expect(found).toEqual([0, 1, 2]);
  });

  test('O3: however many there are, all that are empty go, some with each bucket', async () => {
    const count = 300;
    const { mailboxId } = await putSpent(count);
    for (let more = 0; named('spent').length > 0 && more < 30; more += 1) {
      await deliverAt((count + more + 1) * BUCKET_UIDS);
    }
    expect(named('spent')).toEqual([]);
    expect((await inbox()).mailboxId).toBe(mailboxId);
  });

  test('O3: filled ones, however many, do not keep empty ones from going', async () => {
    const { mailboxId } = await putSpent(200);
    const filled = Array.from({ length: 100 }, (_, index) => index * 2);
    for (const bucket of filled) {
      const key = dictmapKeys.message(mailboxId, bucket * BUCKET_UIDS + 1);
      await world.rows.write({ kind: 'put', key, attributes: { type: 'message', state: 'ended' } });
    }
    for (let more = 1; more < 40; more += 1) await deliverAt((200 + more) * BUCKET_UIDS);
    expect(named('spent')).toEqual(filled);
  });

  test('X3: none goes from a mailbox that is no longer active: mail may arrive there', async () => {
    const before = await putSpent(2);
    await world.rows.write({
      kind: 'update',
      key: dictmapKeys.mailbox(before.mailboxId),
      guard: { row: 'present' },
      change: { set: { state: 'deleted' } },
    });
    await drop(before);
    expect(named('spent')).toEqual([0, 1]);
  });

  test('X3: a row that was written anew after it was read stays', async () => {
    const mailbox = await putSpent(1);
    const key = dictmapKeys.bucket('spent', mailbox.mailboxId, 0);
    const rows: Pick<RowStore, 'query'> = {
      query: async (query) => {
        const page = await world.rows.query(query);
        const attributes = { ...newBucket(mailbox.mailboxId, 0), revision: 2 };
        if (query.pk === key.pk) await world.rows.write({ kind: 'put', key, attributes });
        return page;
      },
    };
    const raced = new Proxy<RowStore>(world.rows, {
      get: (target, name) =>
        name === 'query' ? rows.query : Reflect.get(target, name).bind(target),
    });
    await drop(mailbox, 'bucket', raced);
    expect(named('spent')).toEqual([0]);
  });

  test('X3: the highest stays, and those that say that a bucket without a row is spent', async () => {
    const mailbox = await putSpent(3);
    await drop({ ...mailbox, topBucket: 2, unlistedBuckets: 1 });
    expect(named('spent')).toEqual([0, 2]);
  });
});

describe('W1: buckets of the view of a storage', () => {
  const STORAGE = 'Lazy';

  /** One entry in the first bucket of the view, then one in the second. */
  async function fillView(): Promise<Mailbox> {
    await deliverAt(1);
    await deliverAt(2);
    await expunge(1, STORAGE);
    const { mailboxId } = await requireMailbox(world.rows, account, STORAGE);
    await world.rows.write({
      kind: 'update',
      key: dictmapKeys.mailbox(mailboxId),
      guard: { row: 'present' },
      change: { set: { uidNext: BUCKET_UIDS } },
    });
    await expunge(2, STORAGE);
    return await requireMailbox(world.rows, account, STORAGE);
  }

  /** An index that shows nothing yet. */
  const late = () =>
    new Proxy<RowStore>(world.rows, {
      get: (target, name) =>
        name === 'query'
          ? async (query: Parameters<RowStore['query']>[0]) =>
              query.index === undefined ? await target.query(query) : { rows: [] }
          : Reflect.get(target, name).bind(target),
    });

  test('O3: an empty one goes once the next has been in use for a day', async () => {
    const storage = await fillView();
    expect(named('lazy')).toEqual([0, 1]);
    passRetention();
    await drop(storage, 'lazy');
    expect(named('lazy')).toEqual([1]);
  });

  test('W1: one whose last entry may be new stays, whatever a late index shows', async () => {
    const storage = await fillView();
    world.clock.advance(DAY_MS - 1);
    await drop(storage, 'lazy', late());
    expect(named('lazy')).toEqual([0, 1]);
  });

  test('W1: one that shows an entry stays, however old it is', async () => {
    const storage = await fillView();
    world.clock.advance(100 * DAY_MS);
    await drop(storage, 'lazy');
    expect(named('lazy')).toEqual([0, 1]);
  });

  test('W1: one of which nobody knows when the next came stays', async () => {
    const storage = await fillView();
    await world.rows.write({
      kind: 'update',
      key: dictmapKeys.bucket('lazy', storage.mailboxId, 1),
      guard: { row: 'present' },
      change: { unset: ['registeredAt'] },
    });
    passRetention();
    await drop(storage, 'lazy');
    expect(named('lazy')).toEqual([0, 1]);
  });
});
