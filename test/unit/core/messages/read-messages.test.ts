import { beforeEach, describe, expect, test } from 'vitest';
import { BUCKET_UIDS } from '../../../../functions/contract/limits.ts';
import { dictmapKeys, messagePartition } from '../../../../functions/contract/row-layout.ts';
import type { Account } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import type { Mailbox } from '../../../../functions/core/mailboxes/mailbox.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import { fetchMessage, listMessages } from '../../../../functions/core/messages/read-messages.ts';
import { mail } from '../../../simulation/mail.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

const USER = 'a@x.org';

let world: World;
let account: Account;

beforeEach(async () => {
  world = new World();
  account = await createAccount(world.ports, CLASSES, { user: USER });
});

const inbox = () => requireMailbox(world.rows, account, 'INBOX');

async function deliver(count: number): Promise<readonly number[]> {
  const messages = Array.from({ length: count }, (_, index) => ({ raw: mail(`m${index}`) }));
  const deadline = world.clock.now() + 1000;
  return (await deliverMessages(world.ports, { user: USER, messages }, deadline)).uids;
}

/** As if so many messages had come and gone before. */
async function skipTo(uidNext: number): Promise<void> {
  const mailbox = await inbox();
  const result = await world.rows.write({
    kind: 'update',
    key: dictmapKeys.mailbox(mailbox.mailboxId),
    guard: { row: 'present', equals: { uidNext: mailbox.uidNext } },
    change: { set: { uidNext } },
  });
  expect(result).toEqual({ outcome: 'written' });
}

async function setState(mailbox: Mailbox, uid: number, state: string): Promise<void> {
  await world.rows.write({
    kind: 'update',
    key: dictmapKeys.message(mailbox.mailboxId, uid),
    guard: { row: 'present' },
    change: { set: { state } },
  });
}

async function walk(limit: number): Promise<{ uids: number[]; pages: number; empty: number }> {
  const mailbox = await inbox();
  const uids: number[] = [];
  let [pages, empty] = [0, 0];
  let afterUid: number | undefined = 0;
  while (afterUid !== undefined) {
    const page = await listMessages(world.ports, mailbox, { afterUid, limit });
    expect(page.messages.length).toBeLessThanOrEqual(limit);
    expect(page.nextAfterUid ?? Number.POSITIVE_INFINITY).toBeGreaterThan(afterUid);
    uids.push(...page.messages.map(({ uid }) => uid));
    pages += 1;
    empty += page.messages.length === 0 ? 1 : 0;
    afterUid = page.nextAfterUid;
  }
  return { uids, pages, empty };
}

describe('listing a mailbox', () => {
  test('O3: is done in pages that together hold each message once, in UID order', async () => {
    const uids = await deliver(23);
    for (const limit of [1, 7, 23, 24, 500]) expect((await walk(limit)).uids).toEqual(uids);
  });

  test('of an empty one is one empty page', async () => {
    expect(await walk(10)).toEqual({ uids: [], pages: 1, empty: 1 });
  });

  test('goes on over the border of two buckets, also within one delivery', async () => {
    await skipTo(BUCKET_UIDS - 2);
    const uids = await deliver(5);
    expect(uids).toEqual([9_998, 9_999, 10_000, 10_001, 10_002]);
    const { mailboxId } = await inbox();
    for (const [bucket, size] of [2, 3].entries()) {
      const pk = messagePartition(mailboxId, bucket);
      const { rows } = await world.rows.query({ table: 'dictmap', pk, limit: 10 });
      expect(rows).toHaveLength(size);
    }
    for (const limit of [1, 2, 3, 500]) expect((await walk(limit)).uids).toEqual(uids);
    const { body } = await fetchMessage(world.ports, account, await inbox(), 10_000);
    expect(Buffer.from(body).equals(mail('m2'))).toBe(true);
  });

  test('a mailbox that ends with its bucket has no page beyond', async () => {
    await skipTo(BUCKET_UIDS - 1);
    await deliver(1);
    expect(await walk(500)).toEqual({ uids: [BUCKET_UIDS - 1], pages: 1, empty: 0 });
    await deliver(1);
    expect(await walk(500)).toEqual({ uids: [9_999, 10_000], pages: 1, empty: 0 });
  });

  test('O3: costs no page for UIDs that were passed over', async () => {
    await deliver(2);
    await skipTo(5 * BUCKET_UIDS + 7);
    const [last] = await deliver(1);
    expect(last).toBe(50_007);
    expect(await walk(100)).toEqual({ uids: [1, 2, 50_007], pages: 1, empty: 0 });
  });

  test.each(['expunged', 'purging'])('X1: shows no message that is %s', async (state) => {
    await deliver(6);
    const mailbox = await inbox();
    for (const uid of [1, 2, 5]) await setState(mailbox, uid, state);
    expect((await walk(100)).uids).toEqual([3, 4, 6]);
    expect(await walk(2)).toMatchObject({ uids: [3, 4, 6], pages: 2, empty: 0 });
    await expect(fetchMessage(world.ports, account, mailbox, 5)).rejects.toMatchObject({
      name: 'UnknownMessageError',
    });
  });

  test('beyond the last message is an empty page without a successor', async () => {
    await deliver(3);
    for (const afterUid of [3, 4, BUCKET_UIDS, 2 ** 32 - 1]) {
      expect(await listMessages(world.ports, await inbox(), { afterUid, limit: 10 })).toEqual({
        messages: [],
      });
    }
  });
});

describe('fetching a message', () => {
  test.each([4, BUCKET_UIDS, 2 ** 32 - 1])('O2: UID %i is unknown', async (uid) => {
    await deliver(3);
    await expect(fetchMessage(world.ports, account, await inbox(), uid)).rejects.toMatchObject({
      name: 'UnknownMessageError',
      message: expect.stringContaining(`UID ${uid}`),
    });
  });

  test('W1: reads the version it was stored as, whatever came after under the key', async () => {
    await deliver(1);
    const [stored] = world.objects.versions();
    world.objects.addVersion(stored?.key ?? '', mail('other'));
    world.objects.deleteMarker(stored?.key ?? '');
    const { body } = await fetchMessage(world.ports, account, await inbox(), 1);
    expect(Buffer.from(body).equals(mail('m0'))).toBe(true);
  });

  test('W5: a message whose bytes are missing is a fault, not an unknown message', async () => {
    await deliver(1);
    await world.objects.removeVersions(world.objects.versions());
    const fault = await fetchMessage(world.ports, account, await inbox(), 1).catch((e) => e);
    expect(fault).toMatchObject({ name: 'Error', message: expect.stringContaining('is missing') });
    expect(await walk(10)).toMatchObject({ uids: [1] });
  });

  test('W5: a row without an envelope is a fault', async () => {
    await deliver(1);
    await world.rows.write({
      kind: 'update',
      key: dictmapKeys.message((await inbox()).mailboxId, 1),
      guard: { row: 'present' },
      change: { unset: ['envelope'] },
    });
    await expect(walk(10)).rejects.toThrow('damaged message row');
  });
});
