import { beforeEach, describe, expect, test } from 'vitest';
import type { UploadAnswer } from '../../../functions/contract/api.ts';
import { INLINE_BODY_BYTES, UPLOAD_BYTES_MAX } from '../../../functions/contract/limits.ts';
import { registryKeys } from '../../../functions/contract/row-layout.ts';
import { requireMailbox } from '../../../functions/core/mailboxes/mailboxes.ts';
import { ensureStorage } from '../../../functions/core/mailboxes/storage-mailbox.ts';
import { expungeMessages } from '../../../functions/core/messages/expunge-messages.ts';
import { fetchMessage, openMessage } from '../../../functions/core/messages/read-messages.ts';
import { resolveSettings } from '../../../functions/core/settings/resolve-settings.ts';
import { base64, type MailDoor, openMailDoor } from './mail-door.ts';

let door: MailDoor;

beforeEach(async () => {
  door = await openMailDoor();
});

const start = async (size: number): Promise<UploadAnswer> =>
  (await door.call<UploadAnswer>('POST', 'uploads', { size })).body;
const deliver = (messages: readonly object[], headers = {}) =>
  door.call('POST', 'messages', { messages }, headers);

describe('messages that are uploaded', () => {
  const text = `From: a@x.org\r\nSubject: large\r\n\r\n${'x'.repeat(5_000_000)}\r\n`;

  test('W1: become messages, byte for byte, among others of the same request', async () => {
    const upload = await start(text.length);
    expect(Date.parse(upload.expiresAt)).toBe(door.ports.clock.now() + 900_000);
    expect(await door.objects.receive(upload, Buffer.from(text))).toBe(true);
    const { uploadId } = upload;
    const answer = await deliver([
      { raw: base64('Subject: small\r\n\r\n'), uid: 4 },
      { uploadId, uid: 9, flags: ['\\Seen'] },
    ]);
    expect(answer).toMatchObject({ status: 201, body: { uids: [4, 9] } });
    expect(await door.list()).toMatchObject([
      { uid: 4, subject: 'small' },
      { uid: 9, subject: 'large', size: text.length, flags: ['\\Seen'] },
    ]);
    const { rows } = door.ports;
    const mailbox = await requireMailbox(rows, door.account, 'INBOX');
    const { body } = await fetchMessage(door.ports, door.account, mailbox, 9);
    expect(Buffer.from(body).equals(Buffer.from(text))).toBe(true);
  });

  test('W1: are fetched by a presigned URL when an answer cannot carry them', async () => {
    for (const size of [INLINE_BODY_BYTES, INLINE_BODY_BYTES + 1]) {
      const upload = await start(size);
      await door.objects.receive(upload, Buffer.alloc(size, 'x'));
      expect((await deliver([{ uploadId: upload.uploadId }])).status).toBe(201);
    }
    const fetched = (uid: number) =>
      door.request(`/v1/accounts/${encodeURIComponent(door.user)}/messages/${uid}`, {});
    const inline = await fetched(1);
    expect(inline.status).toBe(200);
    expect((await inline.arrayBuffer()).byteLength).toBe(INLINE_BODY_BYTES);
    // The bytes never come through the function.
    door.objects.get = () => Promise.reject(new Error('read'));
    const large = await fetched(2);
    expect(large.status).toBe(307);
    expect(await large.text()).toBe('');
    expect(large.headers.get('cache-control')).toBe('no-store');
    Reflect.deleteProperty(door.objects, 'get');
    const body = await door.objects.open(large.headers.get('location') ?? '');
    expect(Buffer.from(body ?? []).equals(Buffer.alloc(INLINE_BODY_BYTES + 1, 'x'))).toBe(true);
  });

  test('X1: a URL to read by lives a minute, and no longer than what it leads to', async () => {
    const upload = await start(INLINE_BODY_BYTES + 1);
    await door.objects.receive(upload, Buffer.alloc(INLINE_BODY_BYTES + 1));
    await deliver([{ uploadId: upload.uploadId }]);
    const mailbox = await requireMailbox(door.ports.rows, door.account, 'INBOX');
    const lives: number[] = [];
    const { objects } = door;
    const presignGet = objects.presignGet.bind(objects);
    Object.assign(objects, {
      presignGet: (version: { key: string; versionId: string }, seconds: number) => {
        lives.push(seconds);
        return presignGet(version);
      },
    });
    const open = () => openMessage(door.ports, door.account, mailbox, 1);
    await open();
    const settings = resolveSettings({ lazyExpunge: '.EXPUNGED' }, {}, {});
    const context = { account: door.account, settings, retentionDays: { r30: 30 } };
    const until = door.ports.clock.now() + 10_000;
    await ensureStorage(door.ports, context, 'INBOX', until);
    await expungeMessages({ ports: door.ports, context, deadline: until }, mailbox, [1], {});
    const storage = await requireMailbox(door.ports.rows, door.account, '.EXPUNGED');
    door.ports.clock.advance(30 * 86_400_000 - 5_000);
    await openMessage(door.ports, door.account, storage, 1);
    expect(lives).toEqual([60, 5]);
    door.ports.clock.advance(5_000);
    await expect(openMessage(door.ports, door.account, storage, 1)).rejects.toMatchObject({
      name: 'UnknownMessageError',
    });
  });

  test('U5: an upload is delivered once; the same request again gets the same answer', async () => {
    const upload = await start(4);
    await door.objects.receive(upload, Buffer.from('mail'));
    const { uploadId } = upload;
    const first = await deliver([{ uploadId }], { 'idempotency-key': 'k' });
    expect(first.status).toBe(201);
    expect(await deliver([{ uploadId }], { 'idempotency-key': 'k' })).toEqual(first);
    expect(await deliver([{ uploadId }])).toMatchObject({
      status: 404,
      body: { type: 'urn:lethe:unknown-upload' },
    });
    expect(await door.list()).toHaveLength(1);
  });

  test('U5: of two deliveries of one upload at once, one wins', async () => {
    const upload = await start(4);
    await door.objects.receive(upload, Buffer.from('mail'));
    const { uploadId } = upload;
    const both = await Promise.all([deliver([{ uploadId }]), deliver([{ uploadId }])]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 404]);
    expect(await door.list()).toHaveLength(1);
  });

  test('O2: what was never sent, never begun, or is named twice is refused', async () => {
    const { uploadId } = await start(4);
    expect(await deliver([{ uploadId }])).toMatchObject({ status: 404 });
    expect(await deliver([{ uploadId: '0'.repeat(32) }])).toMatchObject({ status: 404 });
    expect(await deliver([{ uploadId }, { uploadId }])).toMatchObject({ status: 400 });
    expect(await deliver([{ uploadId: '../x' }])).toMatchObject({ status: 400 });
    expect(await deliver([{ uploadId, raw: base64('x') }])).toMatchObject({ status: 400 });
    expect(await deliver([{}])).toMatchObject({ status: 400 });
    for (const size of [0, 1.5, UPLOAD_BYTES_MAX + 1]) {
      expect(await door.call('POST', 'uploads', { size })).toMatchObject({ status: 400 });
    }
    expect(await door.list()).toEqual([]);
  });

  test('X3: none begins once the account is being deleted', async () => {
    const key = registryKeys.account(door.account.accountId);
    const change = { set: { state: 'deleting' } };
    await door.ports.rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
    expect(await door.call('POST', 'uploads', { size: 4 })).toMatchObject({ status: 409 });
  });
});
