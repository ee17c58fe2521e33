import { beforeEach, describe, expect, test } from 'vitest';
import { mailKey } from '../../../../functions/contract/key-layout.ts';
import { DELIVERY_MESSAGES, INLINE_BODY_BYTES } from '../../../../functions/contract/limits.ts';
import { dictmapKeys, registryKeys } from '../../../../functions/contract/row-layout.ts';
import type { Account } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { createMailbox } from '../../../../functions/core/mailboxes/create-mailbox.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import {
  type Delivery,
  deliverMessages,
} from '../../../../functions/core/messages/deliver-messages.ts';
import type { NewMessage } from '../../../../functions/core/messages/new-messages.ts';
import { fetchMessage, listMessages } from '../../../../functions/core/messages/read-messages.ts';
import type { Attributes } from '../../../../functions/core/ports/row-store.ts';
import { mail } from '../../../simulation/mail.ts';
import { CLASSES, World } from '../../../simulation/world.ts';
import { interrupted } from '../interrupted.ts';

const USER = 'a@x.org';
/** What a door leaves for retries of one request. */
const REQUEST_MS = 27_000;

let world: World;
let account: Account;

beforeEach(async () => {
  world = new World();
  account = await createAccount(world.ports, CLASSES, { user: USER });
});

const deliver = (messages: readonly NewMessage[], rest: Partial<Delivery> = {}) =>
  deliverMessages(world.ports, { user: USER, messages, ...rest }, world.clock.now() + REQUEST_MS);

const texts = (count: number, prefix = 'm'): NewMessage[] =>
  Array.from({ length: count }, (_, index) => ({ raw: mail(`${prefix}${index}`) }));

const setInbox = async (set: Attributes) =>
  await world.rows.write({
    kind: 'update',
    key: dictmapKeys.mailbox((await inbox()).mailboxId),
    guard: { row: 'present' },
    change: { set },
  });
const inbox = () => requireMailbox(world.rows, account, 'INBOX');
const listed = async () =>
  (await listMessages(world.ports, await inbox(), { afterUid: 0, limit: 500 })).messages;

describe('a delivery', () => {
  test('W1: of one message is readable byte for byte', async () => {
    const raw = Buffer.from([0, 255, 13, 10, 10, 128, 46, 13, 10]);
    const { uidValidity } = await inbox();
    expect(await deliver([{ raw }])).toEqual({ mailbox: 'INBOX', uidValidity, uids: [1] });
    const { message, body } = await fetchMessage(world.ports, account, await inbox(), 1);
    expect(Buffer.from(body).equals(raw)).toBe(true);
    expect(message).toMatchObject({ uid: 1, sizeBytes: 9, retentionClass: 'r30' });
    const key = mailKey('r30', account.accountId, message.blobId);
    expect(world.objects.versions(key)).toHaveLength(1);
  });

  test('of many gives UIDs in the order of the request, after those there are', async () => {
    await deliver(texts(3));
    const { uids } = await deliver(texts(DELIVERY_MESSAGES, 'n'));
    expect(uids).toEqual(Array.from({ length: DELIVERY_MESSAGES }, (_, index) => index + 4));
    const subjects = (await listed()).map(({ envelope }) => envelope.subject);
    expect(subjects.slice(0, 4)).toEqual(['m0', 'm1', 'm2', 'n0']);
    expect(subjects.at(-1)).toBe(`n${DELIVERY_MESSAGES - 1}`);
  });

  test('keeps flags, keywords and internal date; the save date is now', async () => {
    const internalDate = Date.parse('1999-12-31T23:59:59Z');
    world.clock.advance(5000);
    await deliver([
      { raw: mail('a'), internalDate, flags: ['\\SEEN'], keywords: ['$Forwarded', '$Forwarded'] },
      { raw: mail('b') },
    ]);
    const now = world.clock.now();
    expect(await listed()).toMatchObject([
      {
        internalDate,
        saveDate: now,
        flags: new Set(['\\Seen']),
        keywords: new Set(['$Forwarded']),
      },
      { internalDate: now, saveDate: now, flags: new Set(), keywords: new Set() },
    ]);
  });

  test('goes to the mailbox it names, and counts there only', async () => {
    await createMailbox(world.ports, account, 'Archive');
    await deliver(texts(2), { mailbox: 'Archive' });
    await deliver(texts(1), { mailbox: 'inBOX' });
    expect(await requireMailbox(world.rows, account, 'Archive')).toMatchObject({
      messages: 2,
      uidNext: 3,
      bytes: mail('m0').length + mail('m1').length,
    });
    expect(await inbox()).toMatchObject({ messages: 1, uidNext: 2, bytes: mail('m0').length });
  });

  test('B1: gives equal bytes an object and a GUID for each copy', async () => {
    await deliver([{ raw: mail('same') }, { raw: mail('same') }]);
    const messages = await listed();
    expect(new Set(messages.map(({ blobId }) => blobId)).size).toBe(2);
    expect(new Set(messages.map(({ guid }) => guid)).size).toBe(2);
  });
});

