import { beforeEach, describe, expect, test } from 'vitest';
import { dictmapKeys, registryKeys } from '../../../functions/contract/row-layout.ts';
import { requireMailbox } from '../../../functions/core/mailboxes/mailboxes.ts';
import { mail } from '../../simulation/mail.ts';
import { captureLog } from '../runtime/log-lines.ts';
import { type Asked, Doors, expectProblem } from './doors.ts';

const MAILBOXES = '/v1/accounts/a%2Bb%40x.org/mailboxes';
const MESSAGES = '/v1/accounts/a%2Bb%40x.org/messages';

let doors: Doors;
let accountId: string;

beforeEach(async () => {
  doors = new Doors();
  accountId = await doors.addAccount('a+b@x.org');
});

const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64');
const message = (text: string) => ({ raw: base64(mail(text)) });
const deliver = (body: unknown, headers: Asked['headers'] = {}) =>
  doors.ask(`POST ${MESSAGES}`, { body, headers });
const setState = (state: string) =>
  doors.world.rows.write({
    kind: 'update',
    key: registryKeys.account(accountId),
    guard: { row: 'present' },
    change: { set: { state } },
  });

describe('mailboxes', () => {
  test('POST makes one', async () => {
    const body = { path: 'inbox/Gr\u00f6\u00dfe', specialUse: '\\Archive' };
    const answer = await doors.ask(`POST ${MAILBOXES}`, { body });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      mailboxId: expect.stringMatching(new RegExp(`^${accountId}\\.[0-9a-f]{16}$`)),
      path: 'INBOX/Gr\u00f6\u00dfe',
      uidValidity: Date.parse('2026-11-22T00:00:00Z') / 1000,
      uidNext: 1,
      messages: 0,
      bytes: 0,
      specialUse: '\\Archive',
    });
  });

  test.each([
    [{}, ['path']],
    [{ path: '' }, ['path']],
    [{ path: 'a//b' }, ['path']],
    [{ path: 'a', specialUse: 'Archive' }, ['specialUse']],
    [{ path: 'a', specialUse: '\\Inbox' }, ['specialUse']],
    [{ path: 1, specialUse: 2 }, ['path', 'specialUse']],
    [{ path: 'a', name: 'b' }, ['name']],
  ])('O2: POST of %j is refused', async (body, fields) => {
    const answer = await doors.ask(`POST ${MAILBOXES}`, { body });
    expectProblem(answer, 400, 'urn:lethe:invalid-input', fields);
  });

  test('O2: POST of one that is there is a conflict', async () => {
    const answer = await doors.ask(`POST ${MAILBOXES}`, { body: { path: 'Inbox' } });
    expectProblem(answer, 409, 'urn:lethe:mailbox-exists');
  });

  test('O3: GET lists them in pages', async () => {
    for (const path of ['a', 'b', 'c', 'd']) {
      await doors.ask(`POST ${MAILBOXES}`, { body: { path } });
    }
    const paths: string[] = [];
    let cursor = '';
    for (let pages = 1; ; pages += 1) {
      const { body } = await doors.ask(`GET ${MAILBOXES}?limit=2${cursor}`);
      const { items, next } = body as { items: { path: string; state?: string }[]; next?: string };
      expect(items.length).toBeLessThanOrEqual(2);
      for (const item of items) expect(item).not.toHaveProperty('state');
      paths.push(...items.map(({ path }) => path));
      if (next === undefined) break;
      expect(pages).toBeLessThan(5);
      cursor = `&cursor=${encodeURIComponent(next)}`;
    }
    expect(paths.sort()).toEqual(['INBOX', 'a', 'b', 'c', 'd']);
  });

  test.each([
    ['limit=0', 'limit'],
    ['limit=501', 'limit'],
    ['limit=1e2', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=', 'limit'],
    ['cursor=nonsense', 'cursor'],
    ['cursor=', 'cursor'],
  ])('O2: GET with ?%s is refused', async (query, field) => {
    const answer = await doors.ask(`GET ${MAILBOXES}?${query}`);
    expectProblem(answer, 400, 'urn:lethe:invalid-input', [field]);
  });
});

