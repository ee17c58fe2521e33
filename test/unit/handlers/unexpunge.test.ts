import { beforeEach, describe, expect, test } from 'vitest';
import { registryKeys } from '../../../functions/contract/row-layout.ts';
import { type Answer, Doors, expectProblem } from './doors.ts';

const OWN = '/v1/accounts/john@x.org';
const ADMIN = '/v1/admin/accounts/john@x.org';
const DAY_MS = 86_400_000;
const BYTES = 100;

let doors: Doors;
let accountId: string;

beforeEach(async () => {
  doors = new Doors();
  doors.settings = { lazyExpunge: 'in-place' };
  accountId = await doors.addAccount('john@x.org');
  await doors.ask(`POST ${OWN}/mailboxes`, { body: { path: 'A' } });
});

async function deliver(mailbox: string, ...subjects: string[]): Promise<void> {
  const messages = subjects.map((subject) => {
    const raw = Buffer.alloc(BYTES, '.');
    raw.write(`From: anna@x.org\r\nSubject: ${subject}\r\n\r\n`);
    return { raw: raw.toString('base64'), flags: ['\\Deleted'], keywords: ['k'] };
  });
  const { status } = await doors.ask(`POST ${OWN}/messages`, { body: { mailbox, messages } });
  expect(status).toBe(201);
}

const send = (verb: string, body: object, base = ADMIN, leftMs?: number): Promise<Answer> =>
  doors.ask(`POST ${base}/messages/${verb}`, leftMs === undefined ? { body } : { body, leftMs });
const expunge = (mailbox: string, ...uids: number[]) => send('expunge', { mailbox, uids });
const list = (mailbox: string, more = '', base = ADMIN): Promise<Answer> =>
  doors.ask(`GET ${base}/messages/expunged?mailbox=${mailbox}${more}`);
const uidsIn = async (mailbox: string): Promise<unknown[]> =>
  ((await list(mailbox)).body['items'] as { uid: number }[]).map(({ uid }) => uid);
const shown = async (mailbox: string) =>
  ((await doors.ask(`GET ${OWN}/messages?mailbox=${mailbox}`)).body['items'] ?? []) as {
    uid: number;
    subject: string;
    flags: string[];
    keywords: string[];
  }[];

describe('what was expunged in place', () => {
  test('L1: is in no list of the owner, and in one of administrators, page by page', async () => {
    await deliver('INBOX', 'a', 'b', 'c', 'd');
    await expunge('INBOX', 1, 2, 4);
    expect((await shown('INBOX')).map(({ uid }) => uid)).toEqual([3]);
    expect((await doors.ask(`GET ${OWN}/mailboxes`)).body['items']).toHaveLength(2);
    const first = await list('INBOX', '&limit=2');
    const now = doors.world.clock.now();
    expect(first.body['items']).toMatchObject([
      {
        uid: 1,
        subject: 'a',
        from: 'anna@x.org',
        size: BYTES,
        flags: ['\\Deleted'],
        keywords: ['k'],
        expungedAt: new Date(now).toISOString(),
        expiresAt: new Date(now + 30 * DAY_MS).toISOString(),
      },
      { uid: 2, subject: 'b' },
    ]);
    const rest = await list('INBOX', `&limit=2&cursor=${first.body['next']}`);
    expect(rest.body).toMatchObject({ items: [{ uid: 4 }] });
    expect(rest.body).not.toHaveProperty('next');
  });

  test('X1: is hidden, and cannot come back, from the millisecond on in which it ends', async () => {
    await deliver('INBOX', 'a');
    await expunge('INBOX', 1);
    doors.world.clock.advance(30 * DAY_MS - 1);
    expect(await uidsIn('INBOX')).toEqual([1]);
    doors.world.clock.advance(1);
    expect(await uidsIn('INBOX')).toEqual([]);
    const { body } = await send('unexpunge', { mailbox: 'INBOX', all: true });
    expect(body).toEqual({ restored: [], count: 0, bytes: 0, complete: true });
  });

  test('L1: comes back, whatever the settings are by then', async () => {
    await deliver('A', 'a', 'b');
    await expunge('A', 1, 2);
    // What was an ordinary mailbox becomes the storage.
    for (const lazyExpunge of ['off', 'A', '.EXPUNGED/']) {
      doors.settings = { lazyExpunge };
      expect(await uidsIn('A')).toEqual([1, 2]);
    }
    doors.settings = { lazyExpunge: 'A' };
    await deliver('INBOX', 'x');
    await expunge('INBOX', 1);
    expect(await uidsIn('A')).toEqual([1, 2]);
    const { body } = await send('unexpunge', { mailbox: 'A', all: true });
    expect(body['restored']).toEqual([
      [1, 4],
      [2, 5],
    ]);
    expect((await shown('A')).map(({ subject }) => subject)).toEqual(['x', 'a', 'b']);
    expect((await doors.ask(`POST ${ADMIN}/quota/recount`)).body['drift']).toEqual([]);
  });

  test('L7: counts for no quota, and a recount finds nothing to correct', async () => {
    await deliver('INBOX', 'a', 'b', 'c');
    await expunge('INBOX', 1, 2);
    expect((await doors.ask(`GET ${OWN}/quota`)).body).toEqual({ bytes: BYTES, messages: 1 });
    const { body } = await doors.ask(`POST ${ADMIN}/quota/recount`);
    expect(body).toEqual({ bytes: BYTES, messages: 1, drift: [] });
  });
});

