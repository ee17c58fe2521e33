/** What others ask of a deleted folder while it is handed over to another account. */
import { beforeEach, describe, expect, test } from 'vitest';
import { dictmapKeys } from '../../functions/contract/row-layout.ts';
import { type Account, requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { ADMIN } from '../../functions/core/accounts/actor.ts';
import { purgeTree } from '../../functions/core/folders/purge-tree.ts';
import { everyTree } from '../../functions/core/folders/tree.ts';
import { everyMailbox } from '../../functions/core/mailboxes/every-mailbox.ts';
import { everyEntry } from '../../functions/core/messages/entries.ts';
import type { MessagePorts } from '../../functions/core/messages/in-chunks.ts';
import { requestUndelete } from '../../functions/core/requests/undelete-request.ts';
import { readSettings } from '../../functions/core/settings/settings-store.ts';
import { Pace } from '../../functions/core/walks/pace.ts';
import { Crashes } from '../models/faulty.ts';
import { deletedWork, isOf, never, portsWith } from './deleted-work.ts';
import { type FolderDesk, RETENTION_DAYS } from './folder-desk.ts';

const [JANE, JACK] = ['jane@example.org', 'jack@example.org'];
const MAIL = ['Work/a: two', 'Work: one', 'Work: three'];
const HOUR_MS = 3_600_000;

let desk: FolderDesk;
let deletionId: string;

beforeEach(async () => {
  ({ desk, deletionId } = await deletedWork(JANE, JACK));
});

async function handOver(toUser: string, ports: MessagePorts = desk.ports, path?: string) {
  const request = await desk.request(ports);
  const settingsOf = (other: Account) => readSettings(ports.rows, {}, other);
  const access = { ...request.access, actor: ADMIN, retentionDays: RETENTION_DAYS };
  const body = { deletionId, toUser, ...(path === undefined ? {} : { path }) };
  return await requestUndelete({ ...request, access, settingsOf }, body);
}

/** Mailbox and subject of everything that a user sees. */
async function seenBy(user: string): Promise<string[]> {
  const { rows, clock } = desk.world;
  const found: string[] = [];
  const account = await requireActiveAccount(rows, user);
  for await (const mailbox of everyMailbox(rows, account)) {
    for await (const page of everyEntry(rows, mailbox, clock, { pageEntries: 100 })) {
      found.push(...page.map(({ message }) => `${mailbox.path}: ${message.envelope.subject}`));
    }
  }
  return found.sort();
}

async function dieAt(call: number): Promise<void> {
  const crashes = new Crashes({ call, point: 'after' });
  const { rows, objects } = crashes.wrapAll({
    rows: desk.ports.rows,
    objects: desk.ports.objects,
  });
  await expect(handOver(JANE, { ...desk.ports, rows, objects })).rejects.toThrow('after');
}

const tree = async () => (await desk.trees())[0];

async function purge(claim = 'op-purge') {
  const now = await tree();
  return now && (await desk.purge(now, claim));
}

describe('a deleted folder that is being handed over', () => {
  test.each(['mailbox', 'message'])(
    'W1, W4: cannot be purged, brought back or handed to somebody else before a %s is copied',
    async (type) => {
      const met: unknown[] = [];
      const ports = portsWith(desk, isOf(type), async () => {
        expect(await tree()).toMatchObject({ state: 'leaving', mailboxes: 2, messages: 3 });
        met.push((await purge())?.outcome);
        const name = (error: Error) => error.name;
        met.push(await desk.bringBack(deletionId).then(() => 'back', name));
        met.push(await handOver(JACK).then(() => 'handed over', name));
        met.push(await handOver(JANE, desk.ports, 'Work/a').then(() => 'handed over', name));
      });
      expect(await handOver(JANE, ports)).toEqual({
        deletionId,
        to: 'Work',
        mailboxes: 2,
        messages: 3,
        bytes: expect.any(Number),
      });
      expect(met).toEqual(['taken', 'NotAllowedError', 'NotAllowedError', 'NotAllowedError']);
      expect(await seenBy(JANE)).toEqual(MAIL);
      expect(await tree()).toMatchObject({ state: 'purged', mailboxes: 0, messages: 0 });
    },
  );

  test('W1: a claim that is lost all the same ends the hand-over, not the folder', async () => {
    const ports = portsWith(desk, isOf('message'), async () => {
      desk.world.clock.advance(HOUR_MS);
      const gone = await desk.purge((await tree()) ?? never(), 'op-purge', {
        dueAt: (path) => (path === 'Work/a' ? 0 : Number.POSITIVE_INFINITY),
      });
      expect(gone).toMatchObject({ outcome: 'rest', messages: 1 });
    });
    await expect(handOver(JANE, ports)).rejects.toMatchObject({ name: 'SupersededError' });
    expect(await seenBy(JANE)).toEqual([]);
    expect(await tree()).toMatchObject({ state: 'deleted', mailboxes: 1, messages: 2 });
    await desk.bringBack(deletionId);
    expect(await desk.found()).toEqual(['Work: one', 'Work: three']);
  });

  test('W8: what arrives is compared with what the folder counts, and ends nothing that differs', async () => {
    const { accountId } = await desk.account();
    const row = desk.world.rows.rows('dictmap').find(({ key, attributes }) => {
      const { subject } = (attributes['envelope'] ?? {}) as { subject?: string };
      return key.pk.includes(accountId) && subject === 'three';
    });
    // Behind everybody's back: the counters still say that it is there.
    const ports = portsWith(
      desk,
      isOf('mailbox'),
      async () => await desk.world.rows.removeAll(row === undefined ? [] : [row.key]),
    );
    await expect(handOver(JANE, ports)).rejects.toThrow('nothing of the source may end');
    expect(await tree()).toMatchObject({ state: 'deleted', mailboxes: 2, messages: 3 });
    expect(await seenBy(JANE)).toEqual([]);
  });

  test('W5: a message whose row is missing for a moment is not taken for ended', async () => {
    const { accountId } = await desk.account();
    const rows = desk.world.rows.rows('dictmap');
    const lost = rows.find(({ key, attributes }) => {
      return key.pk.includes(accountId) && attributes['type'] === 'message';
    });
    if (lost === undefined) return never();
    await desk.world.rows.removeAll([lost.key]);
    await expect(handOver(JANE)).rejects.toThrow('nothing of the source may end');
    await desk.world.rows.write({ kind: 'put', ...lost });
    await handOver(JANE);
    expect(await seenBy(JANE)).toEqual(MAIL);
  });

  test('W6: a hold that comes meanwhile ends the hand-over, and nothing else', async () => {
    const { accountId } = await desk.account();
    const ports = portsWith(desk, isOf('message'), async () => {
      const key = { table: 'registry', pk: `account#${accountId}`, sk: 'account' } as const;
      const change = { set: { hold: { by: 'court' } } };
      await desk.world.rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
    });
    await expect(handOver(JANE, ports)).rejects.toMatchObject({ name: 'AccountHeldError' });
    expect(await tree()).toMatchObject({ state: 'deleted', messages: 3 });
  });

  test('W1: what a purge takes of the copy just before it comes back keeps the folder where it was', async () => {
    const ports = portsWith(desk, isOf('path'), async () => {
      const other = await requireActiveAccount(desk.world.rows, JANE);
      const settings = await readSettings(desk.world.rows, {}, other);
      const context = { account: other, settings, retentionDays: RETENTION_DAYS };
      for await (const copy of everyTree(desk.world.rows, other.accountId)) {
        const dueAt = (path: string) => (path === 'Work/a' ? 0 : Number.POSITIVE_INFINITY);
        const pace = new Pace(desk.world.clock, 1000, 1);
        const purging = { claim: 'op-there', dueAt, pace, counting: () => [] };
        await purgeTree(desk.ports, context, { tree: copy, purge: purging }, desk.deadline);
      }
    });
    await expect(handOver(JANE, ports)).rejects.toMatchObject({ name: 'NotAllowedError' });
    expect(await seenBy(JANE)).toEqual(['Work: one', 'Work: three']);
    expect(await tree()).toMatchObject({ state: 'deleted', mailboxes: 2, messages: 3 });
  });

  test('F4: an answer that refuses gives the folder back at once', async () => {
    await handOver(JACK, desk.ports, 'Work/a');
    const create = await requireActiveAccount(desk.world.rows, JANE);
    const path = dictmapKeys.path(create.accountId, 'Elsewhere');
    expect(await desk.world.rows.get(path)).toBeUndefined();
    const request = await desk.request();
    const settingsOf = (other: Account) => readSettings(desk.world.rows, {}, other);
    const body = { deletionId, toUser: JANE, to: 'INBOX' };
    await expect(requestUndelete({ ...request, settingsOf }, body)).rejects.toMatchObject({
      name: 'MailboxExistsError',
    });
    expect(await tree()).toMatchObject({ state: 'deleted', mailboxes: 1 });
    await desk.bringBack(deletionId);
    expect(await desk.found()).toEqual(['Work: one', 'Work: three']);
  });
});

describe('a hand-over whose worker died', () => {
  const CALLS = Array.from({ length: 12 }, (_, call) => call + 1);

  test.each(CALLS)('W1, W2: at change %i is gone on with by the same request', async (call) => {
    await dieAt(call);
    await handOver(JANE);
    expect(await seenBy(JANE)).toEqual(MAIL);
    expect(await tree()).toMatchObject({ state: 'purged' });
  });

  test.each(CALLS)(
    'O3, W1: at change %i keeps nobody away for longer than an hour',
    async (call) => {
      await dieAt(call);
      const { state } = (await tree()) ?? never();
      // It died before its claim, or after the end of the folder.
      if (state !== 'leaving') return;
      await expect(desk.bringBack(deletionId)).rejects.toMatchObject({ name: 'NotAllowedError' });
      desk.world.clock.advance(HOUR_MS);
      await desk.bringBack(deletionId);
      expect(await desk.found()).toEqual(MAIL);
    },
  );

  test('W4: is taken over by a purge, and the first, waking up, does no harm', async () => {
    const met: unknown[] = [];
    const ports = portsWith(
      desk,
      (writes) =>
        writes.some(
          (write) => write.kind === 'update' && write.change.set?.['state'] === 'purging',
        ),
      async () => {
        desk.world.clock.advance(HOUR_MS);
        met.push((await purge())?.outcome);
      },
    );
    // All of it has come back there by then, and the request is long over its time.
    await expect(handOver(JANE, ports)).rejects.toMatchObject({ name: 'StoreBusyError' });
    expect(met).toEqual(['purged']);
    expect(await handOver(JANE)).toMatchObject({ to: 'Work', mailboxes: 2, messages: 3 });
    expect(await seenBy(JANE)).toEqual(MAIL);
  });
});
