import { inspect } from 'node:util';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { MailSettings } from '../../../functions/contract/mail-settings.ts';
import { registryKeys } from '../../../functions/contract/row-layout.ts';
import type { Write } from '../../../functions/core/ports/row-store.ts';
import { Doors, expectProblem } from './doors.ts';

const OWN = '/v1/accounts/john@x.org';
const ADMIN = '/v1/admin/accounts/john@x.org';
const INSTANT: MailSettings = { deleteMode: 'immediate' };
const IN_PLACE: MailSettings = { lazyExpunge: 'in-place' };
const LAST_ONLY: MailSettings = { lazyExpungeOnlyLastInstance: true };
const RAW = Buffer.from('Subject: x\r\n\r\nx').toString('base64');

let doors: Doors;
let accountId: string;

/** INBOX has 1 and 2, of which 2 is marked; 1 is also in A; STORED holds what was expunged of B. */
async function fill(settings: MailSettings): Promise<void> {
  doors = new Doors();
  doors.settings = { lazyExpunge: 'STORED', ...settings };
  accountId = await doors.addAccount('john@x.org');
  for (const path of ['A', 'B']) await done('mailboxes', { path });
  const messages = [{ raw: RAW }, { raw: RAW, flags: ['\\Deleted'] }];
  await done('messages', { messages });
  await done('messages/copy', { from: 'INBOX', uids: [1], to: 'A' });
  await done('messages', { mailbox: 'B', messages });
  await done('messages/expunge', { mailbox: 'B', uids: [1] });
}

async function done(path: string, body: object, base = ADMIN): Promise<void> {
  const { status, text } = await doors.ask(`POST ${base}/${path}`, { body });
  expect(status, text).toBeLessThan(300);
}

async function hold(): Promise<void> {
  const key = registryKeys.account(accountId);
  const change = { set: { hold: { by: 'court' } } };
  await doors.world.rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
}

/** The court is faster by a moment: after all that a request reads, before the first it writes. */
function holdBeforeTheNextTransaction(): void {
  const { rows } = doors.world;
  const transact = rows.transact.bind(rows);
  vi.spyOn(rows, 'transact').mockImplementationOnce(async (writes: readonly Write[]) => {
    await hold();
    return await transact(writes);
  });
}

/** Sets are no JSON. */
const everything = () => inspect(doors.world.rows.rows('dictmap'), { depth: null, sorted: true });

interface Asked {
  readonly path: string;
  readonly body: object;
  readonly settings?: MailSettings;
}

const ENDING: readonly Asked[] = [
  { path: 'messages/expunge', body: { mailbox: 'INBOX', uids: [1, 2] } },
  { path: 'messages/expunge', body: { mailbox: 'INBOX' } },
  { path: 'messages/expunge', body: { mailbox: 'INBOX', uids: [2], deletedOnly: true } },
  { path: 'messages/expunge', body: { query: { mailbox: 'INBOX', all: true } } },
  { path: 'messages/expunge', body: { mailbox: 'INBOX', uids: [1], bypassExpungeStorage: true } },
  { path: 'messages/expunge', body: { mailbox: 'STORED', uids: [1] } },
  { path: 'messages/expunge', body: { mailbox: 'INBOX', uids: [1] }, settings: IN_PLACE },
  { path: 'messages/expunge', body: { mailbox: 'INBOX', uids: [1] }, settings: LAST_ONLY },
  {
    path: 'messages/expunge',
    body: { query: { mailbox: 'B', all: true }, deleteEmptied: true },
    settings: INSTANT,
  },
  { path: 'messages/move', body: { from: 'INBOX', uids: [1], to: 'A' } },
  { path: 'messages/move', body: { from: 'INBOX', uids: [1], to: 'A' }, settings: IN_PLACE },
  { path: 'messages/move', body: { from: 'INBOX', uids: [1], to: 'STORED' } },
  { path: 'messages/move', body: { from: 'STORED', uids: [1], to: 'INBOX' } },
  { path: 'messages/move-by-query', body: { query: { mailbox: 'INBOX', all: true }, to: 'B' } },
  { path: 'messages/restore', body: { mailbox: 'STORED', uids: [1] } },
  { path: 'messages/restore', body: { query: { origin: 'B' } } },
  { path: 'messages/unexpunge', body: { mailbox: 'B', uids: [1] }, settings: IN_PLACE },
  { path: 'messages/purge-expunged', body: { olderThanDays: 0 }, settings: IN_PLACE },
  { path: 'mailboxes/delete', body: { mailbox: 'A' }, settings: INSTANT },
  { path: 'mailboxes/delete', body: { mailbox: 'A', bypassExpungeStorage: true } },
  { path: 'mailboxes/delete', body: { mailbox: 'STORED' } },
];

