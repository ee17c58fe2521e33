/** Handing over a folder that takes more than one request. */
import { beforeEach, expect, test } from 'vitest';
import { bucketOf, dictmapKeys, messagePartition } from '../../functions/contract/row-layout.ts';
import { type Account, requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { ADMIN } from '../../functions/core/accounts/actor.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { everyTree } from '../../functions/core/folders/tree.ts';
import { everyMailbox, everyMailboxRow } from '../../functions/core/mailboxes/every-mailbox.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { everyEntry } from '../../functions/core/messages/entries.ts';
import type { MessagePorts } from '../../functions/core/messages/in-chunks.ts';
import { requestUndelete } from '../../functions/core/requests/undelete-request.ts';
import { readSettings } from '../../functions/core/settings/settings-store.ts';
import { FolderDesk, RETENTION_DAYS } from './folder-desk.ts';
import { CLASSES } from './world.ts';

const [JOHN, JANE] = ['john@example.org', 'jane@example.org'];
const MESSAGES = 300;

/** A request has 20 s: so it copies two chunks. */
const CHUNK_MS = 12_000;

let desk: FolderDesk;
let deletionId: string;

beforeEach(async () => {
  desk = await FolderDesk.make('Work');
  await createAccount(desk.world.ports, CLASSES, { user: JANE });
  for (let sent = 0; sent < MESSAGES; sent += 75) {
    const messages = Array.from({ length: 75 }, () => ({
      raw: Buffer.from('Subject: x\r\n\r\nx'),
    }));
    await deliverMessages(desk.ports, { user: JOHN, mailbox: 'Work', messages }, desk.deadline);
  }
  ({ deletionId } = await desk.remove('Work'));
});

/** One request, in which each chunk takes its time; UIDs of the source that it read. */
async function handOver() {
  const { rows } = desk.world;
  const [source] = await rowsOf(JOHN, 'deleted');
  const pk = messagePartition(source?.mailboxId ?? '', bucketOf(1));
  const read: number[] = [];
  const query: typeof rows.query = async (asked) => {
    const page = await rows.query(asked);
    if (asked.pk === pk) read.push(...page.rows.map(({ key }) => Number(key.sk)));
    return page;
  };
  const transact: typeof rows.transact = async (writes) => {
    const isCopy = writes.some((one) => one.kind === 'put' && one.attributes['type'] === 'message');
    if (isCopy) desk.world.clock.advance(CHUNK_MS);
    return await rows.transact(writes);
  };
  const slow = new Proxy(rows, {
    get: (target, name) => {
      if (name === 'transact') return transact;
      if (name === 'query') return query;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  const ports: MessagePorts = { ...desk.ports, rows: slow };
  const request = await desk.request(ports);
  const settingsOf = (other: Account) => readSettings(rows, {}, other);
  const access = { ...request.access, actor: ADMIN, retentionDays: RETENTION_DAYS };
  const answer = await requestUndelete(
    { ...request, access, settingsOf },
    { deletionId, toUser: JANE },
  );
  return { isOver: answer.complete !== false, read };
}

async function rowsOf(user: string, state: string) {
  const { accountId } = await requireActiveAccount(desk.world.rows, user);
  const found = [];
  for await (const one of everyMailboxRow(desk.world.rows, accountId)) {
    if (one.state === state) found.push(one);
  }
  return found;
}

async function finish(): Promise<void> {
  for (let requests = 1; requests < 20; requests += 1) if ((await handOver()).isOver) return;
}

async function seen(): Promise<number[]> {
  const { rows, clock } = desk.world;
  const account = await requireActiveAccount(rows, JANE);
  const found: number[] = [];
  for await (const mailbox of everyMailbox(rows, account)) {
    for await (const page of everyEntry(rows, mailbox, clock, { pageEntries: 100 })) {
      found.push(...page.map(({ message }) => message.uid));
    }
  }
  return found;
}

const ALL = Array.from({ length: MESSAGES }, (_, index) => index + 1);

test('F4, O3: each request goes on behind what the ones before it have copied', async () => {
  const first = await handOver();
  expect(first.isOver).toBe(false);
  const reached = Math.max(...first.read);
  const second = await handOver();
  expect(Math.min(...second.read)).toBeGreaterThan(reached - 1);
  expect(await seen()).toEqual([]);
  await finish();
  expect(await seen()).toEqual(ALL);
  expect(await rowsOf(JOHN, 'deleted')).toEqual([]);
  const [arrived] = (await rowsOf(JANE, 'active')).filter(({ path }) => path === 'Work');
  expect(arrived?.messages).toBe(MESSAGES);
  expect(arrived).not.toHaveProperty('arrivedUid');
});

test('W1: what a purge has taken of the copy comes once more, wherever the copy was', async () => {
  await handOver();
  await handOver();
  const { rows } = desk.world;
  const [target] = await rowsOf(JANE, 'deleted');
  const { mailboxId = '', messages } = target ?? {};
  expect(messages).toBeGreaterThan(100);
  const { accountId } = await requireActiveAccount(rows, JANE);
  const treeIds: string[] = [];
  for await (const tree of everyTree(rows, accountId)) treeIds.push(tree.deletionId);
  const taken = [1, 2, 3];
  const sizeBytes = Buffer.byteLength('Subject: x\r\n\r\nx');
  const add = { messages: -taken.length, bytes: -taken.length * sizeBytes };
  const written = await rows.transact([
    ...taken.map((uid) => ({ kind: 'remove', key: dictmapKeys.message(mailboxId, uid) }) as const),
    {
      kind: 'update',
      key: dictmapKeys.mailbox(mailboxId),
      guard: { row: 'present' },
      change: { add, set: { firstLiveUid: 4 } },
    },
    {
      kind: 'update',
      key: dictmapKeys.tree(accountId, treeIds[0] ?? ''),
      guard: { row: 'present' },
      change: { add },
    },
  ]);
  expect(written.outcome).toBe('written');
  await finish();
  expect(await seen()).toEqual(ALL);
});
