import { describe, expect, test } from 'vitest';
import type { MailSettings } from '../../../../functions/contract/mail-settings.ts';
import { dictmapKeys } from '../../../../functions/contract/row-layout.ts';
import { DAY_MS } from '../../../../functions/contract/times.ts';
import { requireActiveAccount } from '../../../../functions/core/accounts/accounts.ts';
import { type Actor, ADMIN, OWNER } from '../../../../functions/core/accounts/actor.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { createMailbox } from '../../../../functions/core/mailboxes/create-mailbox.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import { expungeMessages } from '../../../../functions/core/messages/expunge-messages.ts';
import { showQuota } from '../../../../functions/core/quota/quota.ts';
import { readSettings } from '../../../../functions/core/settings/settings-store.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

const USER = 'john@example.org';
const RETENTION_DAYS = { r7: 7, r30: 30, keep: null };

async function desk(deployment: MailSettings) {
  const world = new World();
  const { ports } = world;
  const { accountId } = await createAccount(ports, CLASSES, { user: USER }, deployment);
  const account = await requireActiveAccount(world.rows, USER);
  await createMailbox(ports, account, 'Archive');
  const settings = await readSettings(world.rows, deployment, account);
  const until = () => world.clock.now() + 20_000;
  return {
    world,
    deliver: (bytes: number, more: { mailbox?: string; actor?: Actor; key?: string } = {}) =>
      deliverMessages(
        ports,
        {
          user: USER,
          deployment,
          messages: [{ raw: Buffer.alloc(bytes, 'x') }],
          ...(more.mailbox === undefined ? {} : { mailbox: more.mailbox }),
          ...(more.actor === undefined ? {} : { actor: more.actor }),
          ...(more.key === undefined
            ? {}
            : { idempotency: { key: more.key, requestHash: `${bytes}` } }),
        },
        until(),
      ),
    quota: () => showQuota(ports, account, settings),
    box: (path: string) => requireMailbox(world.rows, { accountId }, path),
    expunge: async (...uids: number[]) => {
      const inbox = await requireMailbox(world.rows, { accountId }, 'INBOX');
      const context = { account, settings, retentionDays: RETENTION_DAYS };
      await expungeMessages({ ports, context, deadline: until() }, inbox, uids, {});
    },
  };
}

describe('what counts', () => {
  test('L7: live mail of every mailbox, and expunged mail until the day it ends is over', async () => {
    const { deliver, expunge, quota, world } = await desk({
      lazyExpunge: '.EXPUNGED',
      quotaBytes: 5000,
    });
    await deliver(1000);
    await deliver(200, { mailbox: 'Archive' });
    expect(await quota()).toEqual({ bytes: 1200, messages: 2, limitBytes: 5000 });
    await expunge(1);
    expect(await quota()).toMatchObject({ bytes: 1200, messages: 2 });
    world.clock.advance(30 * DAY_MS);
    expect(await quota()).toMatchObject({ bytes: 1200, messages: 2 });
    world.clock.advance(DAY_MS);
    expect(await quota()).toMatchObject({ bytes: 200, messages: 1 });
  });

  test.each([
    [{ lazyExpunge: '.EXPUNGED', quotaExempt: ['.EXPUNGED'] }],
    [{ lazyExpunge: '.EXPUNGED/' }],
  ])('L7: exempt storage does not count: %j', async (settings) => {
    const { deliver, expunge, quota } = await desk(settings);
    await deliver(1000);
    await expunge(1);
    expect(await quota()).toEqual({ bytes: 0, messages: 0 });
  });
});