describe('POST of messages', () => {
  test('W1: delivers what came over the wire, byte for byte, with flags and dates', async () => {
    const raw = Uint8Array.from({ length: 1024 }, (_, index) => index % 256);
    const internalDate = '2001-02-03T04:05:06.789+02:00';
    const given = { flags: ['\\seen'], keywords: ['$Forwarded'], internalDate };
    const answer = await deliver({ messages: [{ raw: base64(raw), ...given }, message('b')] });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      mailbox: 'INBOX',
      uidValidity: Date.parse('2026-11-22T00:00:00Z') / 1000,
      uids: [1, 2],
    });
    const fetched = await doors.mail.request(`${MESSAGES}/1`);
    expect(fetched.status).toBe(200);
    expect(fetched.headers.get('content-type')).toBe('message/rfc822');
    expect(Buffer.from(await fetched.arrayBuffer()).equals(raw)).toBe(true);
    const { items } = (await doors.ask(`GET ${MESSAGES}`)).body as { items: object[] };
    expect(items[0]).toMatchObject({
      flags: ['\\Seen'],
      keywords: ['$Forwarded'],
      internalDate: '2001-02-03T02:05:06.789Z',
      saveDate: '2026-11-22T00:00:00.000Z',
    });
  });

  test('O2: 4 MiB fit in one request, one byte more is 413', async () => {
    const size = 4 * 1024 * 1024;
    const whole = await deliver({ messages: [{ raw: base64(Buffer.alloc(size, 'x')) }] });
    expect(whole.body).toMatchObject({ uids: [1] });
    const beyond = await deliver({ messages: [{ raw: base64(Buffer.alloc(size + 1, 'x')) }] });
    expectProblem(beyond, 413, 'urn:lethe:message-too-large');
  });

  test.each([
    [{}, ['messages']],
    [{ messages: [] }, ['messages']],
    [{ messages: 'x' }, ['messages']],
    [{ messages: Array.from({ length: 99 }, () => ({ raw: 'eA==' })) }, ['messages']],
    [{ messages: [{ raw: 'eA==' }, {}] }, ['messages[1]']],
    [{ messages: [{ raw: 'no base64' }] }, ['messages[0].raw']],
    [{ messages: [{ raw: 'eA' }] }, ['messages[0].raw']],
    [{ messages: [{ raw: '' }] }, ['messages[0].raw']],
    [{ messages: ['eA=='] }, ['messages[0]']],
    [{ messages: [{ raw: 'eA==', internalDate: '3 Feb 2001' }] }, ['messages[0].internalDate']],
    [
      { messages: [{ raw: 'eA==', internalDate: '2001-02-30T00:00:00Z' }] },
      ['messages[0].internalDate'],
    ],
    [{ messages: [{ raw: 'eA==', flags: ['\\Seen', '\\Recent'] }] }, ['messages[0].flags[1]']],
    [{ messages: [{ raw: 'eA==', flags: '\\Seen' }] }, ['messages[0].flags']],
    [{ messages: [{ raw: 'eA==', keywords: ['a b'] }] }, ['messages[0].keywords[0]']],
    [{ messages: [{ raw: 'eA==', flag: [] }] }, ['messages[0].flag']],
    [{ messages: [{ raw: 1 }, { raw: 2 }] }, ['messages[0].raw', 'messages[1].raw']],
    [{ messages: [{ raw: 'eA==' }], mailbox: '' }, ['mailbox']],
    [{ messages: [{ raw: 'eA==' }], mailbox: 7 }, ['mailbox']],
    [{ messages: [{ raw: 'eA==' }], to: 'b@x.org' }, ['to']],
  ])('O2: %j is refused and stores nothing', async (body, fields) => {
    expectProblem(await deliver(body), 400, 'urn:lethe:invalid-input', fields);
    expect(doors.world.objects.versions()).toEqual([]);
  });

  test('U5: with an Idempotency-Key the repeated request has the same answer, another is 422', async () => {
    const key = { 'idempotency-key': 'k-1' };
    const first = await deliver({ messages: [message('a')] }, key);
    const again = await deliver({ messages: [message('a')] }, key);
    expect(again.body).toEqual(first.body);
    expect(again.status).toBe(201);
    const other = await deliver({ messages: [message('b')] }, key);
    expectProblem(other, 422, 'urn:lethe:idempotency-key-reused');
    expect((await requireMailbox(doors.world.rows, { accountId }, 'INBOX')).messages).toBe(1);
  });

  test.each(['', 'x'.repeat(256)])(
    'W1: the Idempotency-Key %j is refused, not shared',
    async (key) => {
      const answer = await deliver({ messages: [message('a')] }, { 'idempotency-key': key });
      expectProblem(answer, 400, 'urn:lethe:invalid-input', ['Idempotency-Key']);
    },
  );

  test('O3: a mailbox that others keep changing is 503', async () => {
    doors.world.rows.conflictNext(10_000);
    const log = captureLog();
    const answer = await deliver({ messages: [message('a')] });
    log.release();
    expect(log.text()).not.toContain('x.org');
    expectProblem(answer, 503, 'urn:lethe:busy');
    expect(answer.headers.get('retry-after')).toBe('2');
  });
});

