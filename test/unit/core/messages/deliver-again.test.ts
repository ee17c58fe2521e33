/** Deliveries that are repeated, or cut off by a crash, with an Idempotency-Key. */
import { beforeEach, describe, expect, test } from 'vitest';
import { TTL_ATTRIBUTE } from '../../../../functions/contract/row-layout.ts';
import type { Account } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { createMailbox } from '../../../../functions/core/mailboxes/create-mailbox.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import { renameMailbox } from '../../../../functions/core/mailboxes/rename-mailbox.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import { fetchMessage, listMessages } from '../../../../functions/core/messages/read-messages.ts';
import type { Ports } from '../../../../functions/core/ports/ports.ts';
import { resolveSettings } from '../../../../functions/core/settings/resolve-settings.ts';
import { Crashes } from '../../../models/faulty.ts';
import { mail } from '../../../simulation/mail.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

const USER = 'a@x.org';
const BODIES = ['one', 'two', 'three'];
const KEY = { key: 'key-1', requestHash: 'hash-1' };

let world: World;
let account: Account;

beforeEach(async () => {
  world = new World();
  account = await createAccount(world.ports, CLASSES, { user: USER });
});

const deliver = (ports: Ports = world.ports, idempotency = KEY, bodies = BODIES) =>
  deliverMessages(
    ports,
    { user: USER, idempotency, messages: bodies.map((text) => ({ raw: mail(text) })) },
    world.clock.now() + 27_000,
  );

/** What a reader sees: subjects in order, each message read back whole. */
async function visible(): Promise<string[]> {
  const inbox = await requireMailbox(world.rows, account, 'INBOX');
  const { messages } = await listMessages(world.ports, inbox, { afterUid: 0, limit: 500 });
  expect(inbox).toMatchObject({ messages: messages.length, uidNext: messages.length + 1 });
  for (const { uid, envelope } of messages) {
    const { body } = await fetchMessage(world.ports, account, inbox, uid);
    expect(Buffer.from(body).equals(mail(envelope.subject))).toBe(true);
  }
  return messages.map(({ envelope }) => envelope.subject);
}

describe('the same request again', () => {
  test('U5: has the same answer and no second message', async () => {
    const first = await deliver();
    world.clock.advance(60_000);
    expect(await deliver()).toEqual(first);
    expect(await visible()).toEqual(BODIES);
  });

  test('W2: at the same time, too', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => deliver()));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await visible()).toEqual(BODIES);
  });

  test('O2: with another body is refused, and changes nothing', async () => {
    await deliver();
    const before = world.rows.rows();
    await expect(
      deliver(world.ports, { ...KEY, requestHash: 'hash-2' }, ['four']),
    ).rejects.toMatchObject({ name: 'IdempotencyKeyReusedError' });
    expect(world.rows.rows()).toEqual(before);
    expect(await visible()).toEqual(BODIES);
  });

  test('W2: of two bodies under one key at the same time, one is delivered', async () => {
    const [a, b] = await Promise.allSettled([
      deliver(world.ports, { key: 'k', requestHash: 'a' }, ['a']),
      deliver(world.ports, { key: 'k', requestHash: 'b' }, ['b']),
    ]);
    const [answered, refused] = a.status === 'fulfilled' ? [a, b] : [b, a];
    expect(answered.status).toBe('fulfilled');
    expect(refused).toMatchObject({ reason: { name: 'IdempotencyKeyReusedError' } });
    expect(await visible()).toHaveLength(1);
  });

  test('W1: without a key, or under another one, is another delivery', async () => {
    await deliver();
    await deliver(world.ports, { key: 'key-2', requestHash: 'hash-1' });
    expect(await visible()).toEqual([...BODIES, ...BODIES]);
  });

  test('X6: the key of one account means nothing in another', async () => {
    await deliver();
    await createAccount(world.ports, CLASSES, { user: 'b@x.org' });
    const messages = [{ raw: mail('theirs') }];
    const delivery = { user: 'b@x.org', messages, idempotency: { ...KEY, requestHash: 'other' } };
    expect((await deliverMessages(world.ports, delivery, world.clock.now())).uids).toEqual([1]);
  });

  test('the memory of a request ends by TTL after a day, and shows no key of the client', async () => {
    const key = 'john@example.org / 2026';
    await deliver(world.ports, { key, requestHash: 'h' });
    const [row] = world.rows
      .rows('registry')
      .filter(({ attributes }) => attributes['type'] === 'idempotency');
    expect(row?.attributes[TTL_ATTRIBUTE]).toBe(world.clock.now() / 1000 + 86_400);
    expect(JSON.stringify(row)).not.toContain('john');
    world.clock.advance(86_401_000);
    world.rows.expireTtl(world.clock.now());
    await deliver(world.ports, { key, requestHash: 'h' });
    expect(await visible()).toEqual([...BODIES, ...BODIES]);
  });
});

