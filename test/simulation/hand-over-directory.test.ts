/** What readers find of a folder that was handed over to another account. */
import { beforeEach, describe, expect, test } from 'vitest';
import { requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { ADMIN } from '../../functions/core/accounts/actor.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { giveBackForgotten } from '../../functions/core/folders/claim-tree.ts';
import { purgeTree } from '../../functions/core/folders/purge-tree.ts';
import { everyTree } from '../../functions/core/folders/tree.ts';
import type { Mailbox } from '../../functions/core/mailboxes/mailbox.ts';
import { findMailbox } from '../../functions/core/mailboxes/mailboxes.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { expungeMessages } from '../../functions/core/messages/expunge-messages.ts';
import type { MessagePorts } from '../../functions/core/messages/in-chunks.ts';
import { requestUndelete } from '../../functions/core/requests/undelete-request.ts';
import { readSettings } from '../../functions/core/settings/settings-store.ts';
import { Pace } from '../../functions/core/walks/pace.ts';
import { Crashes } from '../models/faulty.ts';
import { FolderDesk, RETENTION_DAYS } from './folder-desk.ts';
import { leftOf } from './leftovers.ts';
import { CLASSES } from './world.ts';

const [JOHN, JANE] = ['john@example.org', 'jane@example.org'];
const DAY_MS = 86_400_000;

let desk: FolderDesk;

beforeEach(async () => {
  desk = await FolderDesk.make('Work');
  await createAccount(desk.world.ports, CLASSES, { user: JANE });
});

async function deliver(user: string, count: number): Promise<number[]> {
  const given: number[] = [];
  for (let sent = 0; sent < count; sent += 90) {
    const messages = Array.from({ length: Math.min(90, count - sent) }, () => ({
      raw: Buffer.from('Subject: x\r\n\r\nx'),
    }));
    const delivery = { user, mailbox: 'Work', messages };
    given.push(...(await deliverMessages(desk.world.ports, delivery, desk.deadline)).uids);
  }
  return given;
}

async function contextOf(user: string) {
  const account = await requireActiveAccount(desk.world.rows, user);
  const settings = await readSettings(desk.world.rows, {}, account);
  return { account, settings, retentionDays: RETENTION_DAYS };
}

async function workOf(user: string): Promise<Mailbox> {
  const mailbox = await findMailbox(desk.world.rows, (await contextOf(user)).account, 'Work');
  if (mailbox === undefined) throw new Error(`${user} has no such mailbox`);
  return mailbox;
}

async function handOver(deletionId: string, ports: MessagePorts = desk.ports) {
  const request = await desk.request(ports);
  const access = { ...request.access, actor: ADMIN, retentionDays: RETENTION_DAYS };
  const settingsOf = async () => (await contextOf(JANE)).settings;
  return await requestUndelete({ ...request, access, settingsOf }, { deletionId, toUser: JANE });
}

/** A folder that has given UIDs, and in which nothing lives. */
async function handOverEmptied(): Promise<void> {
  const given = await deliver(JOHN, 3);
  const [context, work] = [await contextOf(JOHN), await workOf(JOHN)];
  const options = { bypassStorage: true };
  await expungeMessages(
    { ports: desk.world.ports, context, deadline: desk.deadline },
    work,
    given,
    options,
  );
  await handOver((await desk.remove('Work')).deletionId);
}

/** A purge in the account that the copy goes to, which has time for its first messages only. */
async function purgeSome(): Promise<string | undefined> {
  const context = await contextOf(JANE);
  const { clock } = desk.world;
  for await (const tree of everyTree(desk.world.rows, context.account.accountId)) {
    const pace = new Pace(clock, 1000, 1);
    const purge = { claim: 'op-there', dueAt: () => 0, pace, counting: () => [] };
    return (await purgeTree(desk.ports, context, { tree, purge }, clock.now() + 400)).outcome;
  }
  return undefined;
}

/** Rows of messages that have ended go once their objects are gone. */
async function reconcile(): Promise<void> {
  const { rows } = desk.world;
  const ended = rows.rows('dictmap').filter(({ attributes }) => attributes['state'] === 'purging');
  await rows.removeAll(
    ended.filter(({ attributes }) => attributes['type'] === 'message').map(({ key }) => key),
  );
}

/** The purge is over; its claim is found to be nobody's. */
async function giveBack(): Promise<void> {
  const { account } = await contextOf(JANE);
  for await (const tree of everyTree(desk.world.rows, account.accountId)) {
    await giveBackForgotten(desk.ports, account.accountId, tree);
  }
}

describe('a folder that was handed over', () => {
  test('W1: shows what comes into it, though nothing lived in its last bucket', async () => {
    await handOverEmptied();
    await deliver(JANE, 2);
    expect(await desk.shown(await workOf(JANE))).toEqual(['4 x', '5 x']);
  });

  test('X3: is erased with what came into it', async () => {
    await handOverEmptied();
    await deliver(JANE, 2);
    const { accountId } = (await contextOf(JANE)).account;
    expect(await desk.world.run({ user: JANE })).toMatchObject({ status: 'SUCCEEDED' });
    expect(leftOf(desk.world, accountId)).toEqual([]);
  });

  test('W1: shows what a purge had taken of the copy before all of it came', async () => {
    const given = await deliver(JOHN, 600);
    const { deletionId } = await desk.remove('Work');
    // Dies while it copies, with some five hundred messages behind it.
    const { rows, objects } = new Crashes({ call: 580, point: 'before' }).wrapAll({
      rows: desk.ports.rows,
      objects: desk.ports.objects,
    });
    await expect(handOver(deletionId, { ...desk.ports, rows, objects })).rejects.toThrow('before');
    desk.world.clock.advance(2 * DAY_MS);
    expect(await purgeSome()).toBe('again');
    await reconcile();
    await giveBack();
    await handOver(deletionId);
    expect(await desk.shown(await workOf(JANE))).toEqual(given.map((uid) => `${uid} x`));
  });
});