describe('GET of messages', () => {
  beforeEach(async () => {
    await doors.ask(`POST ${MAILBOXES}`, { body: { path: 'Gr\u00f6\u00dfe/\u2713' } });
    await deliver({ mailbox: 'Gr\u00f6\u00dfe/\u2713', messages: ['a', 'b', 'c'].map(message) });
  });

  const mailbox = `mailbox=${encodeURIComponent('Gr\u00f6\u00dfe/\u2713')}`;

  test('O3: lists in pages, in UID order', async () => {
    const first = await doors.ask(`GET ${MESSAGES}?${mailbox}&limit=2`);
    expect(first.body).toMatchObject({
      items: [
        { uid: 1, subject: 'a', from: 'a@example.org', to: 'b@example.org', messageId: '' },
        { uid: 2, subject: 'b', size: mail('b').length, guid: expect.any(String) },
      ],
      next: '2',
    });
    const second = await doors.ask(`GET ${MESSAGES}?${mailbox}&limit=2&cursor=2`);
    expect(second.body).toMatchObject({ items: [{ uid: 3 }] });
    expect(second.body).not.toHaveProperty('next');
    expect((await doors.ask(`GET ${MESSAGES}`)).body).toEqual({ items: [] });
  });

  test.each(['cursor=x', 'cursor=4294967296', 'limit=0', 'mailbox='])(
    'O2: ?%s is refused',
    async (query) => {
      const answer = await doors.ask(`GET ${MESSAGES}?${query}`);
      expectProblem(answer, 400, 'urn:lethe:invalid-input', [query.split('=')[0] ?? '']);
    },
  );

  test.each(['0', '4294967296', 'x', '-1', '1.5', '1%20'])('O2: %s is no UID', async (uid) => {
    const answer = await doors.ask(`GET ${MESSAGES}/${uid}`);
    expectProblem(answer, 400, 'urn:lethe:invalid-input', ['uid']);
  });

  test('O2: an unknown UID is 404; an expunged one is no longer shown', async () => {
    expect((await doors.ask(`GET ${MESSAGES}/3?${mailbox}`)).text).toBe(mail('c').toString());
    const beyond = await doors.ask(`GET ${MESSAGES}/4?${mailbox}`);
    expectProblem(beyond, 404, 'urn:lethe:unknown-message');
    const { mailboxId } = await requireMailbox(
      doors.world.rows,
      { accountId },
      'Gr\u00f6\u00dfe/\u2713',
    );
    await doors.world.rows.write({
      kind: 'update',
      key: dictmapKeys.message(mailboxId, 3),
      guard: { row: 'present' },
      change: { set: { state: 'expunged' } },
    });
    const expunged = await doors.ask(`GET ${MESSAGES}/3?${mailbox}`);
    expectProblem(expunged, 404, 'urn:lethe:unknown-message');
  });
});

describe('every path of an account', () => {
  const requests = [
    [`GET ${MAILBOXES}`, {}],
    [`POST ${MAILBOXES}`, { body: { path: 'a' } }],
    [`GET ${MESSAGES}`, {}],
    [`GET ${MESSAGES}/1`, {}],
    [`POST ${MESSAGES}`, { body: { messages: [{ raw: 'eA==' }] } }],
  ] as const;

  test.each(requests)('O2: %s knows whose it is', async (request, asked) => {
    const stranger = request.replace('a%2Bb', 'b');
    expectProblem(await doors.ask(stranger, asked), 404, 'urn:lethe:unknown-user');
    const wrong = request.replace('a%2Bb', 'a%20b');
    expectProblem(await doors.ask(wrong, asked), 400, 'urn:lethe:invalid-input', ['user']);
  });

  test.each(requests)('X3: %s is closed once the account is disabled', async (request, asked) => {
    await setState('disabled');
    expectProblem(await doors.ask(request, asked), 409, 'urn:lethe:account-not-active');
  });

  test.each(requests.slice(2))('O2: %s knows its mailbox', async (request, asked) => {
    const body = 'body' in asked ? { ...asked.body, mailbox: 'None' } : undefined;
    const path = body === undefined ? `${request}?mailbox=None` : request;
    const answer = await doors.ask(path, body === undefined ? {} : { body });
    expectProblem(answer, 404, 'urn:lethe:unknown-mailbox');
  });
});

test.each([
  `DELETE ${MAILBOXES}`,
  `GET ${MAILBOXES}/`,
  `GET ${MAILBOXES}/INBOX`,
  `DELETE ${MESSAGES}/1`,
  `PUT ${MESSAGES}`,
  `GET ${MESSAGES}/1/raw`,
])('O2: %s is on no path', async (request) => {
  expectProblem(await doors.ask(request), 404, 'urn:lethe:not-found');
});
