import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { UID_MAX } from '../../../functions/contract/limits.ts';
import { base64, type MailDoor, openMailDoor } from './mail-door.ts';

let door: MailDoor;

beforeEach(async () => {
  door = await openMailDoor();
});

const messages = (...uids: (number | undefined)[]) =>
  uids.map((uid, index) => ({ raw: base64(`Subject: ${index}\r\n\r\n`), ...(uid && { uid }) }));
const deliver = (more: object, headers = {}) => door.call('POST', 'messages', more, headers);
const inbox = async () => {
  const { body } = await door.call<{ items: { path: string }[] }>('GET', 'mailboxes');
  return body.items.find(({ path }) => path === 'INBOX');
};

describe('UIDs of another store', () => {
  test('are kept with their gaps, and UIDNEXT follows the last', async () => {
    const { status, body } = await deliver({ messages: messages(3, 7, 200_000_000) });
    expect(status).toBe(201);
    expect(body).toMatchObject({ uids: [3, 7, 200_000_000] });
    expect(await inbox()).toMatchObject({ uidNext: 200_000_001, messages: 3 });
    await deliver({ messages: messages(undefined) });
    const { body: tail } = await door.call<{ items: object[] }>('GET', 'messages?cursor=199999999');
    expect(tail.items).toMatchObject([{ uid: 200_000_000 }, { uid: 200_000_001 }]);
  });

  test('W2: a UID below UIDNEXT is refused, and nothing is stored', async () => {
    await deliver({ messages: messages(10) });
    const before = door.objects.versions().length;
    for (const uid of [10, 9]) {
      const { status, body } = await deliver({ messages: messages(uid, 11) });
      expect(status).toBe(409);
      expect(body).toMatchObject({ type: 'urn:lethe:uid-conflict' });
    }
    expect(await inbox()).toMatchObject({ uidNext: 11, messages: 1 });
    expect(door.objects.versions()).toHaveLength(before);
  });

  test.each([
    ['not rising', [5, 5], /messages\[1\]\.uid: got 5 after 5/],
    ['falling', [5, 4], /messages\[1\]\.uid: got 4 after 5/],
    ['some without', [5, undefined], /messages: some have a uid/],
    ['beyond 32 bits', [UID_MAX + 1], /messages\[0\]\.uid: got 4294967295, allowed/],
    ['zero', [-1], /messages\[0\]\.uid: got -1, allowed/],
  ])('O2: %s are refused, naming the field', async (_, uids, detail) => {
    const { status, body } = await deliver({ messages: messages(...uids) });
    expect(status).toBe(400);
    expect(body).toMatchObject({ detail: expect.stringMatching(detail) });
    expect(await inbox()).toMatchObject({ uidNext: 1 });
  });

  test('U5: a repeated request is answered as the first, though its UIDs are taken now', async () => {
    const request = { messages: messages(5, 6) };
    const first = await deliver(request, { 'idempotency-key': 'k' });
    expect(await deliver(request, { 'idempotency-key': 'k' })).toEqual(first);
    expect(await inbox()).toMatchObject({ messages: 2 });
  });

  test('U5: two writers at once: one wins, the other is told, none is lost', async () => {
    const both = await Promise.all([
      deliver({ messages: messages(5) }),
      deliver({ messages: messages(5) }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(await inbox()).toMatchObject({ messages: 1, uidNext: 6 });
  });

  test('a delivery meant for another UIDVALIDITY is refused', async () => {
    const { status, body } = await deliver({ uidValidity: 7, messages: messages(1) });
    expect({ status, body }).toMatchObject({
      status: 409,
      body: { type: 'urn:lethe:uid-conflict' },
    });
    expect(await inbox()).toMatchObject({ messages: 0 });
  });
});

describe('UIDVALIDITY and UIDNEXT of another store', () => {
  const change = (body: object) => door.call('PATCH', 'mailboxes', body);

  test('a mailbox is created with its UIDVALIDITY; an existing one keeps its own', async () => {
    const made = await door.call('POST', 'mailboxes', { path: 'A', uidValidity: 77 });
    expect(made).toMatchObject({ status: 201, body: { uidValidity: 77, uidNext: 1 } });
    const again = await door.call('POST', 'mailboxes', { path: 'A', uidValidity: 78 });
    expect(again).toMatchObject({ status: 409, body: { type: 'urn:lethe:mailbox-exists' } });
    for (const uidValidity of [0, -1, 2 ** 32]) {
      const refused = await door.call('POST', 'mailboxes', { path: 'B', uidValidity });
      expect(refused).toMatchObject({ status: 400 });
    }
  });

  test('the INBOX that came with the account takes one while it never gave a UID', async () => {
    expect(await change({ path: 'inbox', uidValidity: 77 })).toMatchObject({
      status: 200,
      body: { path: 'INBOX', uidValidity: 77 },
    });
    await deliver({ uidValidity: 77, messages: messages(3) });
    expect(await change({ path: 'INBOX', uidValidity: 77 })).toMatchObject({ status: 200 });
    expect(await change({ path: 'INBOX', uidValidity: 78 })).toMatchObject({
      status: 409,
      body: { type: 'urn:lethe:uid-conflict' },
    });
    expect(await inbox()).toMatchObject({ uidValidity: 77, uidNext: 4 });
  });

  test('UIDNEXT is raised, never lowered', async () => {
    expect(await change({ path: 'INBOX', uidNext: 50 })).toMatchObject({ body: { uidNext: 50 } });
    expect(await change({ path: 'INBOX', uidNext: 20 })).toMatchObject({ body: { uidNext: 50 } });
    expect(await deliver({ messages: messages(undefined) })).toMatchObject({
      body: { uids: [50] },
    });
    expect(await change({ path: 'INBOX', uidNext: 2 ** 32 })).toMatchObject({ status: 400 });
    expect(await change({ path: 'None', uidNext: 2 })).toMatchObject({ status: 404 });
  });
});

describe('what else comes along', () => {
  test('every message has the digest of its bytes', async () => {
    await deliver({ messages: messages(1, 2) });
    const [first] = await door.list();
    const sha256 = createHash('sha256').update('Subject: 0\r\n\r\n').digest('hex');
    expect(first?.digest).toBe(sha256.slice(0, 32));
  });

  test('subscriptions are kept once each, whether or not the mailbox exists', async () => {
    for (const path of ['inbox', 'Größe/日本', 'Größe/日本']) {
      expect(await door.call('POST', 'subscriptions', { path })).toMatchObject({ status: 201 });
    }
    const pages: object[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { body }: { body: { items: object[]; next?: string } } = await door.call(
        'GET',
        `subscriptions?limit=1${query}`,
      );
      pages.push(...body.items);
      cursor = body.next;
    }
    expect(pages).toEqual([{ path: 'Größe/日本' }, { path: 'INBOX' }]);
    expect(await door.call('POST', 'subscriptions', { path: 'a//b' })).toMatchObject({
      status: 400,
    });
  });
});