describe('what is refused', () => {
  const changesNothing = async (delivery: Promise<unknown>, error: object) => {
    const before = world.rows.rows();
    await expect(delivery).rejects.toMatchObject(error);
    expect(world.rows.rows()).toEqual(before);
    expect(world.objects.versions()).toEqual([]);
  };

  test.each([0, DELIVERY_MESSAGES + 1])('O2: %i messages at once', async (count) => {
    await changesNothing(deliver(texts(count)), {
      problems: [
        {
          field: 'messages',
          message: `got ${count}, allowed are 1 to 98, uploaded ones counting twice`,
        },
      ],
    });
  });

  test(`O2: more than ${INLINE_BODY_BYTES} bytes together, not as many`, async () => {
    const half = { raw: Buffer.alloc(INLINE_BODY_BYTES / 2, 'x') };
    await changesNothing(deliver([half, half, { raw: Buffer.from('x') }]), {
      name: 'MessageTooLargeError',
      message: expect.stringContaining(`have ${INLINE_BODY_BYTES + 1} bytes`),
    });
    expect((await deliver([half, half])).uids).toEqual([1, 2]);
  });

  test.each([
    ['messages[1].raw', { raw: Buffer.alloc(0) }],
    ['messages[1].flags[0]', { raw: mail('b'), flags: ['\\Recent'] }],
    ['messages[1].keywords[1]', { raw: mail('b'), keywords: ['ok', 'not ok'] }],
  ])('O2: a wrong %s is named', async (field, message) => {
    await changesNothing(deliver([{ raw: mail('a') }, message]), { problems: [{ field }] });
  });

  test.each([
    ['InvalidInputError', { mailbox: 'a//b' }],
    ['UnknownUserError', { user: 'b@x.org' }],
    ['UnknownMailboxError', { mailbox: 'Archive' }],
  ])('O2: with an %s for %j', async (name, rest) => {
    await changesNothing(deliver(texts(1), rest), { name });
  });

  test.each(['disabled', 'deleting', 'erased'])('X3: into a %s account', async (state) => {
    const key = registryKeys.account(account.accountId);
    const change = { set: { state, operationId: 'op-1' } };
    await world.rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
    await changesNothing(deliver(texts(1)), {
      name: 'AccountNotActiveError',
      message: `account ${account.accountId} is ${state} by operation op-1`,
    });
  });

  test('X3: into a mailbox behind the fence, though the account was read as active', async () => {
    await setInbox({ state: 'erasing' });
    const before = world.rows.rows();
    await expect(deliver(texts(2))).rejects.toMatchObject({ name: 'AccountNotActiveError' });
    expect(world.rows.rows()).toEqual(before);
  });
});

describe('many at once', () => {
  const deliverWhile = async (happens: () => Promise<unknown>) => {
    const ports = { ...world.ports, rows: interrupted(world.rows, happens) };
    const delivery = { user: USER, messages: texts(2) };
    return await deliverMessages(ports, delivery, world.clock.now() + REQUEST_MS);
  };

  test('X3: a fence raised between reading and writing stops the delivery', async () => {
    const fenced = deliverWhile(() => setInbox({ state: 'erasing' }));
    await expect(fenced).rejects.toMatchObject({ name: 'AccountNotActiveError' });
    expect(await listed()).toEqual([]);
    expect(await inbox()).toMatchObject({ messages: 0, uidNext: 1 });
  });

  test('W1: a UID is not given twice, also when its message came and went meanwhile', async () => {
    const { uids } = await deliverWhile(() => setInbox({ uidNext: 9 }));
    expect(uids).toEqual([9, 10]);
    expect(await inbox()).toMatchObject({ uidNext: 11 });
  });

  test('W2: 30 deliveries into one mailbox: UIDs without gap or double, exact counters', async () => {
    const sizes = Array.from({ length: 30 }, (_, index) => 1 + (index % 7));
    const begun = world.clock.now();
    const answers = await Promise.all(
      sizes.map((size, index) => deliver(texts(size, `d${index}-`))),
    );
    const total = sizes.reduce((sum, size) => sum + size, 0);
    const uids = answers.flatMap((answer) => answer.uids);
    expect(uids.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: total }, (_, index) => index + 1),
    );
    answers.forEach(({ uids: own }, index) => {
      // Messages of one request stay together and in order.
      expect(own).toEqual(Array.from({ length: sizes[index] ?? 0 }, (_, i) => (own[0] ?? 0) + i));
    });
    const messages = await listed();
    expect(messages.map(({ uid }) => uid)).toEqual(
      Array.from({ length: total }, (_, index) => index + 1),
    );
    for (const [index, { uids: own }] of answers.entries()) {
      const subjects = own.map((uid) => messages[uid - 1]?.envelope.subject);
      expect(subjects).toEqual(own.map((_, message) => `d${index}-${message}`));
    }
    const bytes = messages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    expect(await inbox()).toMatchObject({ messages: total, bytes, uidNext: total + 1 });
    expect(world.objects.versions()).toHaveLength(total);
    expect(world.clock.now() - begun).toBeLessThan(REQUEST_MS);
  });

  test('O3: who keeps losing is told so in time, and has changed no row', async () => {
    world.rows.conflictNext(1000);
    const before = world.rows.rows();
    const begun = world.clock.now();
    await expect(deliver(texts(2))).rejects.toMatchObject({ name: 'StoreBusyError' });
    expect(world.clock.now() - begun).toBeLessThanOrEqual(REQUEST_MS);
    expect(world.rows.rows()).toEqual(before);
  });
});
