import { describe, expect, test } from 'vitest';
import type { MailSettings } from '../../../../functions/contract/mail-settings.ts';
import { DAY_MS } from '../../../../functions/contract/times.ts';
import type { Account } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { createMailbox } from '../../../../functions/core/mailboxes/create-mailbox.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import { changeFlags } from '../../../../functions/core/messages/change-flags.ts';
import { copyMessages } from '../../../../functions/core/messages/copy-messages.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import { expungeMessages } from '../../../../functions/core/messages/expunge-messages.ts';
import type { MailContext } from '../../../../functions/core/messages/in-chunks.ts';
import { moveMessages } from '../../../../functions/core/messages/move-messages.ts';
import { fetchMessage, listMessages } from '../../../../functions/core/messages/read-messages.ts';
import { restoreMessages } from '../../../../functions/core/messages/restore-messages.ts';
import { resolveSettings } from '../../../../functions/core/settings/resolve-settings.ts';
import { mail } from '../../../simulation/mail.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

const USER = 'john@example.org';
const RETENTION_DAYS = { r7: 7, r14: 14, r30: 30, keep: null };
const SECONDS_20 = 20_000;

/** One account with INBOX and Archive, and short names for what is done to it. */
async function desk(settings: MailSettings) {
  const world = new World();
  const { ports } = world;
  const account: Account = await createAccount(ports, CLASSES, { user: USER });
  await createMailbox(ports, account, 'Archive');
  const context: MailContext = {
    account,
    settings: resolveSettings(settings),
    retentionDays: RETENTION_DAYS,
  };
  const until = () => world.clock.now() + SECONDS_20;
  const box = (path: string) => requireMailbox(world.rows, account, path);
  const none = { flags: new Set<string>(), keywords: new Set<string>() };
  return {
    world,
    account,
    box,
    deliver: (...texts: string[]) =>
      deliverMessages(
        ports,
        { user: USER, messages: texts.map((text) => ({ raw: mail(text), keywords: ['k'] })) },
        until(),
      ),
    show: async (path: string) => {
      const { messages } = await listMessages(ports, await box(path), { afterUid: 0, limit: 500 });
      return messages.map(({ uid, envelope }) => `${uid} ${envelope.subject}`);
    },
    flag: async (path: string, uids: number[], ...flags: string[]) =>
      changeFlags(ports, await box(path), uids, {
        add: { ...none, flags: new Set(flags) },
        remove: none,
      }),
    expunge: async (path: string, ...uids: number[]) =>
      (await expungeMessages({ ports, context, deadline: until() }, await box(path), uids, {}))
        .results,
    copy: async (from: string, to: string, ...uids: number[]) =>
      (
        await copyMessages(
          { ports, context, deadline: until() },
          await box(from),
          uids,
          await box(to),
        )
      ).results,
    move: async (from: string, to: string, ...uids: number[]) =>
      (
        await moveMessages({ ports, context, deadline: until() }, await box(from), uids, {
          to: await box(to),
        })
      ).results,
    restore: async (from: string, ...uids: number[]) =>
      (await restoreMessages({ ports, context, deadline: until() }, await box(from), uids, {}))
        .results,
    fetch: async (path: string, uid: number) =>
      Buffer.from((await fetchMessage(ports, account, await box(path), uid)).body).toString(),
  };
}

const LAZY = { lazyExpunge: '.EXPUNGED' };

const KEPT = { kept: 'storage', endsAt: expect.any(Number) };