const GOING_ON: readonly Asked[] = [
  { path: 'messages', body: { messages: [{ raw: RAW }] } },
  { path: 'messages/copy', body: { from: 'INBOX', uids: [1], to: 'B' } },
  { path: 'messages/copy', body: { from: 'STORED', uids: [1], to: 'B' } },
  { path: 'messages/copy-by-query', body: { query: { mailbox: 'INBOX', all: true }, to: 'B' } },
  { path: 'messages/flags', body: { mailbox: 'INBOX', uids: [1], add: { flags: ['\\Deleted'] } } },
  // Nothing stays behind that could end: the message is in the target.
  { path: 'messages/move', body: { from: 'INBOX', uids: [2], to: 'A' }, settings: LAST_ONLY },
  { path: 'messages/restore', body: { mailbox: 'STORED', uids: [1], keep: true } },
  { path: 'messages/search', body: { query: { all: true } } },
  { path: 'mailboxes', body: { path: 'C' } },
  { path: 'mailboxes/rename', body: { from: 'A', to: 'D' } },
  // Names change, and an administrator brings them back.
  { path: 'mailboxes/delete', body: { mailbox: 'A' } },
  { path: 'subscriptions', body: { path: 'A' } },
];

/** The rest of them has no dry run. */
const DRY_RUNS = ENDING.filter(({ path }) => !path.startsWith('messages/move'));

/** Of other tests, and nothing that ends mail: uploads, folders that come back, counters. */
const OTHERS = ['uploads', 'mailboxes/undelete', 'quota/recount'];

const named = ({ path, body, settings }: Asked) =>
  [path, JSON.stringify(body), JSON.stringify(settings ?? {})] as const;

describe('a held account', () => {
  beforeEach(() => void vi.restoreAllMocks());

  test.each(ENDING.map((asked) => [...named(asked), asked] as const))(
    'W6: loses nothing by %s %s with %s, whenever the hold comes',
    async (_path, _body, _settings, { path, body, settings = {} }) => {
      await fill(settings);
      const before = everything();
      holdBeforeTheNextTransaction();
      const late = await doors.ask(`POST ${ADMIN}/${path}`, { body });
      expectProblem(late, 409, 'urn:lethe:account-held');
      expect(everything()).toBe(before);
      const held = await doors.ask(`POST ${ADMIN}/${path}`, { body });
      expectProblem(held, 409, 'urn:lethe:account-held');
      expect(everything()).toBe(before);
    },
  );

  test.each(DRY_RUNS.map((asked) => [...named(asked), asked] as const))(
    'W6, O1: a dry run of %s %s with %s says what the request would meet',
    async (_path, _body, _settings, { path, body, settings = {} }) => {
      await fill(settings);
      const free = await doors.ask(`POST ${ADMIN}/${path}?dryRun=true`, { body });
      expect(free.status, free.text).toBe(200);
      await hold();
      const held = await doors.ask(`POST ${ADMIN}/${path}?dryRun=true`, { body });
      expectProblem(held, 409, 'urn:lethe:account-held');
    },
  );

  test.each([
    ['messages/expunge', { query: { mailbox: 'INBOX', subject: 'no such' } }],
    ['messages/expunge', { mailbox: 'INBOX', uids: [99] }],
    ['messages/expunge', { mailbox: 'A' }],
    ['messages/restore', { query: { origin: 'C' } }],
    ['messages/restore', { mailbox: 'STORED', uids: [99] }],
    ['messages/unexpunge', { mailbox: 'B', uids: [99] }],
    ['messages/purge-expunged', { mailbox: 'A', olderThanDays: 0 }],
    ['mailboxes/delete', { mailbox: 'EMPTY', bypassExpungeStorage: true }],
  ])('W6, O1: a dry run of %s %j, which finds nothing, says the same', async (path, body) => {
    await fill({});
    await done('mailboxes', { path: 'EMPTY' });
    await hold();
    const dry = await doors.ask(`POST ${ADMIN}/${path}?dryRun=true`, { body });
    const real = await doors.ask(`POST ${ADMIN}/${path}`, { body });
    expect(dry.status, dry.text).toBe(real.status);
  });

  test.each(GOING_ON.map((asked) => [...named(asked), asked] as const))(
    'W6: still takes %s %s with %s, by which nothing ends',
    async (_path, _body, _settings, { path, body, settings = {} }) => {
      await fill(settings);
      await hold();
      await done(path, body);
    },
  );

  test('W6: no expunge storage comes into being for what cannot be expunged', async () => {
    await fill({});
    await done('mailboxes/delete', { mailbox: 'STORED' });
    const before = everything();
    holdBeforeTheNextTransaction();
    const body = { mailbox: 'INBOX', uids: [1] };
    const late = await doors.ask(`POST ${OWN}/messages/expunge`, { body });
    expectProblem(late, 409, 'urn:lethe:account-held');
    expect(everything()).toBe(before);
  });

  test('W6: every way to change mail is asked here what it does under a hold', async () => {
    await fill({});
    const base = '/v1/admin/accounts/:user/';
    const changing = doors.mail.forms.filter(
      ({ method, path }) => method === 'POST' && path.startsWith(base),
    );
    const paths = new Set(changing.map(({ path }) => path.slice(base.length)));
    const asked = [...ENDING, ...GOING_ON].map(({ path }) => path);
    expect([...paths].sort()).toEqual([...new Set([...asked, ...OTHERS])].sort());
  });
});