describe('the same request again after its mailbox is gone', () => {
  const PATH = 'Work';
  const again = () =>
    deliverMessages(
      world.ports,
      { user: USER, mailbox: PATH, idempotency: KEY, messages: [{ raw: mail('one') }] },
      world.clock.now() + 27_000,
    );
  const held = async () => {
    const mailbox = await requireMailbox(world.rows, account, PATH);
    const { messages } = await listMessages(world.ports, mailbox, { afterUid: 0, limit: 500 });
    expect(mailbox.messages).toBe(messages.length);
    return messages.map(({ envelope }) => envelope.subject);
  };
  const rename = (from: string, to: string) =>
    renameMailbox(
      world.ports,
      { account, settings: resolveSettings({}, {}, {}), from, to, check: () => {} },
      world.clock.now() + 27_000,
    );

  beforeEach(async () => {
    await createMailbox(world.ports, account, PATH);
    expect((await again()).uids).toEqual([1]);
  });

  test('W1: is answered by nothing while its name is nobody’s, and delivered when it is somebody’s', async () => {
    await rename(PATH, 'Away');
    await expect(again()).rejects.toMatchObject({ name: 'UnknownMailboxError' });
    await createMailbox(world.ports, account, PATH);
    expect((await again()).uids).toEqual([1]);
    expect(await held()).toEqual(['one']);
    // And again: the answer is now about the new one.
    expect((await again()).uids).toEqual([1]);
    expect(await held()).toEqual(['one']);
  });

  test('W1, W2: twelve at once deliver into the new mailbox once', async () => {
    await rename(PATH, 'Away');
    await createMailbox(world.ports, account, PATH);
    await Promise.all(Array.from({ length: 12 }, again));
    expect(await held()).toEqual(['one']);
  });

  test('W1: of the mailbox that has come back it is the first answer', async () => {
    await rename(PATH, 'Away');
    await rename('Away', PATH);
    expect((await again()).uids).toEqual([1]);
    expect(await held()).toEqual(['one']);
  });
});

describe('a crash in the middle', () => {
  /** One PUT for each body, one transaction for all rows. */
  const CHANGES = BODIES.length + 1;

  test('the delivery makes as many changes as are crashed at below', async () => {
    const process = new Crashes();
    await deliver(process.wrapAll({ ...world.ports }));
    expect(process.calls).toBe(CHANGES);
  });

  const crashes = Array.from({ length: CHANGES }, (_, index) =>
    (['before', 'after'] as const).map((point) => ({ point, call: index + 1 })),
  ).flat();

  test.each(crashes)(
    'W2: $point change $call, then the retry: each message once',
    async (crash) => {
      const process = new Crashes(crash);
      await expect(deliver(process.wrapAll({ ...world.ports }))).rejects.toMatchObject({
        name: 'CrashError',
      });
      expect(process.crashed).toBe(true);
      const written = crash.call === CHANGES && crash.point === 'after';
      expect(await visible()).toEqual(written ? BODIES : []);
      expect((await deliver()).uids).toEqual([1, 2, 3]);
      expect(await visible()).toEqual(BODIES);
    },
  );

  test.each(crashes)(
    'X3: what $point change $call leaves lies below the account',
    async (crash) => {
      await deliver(new Crashes(crash).wrapAll({ ...world.ports })).catch(() => undefined);
      for (const { key } of world.objects.versions()) {
        expect(key).toMatch(new RegExp(`^r30/[0-9a-f]/${account.accountId}/mail/[0-9a-f]{32}$`));
      }
    },
  );
});
