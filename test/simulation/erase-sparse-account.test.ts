import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { BUCKET_UIDS, DELIVERY_MESSAGES } from '../../functions/contract/limits.ts';
import { dictmapKeys } from '../../functions/contract/row-layout.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { requireMailbox } from '../../functions/core/mailboxes/mailboxes.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { expungeMessages } from '../../functions/core/messages/expunge-messages.ts';
import { resolveSettings } from '../../functions/core/settings/resolve-settings.ts';
import { SOAK } from '../soak-sizes.ts';
import { certificateOf, operationIdOf } from './doomed-account.ts';
import { mail } from './mail.ts';
import { CLASSES, World } from './world.ts';

const USER = 'a@x.co';

/** What a worker with a small heap says; it ends with an error where the heap is too small. */
async function eraseInWorker(workerData: string): Promise<unknown> {
  return await new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./sparse-account.ts', import.meta.url), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: SOAK.erasureHeapMb },
      execArgv: [],
    });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the worker ended without an answer')));
  });
}

describe(`X3: what an erasure takes follows what is there, in ${SOAK.erasureHeapMb} MB`, () => {
  test.each([['UIDs'], ['mailboxes']])(
    'X3: an account with the highest %s that it can have is erased',
    async (what) => {
      expect(await eraseInWorker(what)).toEqual({ status: 'SUCCEEDED', rowsLeft: 0 });
    },
    900_000,
  );
});

describe('X3: buckets far apart', () => {
  /** One message in each of many buckets, as an import from another store brings them. */
  async function spread(world: World): Promise<void> {
    await createAccount(world.ports, CLASSES, { user: USER });
    const messages = Array.from({ length: DELIVERY_MESSAGES }, (_, index) => ({
      raw: mail(`m${index}`),
      uid: index * 30 * BUCKET_UIDS + 7,
    }));
    const idempotency = { key: 'k', requestHash: 'h' };
    const deadline = Number.POSITIVE_INFINITY;
    await deliverMessages(world.ports, { user: USER, messages, idempotency }, deadline);
  }

  const rowsOf = (world: World, prefix: string) =>
    world.rows.rows('dictmap').filter(({ key }) => key.sk.startsWith(prefix));

  test('X3: each message of a request in a bucket of its own is registered, erased and counted', async () => {
    const world = new World();
    await spread(world);
    expect(rowsOf(world, 'bucket#')).toHaveLength(DELIVERY_MESSAGES);
    const run = await world.run({ user: USER });
    expect(run.status).toBe('SUCCEEDED');
    expect(world.rows.rows('dictmap')).toEqual([]);
    const { erased, verification } = await certificateOf(world, operationIdOf(run.output));
    expect(erased).toMatchObject({ messageRows: DELIVERY_MESSAGES });
    // The account's own, 16 of blobs, and one of messages for each bucket.
    expect(verification).toMatchObject({ partitionsListed: 1 + 16 + DELIVERY_MESSAGES });
  });

  test('X3: of a mailbox row older than the directory every bucket up to UIDNEXT is looked into', async () => {
    const world = new World();
    await createAccount(world.ports, CLASSES, { user: USER });
    const inbox = rowsOf(world, 'mailbox#')[0];
    const mailboxId = String(inbox?.attributes['mailboxId']);
    const uid = 3 * BUCKET_UIDS + 4567;
    const attributes = { v: 1, type: 'message', state: 'live' };
    await world.rows.write({ kind: 'put', key: dictmapKeys.message(mailboxId, uid), attributes });
    await world.rows.write({
      kind: 'update',
      key: dictmapKeys.mailbox(mailboxId),
      guard: { row: 'present' },
      change: { set: { uidNext: 9 * BUCKET_UIDS } },
    });
    await deliverMessages(world.ports, { user: USER, messages: [{ raw: mail('new') }] }, Infinity);
    const run = await world.run({ user: USER });
    expect(run.status).toBe('SUCCEEDED');
    expect(world.rows.rows('dictmap')).toEqual([]);
    const { erased } = await certificateOf(world, operationIdOf(run.output));
    expect(erased).toMatchObject({ messageRows: 2 });
  });

  test('X3: of a storage no bucket is looked into but those of its view that are in use', async () => {
    const world = new World();
    const account = await createAccount(world.ports, CLASSES, { user: USER });
    const settings = resolveSettings({ lazyExpunge: '.EXPUNGED' });
    const context = { account, settings, retentionDays: { r14: 14, r30: 30, keep: null } };
    const expungeOne = async (): Promise<void> => {
      await deliverMessages(world.ports, { user: USER, messages: [{ raw: mail('x') }] }, Infinity);
      const inbox = await requireMailbox(world.rows, account, 'INBOX');
      await expungeMessages(
        { ports: world.ports, context, deadline: Infinity },
        inbox,
        [inbox.uidNext - 1],
        {},
      );
    };
    await expungeOne();
    const storage = await requireMailbox(world.rows, account, '.EXPUNGED');
    // As after 500,000 more that have ended.
    await world.rows.write({
      kind: 'update',
      key: dictmapKeys.mailbox(storage.mailboxId),
      guard: { row: 'present' },
      change: { set: { uidNext: 50 * BUCKET_UIDS + 1 } },
    });
    await expungeOne();
    const run = await world.run({ user: USER });
    expect(run.status).toBe('SUCCEEDED');
    expect(world.rows.rows('dictmap')).toEqual([]);
    const { verification } = await certificateOf(world, operationIdOf(run.output));
    // The account's own, 16 of blobs, and INBOX's: what the view shows are rows of INBOX.
    expect(verification).toMatchObject({ partitionsListed: 1 + 16 + 1 });
  });

  test('X3: no bucket comes into the directory once the mailbox is fenced', async () => {
    const world = new World();
    await createAccount(world.ports, CLASSES, { user: USER });
    const inbox = rowsOf(world, 'mailbox#')[0];
    const mailboxId = String(inbox?.attributes['mailboxId']);
    const { put } = world.objects;
    // The fence comes while the bodies are stored: after the request was checked.
    world.objects.put = async (...given) => {
      await world.rows.write({
        kind: 'update',
        key: dictmapKeys.mailbox(mailboxId),
        guard: { row: 'present' },
        change: { set: { state: 'erasing' } },
      });
      return await put.apply(world.objects, given);
    };
    const messages = [{ raw: mail('late') }];
    await expect(
      deliverMessages(world.ports, { user: USER, messages }, Infinity),
    ).rejects.toMatchObject({ name: 'AccountNotActiveError' });
    expect(rowsOf(world, 'bucket#')).toEqual([]);
  });
});