describe('deliveries against the quota', () => {
  test('O2: what does not fit is refused, naming use, limit and wish; nothing is stored', async () => {
    const { deliver, quota, world } = await desk({ quotaBytes: 1000 });
    await deliver(900);
    const before = world.objects.versions();
    await expect(deliver(101)).rejects.toMatchObject({
      name: 'QuotaExceededError',
      message: expect.stringMatching(
        /^101 bytes more for .*"INBOX".*: 900 of 1000 bytes are used$/,
      ),
    });
    await expect(deliver(101, { actor: ADMIN })).rejects.toThrow(/exceed the quota/);
    expect(world.objects.versions()).toEqual(before);
    await deliver(100);
    expect(await quota()).toMatchObject({ bytes: 1000 });
  });

  test('mailboxes that are exempt take any amount', async () => {
    const { deliver } = await desk({ quotaBytes: 10, quotaExempt: ['Arch%'] });
    await deliver(1000, { mailbox: 'Archive' });
    await expect(deliver(11)).rejects.toMatchObject({ name: 'QuotaExceededError' });
  });

  test('W2: a request that was answered is answered again, full or not', async () => {
    const { deliver } = await desk({ quotaBytes: 1000 });
    const first = await deliver(900, { key: 'k' });
    expect(await deliver(900, { key: 'k' })).toEqual(first);
  });
});

describe('deliveries against rights', () => {
  const settings = {
    lazyExpunge: '.EXPUNGED',
    mailboxes: { Archive: { ownerRights: 'lr' } },
  };

  test('the right i is needed; who has none is told of no mailbox', async () => {
    const { deliver } = await desk(settings);
    await expect(deliver(1, { mailbox: 'Archive' })).rejects.toMatchObject({
      name: 'PermissionDeniedError',
    });
    const bob = { kind: 'user', accountId: 'b'.repeat(24) } as const;
    await expect(deliver(1, { actor: bob })).rejects.toMatchObject({
      name: 'UnknownMailboxError',
      message: 'there is no mailbox "INBOX"',
    });
    await expect(deliver(1, { mailbox: 'Archive', actor: ADMIN })).resolves.toBeDefined();
  });

  test.each([
    ['its owner', OWNER],
    ['an administrator', ADMIN],
  ])('DEV-04: the expunge storage takes nothing from %s', async (_, actor) => {
    const { deliver, expunge, quota } = await desk(settings);
    await deliver(1);
    await expunge(1);
    await expect(deliver(1, { mailbox: '.EXPUNGED', actor })).rejects.toMatchObject({
      name: 'NotAllowedError',
    });
    expect(await quota()).toMatchObject({ messages: 1 });
  });
});

describe('A5: deliveries say when autoexpunge has something to do', () => {
  test('by age: when the first message is due; later ones move nothing', async () => {
    const { deliver, box, world } = await desk({
      mailboxes: { INBOX: { autoexpunge: { afterSeconds: 60 } } },
    });
    await deliver(1);
    const { dueSk } = await box('INBOX');
    expect(dueSk).toBe('2026-11-22T00:01:00.000Z');
    world.clock.advance(1000);
    await deliver(1);
    expect(await box('INBOX')).toMatchObject({ dueSk, uidNext: 3 });
    const due = await world.rows.get(dictmapKeys.mailbox((await box('INBOX')).mailboxId));
    expect(due?.attributes['duePk']).toMatch(/^due#autoexpunge#[0-9a-f]$/);
  });

  test('by count: at once, with the message that is too many', async () => {
    const { deliver, box } = await desk({
      mailboxes: { INBOX: { autoexpunge: { maxMails: 1 } } },
    });
    await deliver(1);
    expect((await box('INBOX')).dueSk).toBeUndefined();
    await deliver(1);
    expect((await box('INBOX')).dueSk).toBe('2026-11-22T00:00:00.000Z');
  });

  test('a policy set while the mail is on its way is not missed', async () => {
    const { deliver, box, world } = await desk({});
    const { mailboxId } = await box('INBOX');
    const transact = world.rows.transact.bind(world.rows);
    world.rows.transact = async (writes) => {
      world.rows.transact = transact;
      await world.rows.write({
        kind: 'update',
        key: dictmapKeys.mailbox(mailboxId),
        guard: { row: 'present' },
        change: { set: { autoexpungeAfterSeconds: 60 } },
      });
      return await transact(writes);
    };
    await deliver(1);
    expect((await box('INBOX')).dueSk).toMatch(/^2026-11-22T00:01:00/);
  });
});
