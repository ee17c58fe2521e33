import { expect, test } from 'vitest';
import { mailKey } from '../../functions/contract/key-layout.ts';
import { requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { ADMIN } from '../../functions/core/accounts/actor.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { everyTree } from '../../functions/core/folders/tree.ts';
import { everyMailbox } from '../../functions/core/mailboxes/every-mailbox.ts';
import { requireMailbox } from '../../functions/core/mailboxes/mailboxes.ts';
import { copyMessages } from '../../functions/core/messages/copy-messages.ts';
import { everyEntry } from '../../functions/core/messages/entries.ts';
import { fetchMessage } from '../../functions/core/messages/read-messages.ts';
import { requestPurge } from '../../functions/core/purge/request-purge.ts';
import { requestUndelete } from '../../functions/core/requests/undelete-request.ts';
import {
  changeAccountSettings,
  readSettings,
} from '../../functions/core/settings/settings-store.ts';
import { Crashes, type CrashPoint } from '../models/faulty.ts';
import { purgeHere } from '../replay/purge-here.ts';
import { FolderDesk, RETENTION_DAYS } from './folder-desk.ts';
import { CLASSES } from './world.ts';

const OTHER = 'jane@example.org';
const MAIL = ['Work/a: two', 'Work: one', 'Work: shared'];

async function deskWithTree() {
  const desk = await FolderDesk.make('Work', 'Work/a', 'Keep');
  await createAccount(desk.world.ports, CLASSES, { user: OTHER });
  await desk.deliver('Work', 'one');
  await desk.deliver('Work/a', 'two');
  await desk.deliver('Work', 'shared');
  const { access } = await desk.request();
  const box = (path: string) => requireMailbox(desk.world.rows, access.account, path);
  await copyMessages(
    { ports: desk.ports, context: access, deadline: desk.deadline },
    await box('Work'),
    [2],
    await box('Keep'),
  );
  const { deletionId } = await desk.remove('Work');
  return { desk, deletionId };
}

/** As the door for administrators does it. */
async function handOver(desk: FolderDesk, deletionId: string, ports = desk.ports): Promise<void> {
  const request = await desk.request(ports);
  const settingsOf: typeof request.settingsOf = (other) => readSettings(ports.rows, {}, other);
  const access = { ...request.access, actor: ADMIN, retentionDays: RETENTION_DAYS };
  const answer = await requestUndelete(
    { ...request, access, settingsOf },
    { deletionId, toUser: OTHER },
  );
  expect(answer).toMatchObject({ to: 'Work', mailboxes: 2, messages: 3 });
  expect(answer.complete).toBeUndefined();
}

/** Mailbox and body of every message that the new owner can read. */
async function readable(desk: FolderDesk): Promise<string[]> {
  const { rows, clock } = desk.world;
  const account = await requireActiveAccount(rows, OTHER);
  const found: string[] = [];
  for await (const mailbox of everyMailbox(rows, account)) {
    for await (const page of everyEntry(rows, mailbox, clock, { pageEntries: 100 })) {
      for (const { message } of page) {
        const { body } = await fetchMessage(desk.ports, account, mailbox, message.uid);
        const [, text = ''] = Buffer.from(body).toString().split('\r\n\r\n');
        found.push(`${mailbox.path}: ${text}`);
      }
    }
  }
  return found.sort();
}

async function expectHandedOver(desk: FolderDesk): Promise<void> {
  expect(await readable(desk)).toEqual(MAIL);
  expect(await desk.found()).toEqual(['Keep: shared']);
  expect(await desk.trees()).toMatchObject([{ state: 'purged' }]);
  expect(await desk.nameProblems()).toEqual([]);
}

test('F4: a tree comes back in another account, and asking twice gives the same answer', async () => {
  const { desk, deletionId } = await deskWithTree();
  await handOver(desk, deletionId);
  await expectHandedOver(desk);
  await handOver(desk, deletionId);
  await expectHandedOver(desk);
});

test.each(['before', 'after'] as const satisfies readonly CrashPoint[])(
  'W1, W2: a crash %s any change loses nothing, and the same request again ends it',
  async (point) => {
    let calls = 1;
    for (let call = 1; call <= calls; call += 1) {
      const { desk, deletionId } = await deskWithTree();
      const crashes = new Crashes({ call, point });
      const { rows, objects } = crashes.wrapAll({
        rows: desk.ports.rows,
        objects: desk.ports.objects,
      });
      await handOver(desk, deletionId, { ...desk.ports, rows, objects }).catch((error: unknown) => {
        if (!crashes.crashed) throw error;
      });
      calls = Math.max(calls, crashes.crashed ? call + 1 : call);
      // In one account or in both: what cannot be read here can be brought back there.
      const [tree] = await desk.trees();
      const kept = tree?.state === 'purged' ? 0 : (tree?.messages ?? 0);
      const there = await readable(desk);
      if (there.length === 0) expect(kept).toBe(3);
      else expect(there).toEqual(MAIL);
      await handOver(desk, deletionId);
      await expectHandedOver(desk);
    }
    expect(calls).toBeGreaterThan(15);
  },
);

test('W1: a copy that nobody went on with is purged, and can be begun again', async () => {
  const { desk, deletionId } = await deskWithTree();
  const crashes = new Crashes({ call: 5, point: 'after' });
  const { rows, objects } = crashes.wrapAll({
    rows: desk.ports.rows,
    objects: desk.ports.objects,
  });
  const ports = { ...desk.ports, rows, objects };
  await expect(handOver(desk, deletionId, ports)).rejects.toThrow();
  const { world } = desk;
  const states = async () => {
    const { accountId } = await requireActiveAccount(world.rows, OTHER);
    const found: string[] = [];
    for await (const { state } of everyTree(world.rows, accountId)) found.push(state);
    return found;
  };
  const purge = async () => {
    const input = { user: OTHER, olderThanDays: 3650 };
    const { operationId } = await requestPurge(world.ports, input, 'test', desk.deadline);
    await purgeHere(world.ports, operationId, RETENTION_DAYS);
  };
  await purge();
  // Somebody may still be at it.
  expect(await states()).toEqual(['arriving']);
  world.clock.advance(26 * 3_600_000);
  await purge();
  expect(await states()).toEqual(['purged']);
  await handOver(desk, deletionId);
  await expectHandedOver(desk);
});

test('W1: what a purge takes of a copy that has not come back is copied again before the old one ends', async () => {
  let purged = 0;
  let calls = 1;
  for (let call = 1; call <= calls; call += 1) {
    const { desk, deletionId } = await deskWithTree();
    const { world } = desk;
    const other = await requireActiveAccount(world.rows, OTHER);
    const settings = { mailboxes: { 'Work/a': { deletedRetentionDays: 'never' } } } as const;
    await changeAccountSettings(world.ports, {}, other, () => settings, desk.deadline);
    const crashes = new Crashes({ call, point: 'after' });
    const wrapped = crashes.wrapAll({ rows: desk.ports.rows, objects: desk.ports.objects });
    await handOver(desk, deletionId, { ...desk.ports, ...wrapped }).catch((error: unknown) => {
      if (!crashes.crashed) throw error;
    });
    if (crashes.crashed) calls = call + 1;
    const input = { user: OTHER, olderThanDays: 0 };
    const { operationId } = await requestPurge(world.ports, input, 'test', desk.deadline);
    await purgeHere(world.ports, operationId, RETENTION_DAYS);
    const { accountId } = other;
    for await (const { mailboxes, state } of everyTree(world.rows, accountId)) {
      if (state === 'deleted' && mailboxes === 1) purged += 1;
    }
    await handOver(desk, deletionId);
    await expectHandedOver(desk);
  }
  expect(purged).toBeGreaterThan(0);
});

test('W5: a message whose bytes cannot be found ends the copy, and nothing of the old folder', async () => {
  const { desk, deletionId } = await deskWithTree();
  const { rows, objects } = desk.world;
  const row = rows.rows().find(({ attributes }) => {
    const { type, envelope } = attributes as { type?: string; envelope?: { subject?: string } };
    return type === 'message' && envelope?.subject === 'two';
  });
  const found = (row?.attributes ?? {}) as Record<string, string>;
  const { class: retentionClass, blobId, versionId } = found;
  const { accountId } = await desk.account();
  const key = mailKey(retentionClass ?? '', accountId, blobId ?? '');
  await objects.removeVersions([{ key, versionId: versionId ?? '' }]);
  await expect(handOver(desk, deletionId)).rejects.toThrow('the audit must look at it');
  expect(await desk.trees()).toMatchObject([{ state: 'deleted', mailboxes: 2, messages: 3 }]);
});