describe('lazy expunge', () => {
  test('L1, L2, W3: an expunged message shows in the storage with a new UID and all but \\Deleted', async () => {
    const { deliver, expunge, show, flag, world, box } = await desk(LAZY);
    await deliver('a', 'b');
    await flag('INBOX', [1, 2], '\\Deleted', '\\Seen');
    world.clock.advance(5000);
    expect(await expunge('INBOX', 2, 1, 9)).toEqual([
      { uid: 1, sizeBytes: expect.any(Number), storedUid: 1, outcome: KEPT },
      { uid: 2, sizeBytes: expect.any(Number), storedUid: 2, outcome: KEPT },
    ]);
    expect(await show('INBOX')).toEqual([]);
    expect(await show('.EXPUNGED')).toEqual(['1 a', '2 b']);
    const page = { afterUid: 0, limit: 1 };
    const first = await listMessages(world.ports, await box('.EXPUNGED'), page);
    expect(first.messages[0]).toMatchObject({ saveDate: world.clock.now(), uid: 1 });
    expect([...(first.messages[0]?.flags ?? [])]).toEqual(['\\Seen']);
    expect(first.nextAfterUid).toBe(1);
    expect(await box('INBOX')).toMatchObject({ messages: 0, bytes: 0, uidNext: 3 });
    expect(await box('.EXPUNGED')).toMatchObject({ messages: 0, bytes: 0, uidNext: 3 });
  });

  test('X1: from its last second on it is neither listed nor restored', async () => {
    const { deliver, expunge, show, restore, world } = await desk(LAZY);
    await deliver('a');
    await expunge('INBOX', 1);
    world.clock.advance(30 * DAY_MS - 1);
    expect(await show('.EXPUNGED')).toEqual(['1 a']);
    world.clock.advance(1);
    expect(await show('.EXPUNGED')).toEqual([]);
    expect(await restore('.EXPUNGED', 1)).toEqual([]);
  });

  test('L4: without only-last-instance every copy and every move leaves one', async () => {
    const { deliver, copy, move, expunge, show } = await desk(LAZY);
    await deliver('a', 'b');
    await copy('INBOX', 'Archive', 1);
    await expunge('INBOX', 1);
    await expunge('Archive', 1);
    await move('INBOX', 'Archive', 2);
    expect(await show('.EXPUNGED')).toEqual(['1 a', '2 a', '3 b']);
    expect(await show('Archive')).toEqual(['2 b']);
  });

  test('L4, W8: with it only the last instance is kept, also of several in one request', async () => {
    const settings = { ...LAZY, lazyExpungeOnlyLastInstance: true };
    const { deliver, copy, move, expunge, show, fetch } = await desk(settings);
    await deliver('a', 'b');
    await copy('INBOX', 'INBOX', 1);
    await move('INBOX', 'Archive', 2);
    expect(await show('INBOX')).toEqual(['1 a', '3 a']);
    expect(await expunge('INBOX', 1, 3)).toMatchObject([{ uid: 1 }, { uid: 3, storedUid: 1 }]);
    expect(await show('.EXPUNGED')).toEqual(['1 a']);
    expect(await fetch('.EXPUNGED', 1)).toContain('Subject: a');
    expect(await fetch('Archive', 1)).toContain('Subject: b');
  });

  test('L3: a restore brings it back with keywords, under a new UID; the storage is empty then', async () => {
    const { deliver, expunge, restore, show, fetch, world } = await desk(LAZY);
    await deliver('a', 'b');
    await expunge('INBOX', 1, 2);
    expect(await restore('.EXPUNGED', 1)).toMatchObject([{ uid: 1, to: 'INBOX', newUid: 3 }]);
    expect(await show('INBOX')).toEqual(['3 a']);
    expect(await show('.EXPUNGED')).toEqual(['2 b']);
    expect(await fetch('INBOX', 3)).toContain('Subject: a');
    const states = world.rows
      .rows('dictmap')
      .filter(({ attributes }) => attributes['type'] === 'message')
      .map(({ attributes }) => attributes['state']);
    expect(states.toSorted()).toEqual(['expunged', 'live', 'purging']);
  });

  test('expunging in the storage is final; a thousand messages go in chunks', async () => {
    const { deliver, expunge, show, box, world } = await desk(LAZY);
    for (let at = 0; at < 300; at += 50) {
      await deliver(...Array.from({ length: 50 }, (_, index) => `m${at + index}`));
    }
    const uids = Array.from({ length: 300 }, (_, index) => index + 1);
    expect(await expunge('INBOX', ...uids)).toHaveLength(300);
    expect(await show('.EXPUNGED')).toHaveLength(300);
    expect(await expunge('.EXPUNGED', ...uids.slice(0, 290))).toHaveLength(290);
    expect(await show('.EXPUNGED')).toHaveLength(10);
    expect(await box('INBOX')).toMatchObject({ messages: 0, bytes: 0 });
    const counts = world.rows
      .rows('dictmap')
      .filter(({ attributes }) => attributes['type'] === 'expiry');
    expect(counts.map(({ attributes }) => attributes['messages'])).toEqual([10]);
  });
});