describe('unexpunge', () => {
  beforeEach(async () => {
    await deliver('INBOX', 'a', 'b', 'c', 'd');
    await expunge('INBOX', 3, 1);
    doors.world.clock.advance(60_000);
    await expunge('INBOX', 2);
  });

  test('L3: in UID order, without \\Deleted, with a keyword', async () => {
    const body = { mailbox: 'INBOX', all: true, addKeyword: 'back' };
    const answer = await send('unexpunge', body);
    expect(answer.body).toEqual({
      restored: [
        [1, 5],
        [2, 6],
        [3, 7],
      ],
      count: 3,
      bytes: 3 * BYTES,
      complete: true,
    });
    expect((await shown('INBOX')).slice(1)).toMatchObject(
      ['a', 'b', 'c'].map((subject) => ({ subject, flags: [], keywords: ['k', 'back'] })),
    );
    expect(await uidsIn('INBOX')).toEqual([]);
  });

  test('by time of expunge, as it was, or from a cursor on', async () => {
    const recent = { mailbox: 'INBOX', expungedWithinSeconds: 59, clearDeleted: false };
    expect((await send('unexpunge', recent)).body['restored']).toEqual([[2, 5]]);
    expect((await shown('INBOX')).at(-1)).toMatchObject({ uid: 5, flags: ['\\Deleted'] });
    const rest = { mailbox: 'INBOX', all: true, cursor: '1' };
    expect((await send('unexpunge', rest)).body['restored']).toEqual([[3, 6]]);
    expect(await uidsIn('INBOX')).toEqual([1]);
  });

  test('the time of expunge counts to the second', async () => {
    const within = async (expungedWithinSeconds: number) =>
      (await send('unexpunge?dryRun=true', { mailbox: 'INBOX', expungedWithinSeconds })).body[
        'count'
      ];
    const [most, least] = [await within(60), await within(59)];
    expect([most, least]).toEqual([3, 1]);
  });

  test('O1: a dry run says which, and changes nothing', async () => {
    const before = doors.world.rows.rows('dictmap');
    const body = { mailbox: 'INBOX', uids: [3, 1, 4, 9] };
    expect((await send('unexpunge?dryRun=true', body)).body).toEqual({
      dryRun: true,
      restored: [[1], [3]],
      count: 2,
      bytes: 2 * BYTES,
      complete: true,
    });
    expect(doors.world.rows.rows('dictmap')).toEqual(before);
  });

  test('L7: all or nothing within the quota, unless an administrator says otherwise', async () => {
    doors.settings = { lazyExpunge: 'in-place', quotaBytes: 3 * BYTES };
    const body = { mailbox: 'INBOX', all: true };
    expectProblem(await send('unexpunge', body), 409, 'urn:lethe:quota-exceeded');
    expect(await uidsIn('INBOX')).toEqual([1, 2, 3]);
    const over = await send('unexpunge', { ...body, overQuota: true });
    expect(over.body).toMatchObject({ count: 3, overQuota: true });
  });

  test.each([
    [{}, 'uids'],
    [{ uids: [1], all: true }, 'uids'],
    [{ uids: [1], cursor: '5' }, 'cursor'],
    [{ all: true, cursor: 'x' }, 'cursor'],
    [{ all: false }, 'all'],
    [{ expungedWithinSeconds: -1 }, 'expungedWithinSeconds'],
    [{ all: true, addKeyword: 'two words' }, 'addKeyword[0]'],
  ])('O2: %j is refused, %s named', async (given, field) => {
    const answer = await send('unexpunge', { mailbox: 'INBOX', ...given });
    expectProblem(answer, 400, 'urn:lethe:invalid-input', [field]);
    expect(await uidsIn('INBOX')).toEqual([1, 2, 3]);
  });

  test('L8: owners are refused, whatever rights they have', async () => {
    const answers = [
      await list('INBOX', '', OWN),
      await send('unexpunge', { mailbox: 'INBOX', all: true }, OWN),
      await send('purge-expunged', { olderThanDays: 0 }, OWN),
    ];
    for (const answer of answers) expectProblem(answer, 403, 'urn:lethe:permission-denied');
    expect(await uidsIn('INBOX')).toEqual([1, 2, 3]);
  });
});

describe('purge-expunged', () => {
  beforeEach(async () => {
    await deliver('INBOX', 'a', 'b', 'c');
    await deliver('A', 'd');
    await expunge('INBOX', 1);
    await expunge('A', 1);
    doors.world.clock.advance(3 * DAY_MS);
    await expunge('INBOX', 2);
  });

  /** Asks on until all is done. */
  async function purge(body: object, leftMs?: number, verb = 'purge-expunged') {
    let [removed, bytes, requests] = [0, 0, 0];
    let cursor: unknown;
    do {
      const asked = { ...body, ...(cursor === undefined ? {} : { cursor }) };
      const { body: answer } = await send(verb, asked, ADMIN, leftMs);
      removed += Number(answer['removed']);
      bytes += Number(answer['bytes']);
      requests += 1;
      expect(answer['complete']).toBe(!('next' in answer));
      cursor = answer['next'];
    } while (cursor !== undefined && requests < 10);
    return { removed, bytes, requests };
  }

  test('W1, O3: what was expunged long enough ago, in one mailbox or in all', async () => {
    const dry = await purge({ olderThanDays: 3 }, undefined, 'purge-expunged?dryRun=true');
    expect(dry).toEqual({ removed: 2, bytes: 2 * BYTES, requests: 1 });
    const one = await purge({ olderThanDays: 3, mailbox: 'A' });
    expect(one).toMatchObject({ removed: 1, bytes: BYTES });
    expect([await uidsIn('A'), await uidsIn('INBOX')]).toEqual([[], [1, 2]]);
    expect(await purge({ olderThanDays: 0 })).toMatchObject({ removed: 2, bytes: 2 * BYTES });
    expect((await shown('INBOX')).map(({ uid }) => uid)).toEqual([3]);
    expect(await purge({ olderThanDays: 0 })).toMatchObject({ removed: 0 });
  });

  test('O3: a request whose time is over does one part, and says where the next goes on', async () => {
    const body = { olderThanDays: 3 };
    const dry = await purge(body, 0, 'purge-expunged?dryRun=true');
    expect(dry).toEqual({ removed: 2, bytes: 2 * BYTES, requests: 2 });
    expect(await purge(body, 0)).toEqual(dry);
    expect([await uidsIn('A'), await uidsIn('INBOX')]).toEqual([[], [2]]);
  });

  test('W6: nothing of a held account goes', async () => {
    const key = registryKeys.account(accountId);
    const guard = { row: 'present' } as const;
    await doors.world.rows.write({ kind: 'update', key, guard, change: { set: { hold: 'x' } } });
    for (const verb of ['purge-expunged', 'purge-expunged?dryRun=true']) {
      const answer = await send(verb, { olderThanDays: 0 });
      expectProblem(answer, 409, 'urn:lethe:account-held');
    }
    expect([await uidsIn('A'), await uidsIn('INBOX')]).toEqual([[1], [1, 2]]);
  });

  test.each([
    [{}, 'olderThanDays'],
    [{ olderThanDays: -1 }, 'olderThanDays'],
    [{ olderThanDays: 0, cursor: 'x' }, 'cursor'],
  ])('O2: %j is refused, %s named', async (given, field) => {
    const answer = await send('purge-expunged', given);
    expectProblem(answer, 400, 'urn:lethe:invalid-input', [field]);
  });
});
