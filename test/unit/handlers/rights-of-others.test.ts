import { beforeEach, describe, expect, test } from 'vitest';
import { ADMIN, ANNA, FolderDoors, JOHN } from './folder-doors.ts';

let doors: FolderDoors;
beforeEach(async () => {
  doors = await FolderDoors.open();
});

const raw = Buffer.from('Subject: x\r\n\r\nx').toString('base64');
const MARKED = { raw, flags: ['\\Seen', '\\Deleted', '\\Flagged'], keywords: ['Junk'] };

const ask = (what: string, body?: object) => doors.ask(what, body === undefined ? {} : { body });

async function grant(mailbox: string, rights: string): Promise<void> {
  const body = { mailbox, identifier: 'anna@x.org', rights };
  const { status, text } = await ask(`PUT ${JOHN}/mailboxes/acl`, body);
  expect(status, text).toBe(200);
}

async function set(settings: object): Promise<void> {
  const { status, text } = await ask(`PATCH ${ADMIN}/settings`, { set: settings });
  expect(status, text).toBe(200);
}

async function marksIn(mailbox: string): Promise<readonly string[]> {
  const { body } = await ask(`GET ${ADMIN}/messages?mailbox=${mailbox}`);
  const [item] = body['items'] as readonly { flags: string[]; keywords: string[] }[];
  return [...(item?.flags ?? []), ...(item?.keywords ?? [])].toSorted();
}

async function statusOf(mailbox: string, base = ADMIN): Promise<Record<string, unknown>> {
  return (await ask(`GET ${base}/mailboxes/status?mailbox=${encodeURIComponent(mailbox)}`)).body;
}

describe('X6, L8: a rename takes no child along on which the right is missing', () => {
  test('of another user', async () => {
    await doors.make('Shared', 'Shared/Private', 'Other');
    await grant('Shared', 'lrkx');
    await grant('Other', 'lrk');
    const body = { from: 'Shared', to: 'Other/S' };
    expect((await ask(`POST ${JOHN}/mailboxes/rename?${ANNA}`, body)).status).toBe(403);
    expect(await doors.names()).toContain('Shared/Private');
    await grant('Shared/Private', 'lrx');
    expect((await ask(`POST ${JOHN}/mailboxes/rename?${ANNA}`, body)).status).toBe(200);
    expect(await doors.names()).toContain('Other/S/Private');
  });

  test.each([
    ['rights', { ownerRights: 'lr' }],
    ['a retention', { deletedRetentionDays: 'never' }],
  ])('of the owner, where the settings give it %s', async (_, given) => {
    await set({ mailboxes: { 'Legal/Archive': given } });
    await doors.make('Legal', 'Legal/Archive', 'Legal/Other');
    const rename = (base: string) =>
      ask(`POST ${base}/mailboxes/rename`, { from: 'Legal', to: 'Y' });
    expect((await rename(JOHN)).status).toBe(403);
    expect(await doors.names()).toContain('Legal/Archive');
    expect((await rename(ADMIN)).status).toBe(200);
  });
});

describe('L8: flags and keywords need their rights (RFC 4314, 4)', () => {
  test.each([
    ['i', []],
    ['is', ['\\Seen']],
    ['it', ['\\Deleted']],
    ['iw', ['Junk', '\\Flagged']],
    ['iswt', ['Junk', '\\Deleted', '\\Flagged', '\\Seen']],
  ])('with %s a delivery and a copy bring %j along', async (rights, expected) => {
    await doors.make('T', 'U');
    await grant('T', rights);
    await grant('U', rights);
    await grant('INBOX', 'lr');
    await ask(`POST ${JOHN}/messages?${ANNA}`, { mailbox: 'T', messages: [MARKED] });
    expect(await marksIn('T')).toEqual(expected);
    await ask(`POST ${JOHN}/messages`, { messages: [MARKED] });
    const copy = { from: 'INBOX', uids: [1], to: 'U' };
    expect((await ask(`POST ${JOHN}/messages/copy?${ANNA}`, copy)).status).toBe(200);
    expect(await marksIn('U')).toEqual(expected);
    expect(await statusOf('U')).toMatchObject({ unseen: rights.includes('s') ? 0 : 1 });
  });

  test('a move counts what left and what came', async () => {
    await doors.make('T');
    await grant('INBOX', 'lrte');
    await grant('T', 'i');
    await ask(`POST ${JOHN}/messages`, { messages: [MARKED] });
    const move = { from: 'INBOX', uids: [1], to: 'T' };
    expect((await ask(`POST ${JOHN}/messages/move?${ANNA}`, move)).status).toBe(200);
    expect(await marksIn('T')).toEqual([]);
    expect(await statusOf('T')).toMatchObject({ messages: 1, unseen: 1 });
    expect(await statusOf('INBOX')).toMatchObject({ messages: 0, unseen: 0 });
  });
});

describe('L8: other doors', () => {
  test('STATUS needs the right to read', async () => {
    await grant('INBOX', 'l');
    const status = () => ask(`GET ${JOHN}/mailboxes/status?mailbox=INBOX&${ANNA}`);
    expect((await status()).status).toBe(403);
    await grant('INBOX', 'lr');
    expect((await status()).status).toBe(200);
  });

  test('an upload needs the right to insert where it is to go', async () => {
    await doors.make('T');
    const begin = async (more: object) =>
      (await ask(`POST ${JOHN}/uploads?${ANNA}`, { size: 1000, ...more })).status;
    expect(await begin({})).toBe(404);
    await grant('T', 'lr');
    expect(await begin({ mailbox: 'T' })).toBe(403);
    await grant('T', 'i');
    expect(await begin({ mailbox: 'T' })).toBe(201);
    expect(await begin({})).toBe(404);
    expect((await ask(`POST ${JOHN}/uploads`, { size: 1000 })).status).toBe(201);
  });

  test('a folder that another user makes is seen by those who see the one above', async () => {
    await doors.make('Team');
    await grant('Team', 'lrk');
    const made = await ask(`POST ${JOHN}/mailboxes?${ANNA}`, { path: 'Team/Plans', parents: true });
    expect(made.status, made.text).toBe(201);
    expect((await ask(`GET ${JOHN}/messages?mailbox=Team/Plans&${ANNA}`)).status).toBe(200);
    const granted = doors.world.rows.rows('dictmap').filter(({ key }) => key.sk.includes('grant'));
    expect(granted).toHaveLength(2);
    expect((await ask(`POST ${JOHN}/mailboxes`, { path: 'Team/Own' })).status).toBe(201);
    expect((await ask(`GET ${JOHN}/messages?mailbox=Team/Own&${ANNA}`)).status).toBe(404);
  });

  test('the one who makes it, too, where the ACL above is too long to be taken over whole', async () => {
    await doors.make('Shared');
    for (const n of Array.from({ length: 50 }).keys()) {
      await doors.addAccount(`u${n}@x.org`);
      const body = { mailbox: 'Shared', identifier: `u${n}@x.org`, rights: 'lr' };
      await ask(`PUT ${ADMIN}/mailboxes/acl`, body);
    }
    await grant('Shared', 'lrk');
    const made = await ask(`POST ${JOHN}/mailboxes?${ANNA}`, { path: 'Shared/New' });
    expect(made.status, made.text).toBe(201);
    const seen = await ask(`GET ${JOHN}/mailboxes/status?mailbox=Shared/New&${ANNA}`);
    expect(seen.status, seen.text).toBe(200);
  });

  test('a restore by another user brings no flag along that he may not set', async () => {
    await set({ lazyExpunge: 'Expunged' });
    await ask(`POST ${JOHN}/messages`, { mailbox: 'INBOX', messages: [MARKED] });
    await ask(`POST ${JOHN}/messages/expunge`, { mailbox: 'INBOX', uids: [1] });
    await doors.make('Target');
    await grant('Expunged', 'lrte');
    await grant('Target', 'lris');
    const body = { mailbox: 'Expunged', uids: [1], to: 'Target' };
    const { status, text } = await ask(`POST ${JOHN}/messages/restore?${ANNA}`, body);
    expect(status, text).toBe(200);
    expect(await marksIn('Target')).toEqual(['\\Seen']);
  });

  test('a restore by another user needs the right to insert into the folder of origin', async () => {
    await set({ lazyExpunge: '.EXPUNGED' });
    await doors.deliver('INBOX');
    await ask(`POST ${JOHN}/messages/expunge`, { mailbox: 'INBOX', uids: [1] });
    await grant('.EXPUNGED', 'lrte');
    const restore = () =>
      ask(`POST ${JOHN}/messages/restore?${ANNA}`, { mailbox: '.EXPUNGED', uids: [1] });
    expect((await restore()).status).toBe(403);
    await grant('INBOX', 'i');
    expect((await restore()).body['restored']).toHaveLength(1);
  });
});

describe('W2, L2: a storage is one by its role', () => {
  async function expunged(mailbox: string, base = JOHN) {
    return await ask(`POST ${base}/messages/expunge`, { mailbox, uids: [1] });
  }

  test('a mailbox with mail does not become one, and nothing is expunged until it is renamed', async () => {
    await doors.make('Bin');
    await doors.deliver('Bin');
    await doors.deliver('INBOX');
    const settings = { lazyExpunge: 'Bin', lazyExpungeOwnerAccess: 'closed' };
    const refusedAtOnce = await ask(`PATCH ${ADMIN}/settings`, { set: settings });
    expect(refusedAtOnce.status).toBe(400);
    expect(refusedAtOnce.text).toContain('a mailbox with mail');
    // A domain does not look into all its accounts.
    await ask('PATCH /v1/admin/domains/x.org/settings', { set: settings });
    expect(await statusOf('Bin', JOHN)).toMatchObject({ messages: 1 });
    for (const mailbox of ['INBOX', 'Bin']) {
      const refused = await expunged(mailbox);
      expect(refused.status).toBe(503);
      expect(refused.text).toContain('Bin');
    }
    expect(await statusOf('INBOX', JOHN)).toMatchObject({ messages: 1 });
    const renamed = await ask(`POST ${ADMIN}/mailboxes/rename`, { from: 'Bin', to: 'Old bin' });
    expect(renamed.status, renamed.text).toBe(200);
    expect((await expunged('INBOX')).body['expunged']).toHaveLength(1);
    expect(await statusOf('Old bin', JOHN)).toMatchObject({ messages: 1 });
  });

  test('an empty one does', async () => {
    await doors.make('Bin');
    await doors.deliver('INBOX');
    await set({ lazyExpunge: 'Bin' });
    expect((await expunged('INBOX')).body['expunged']).toHaveLength(1);
    expect(await statusOf('Bin')).toMatchObject({ messages: 1 });
  });

  test('one of other settings stays closed to the owner', async () => {
    await set({ lazyExpunge: 'Old', lazyExpungeOwnerAccess: 'closed' });
    await doors.deliver('INBOX');
    await expunged('INBOX');
    await set({ lazyExpunge: 'New' });
    expect((await ask(`GET ${JOHN}/messages?mailbox=Old`)).status).toBe(404);
  });

  test('L3: nothing is restored into one, though it was expunged from a folder of its name', async () => {
    await set({ lazyExpunge: '.EXPUNGED', deleteMode: 'immediate' });
    await doors.make('Bin');
    await doors.deliver('Bin');
    await doors.removed({ mailbox: 'Bin' });
    await set({ lazyExpunge: 'Bin', lazyExpungeOwnerAccess: 'closed' });
    const body = { mailbox: '.EXPUNGED', uids: [1] };
    const restored = await ask(`POST ${ADMIN}/messages/restore`, body);
    expect(restored.status).toBe(403);
    const elsewhere = await ask(`POST ${ADMIN}/messages/restore`, { ...body, to: 'INBOX' });
    expect(elsewhere.body['restored']).toHaveLength(1);
  });

  test('W2: an expunge into a namespace whose name would be too long says so', async () => {
    await set({ lazyExpunge: '.EXPUNGED/' });
    const long = Array.from({ length: 8 }, () => 'a'.repeat(98)).join('/');
    await doors.make(long);
    await doors.deliver(long);
    const refused = await expunged(long);
    expect(refused.status).toBe(503);
    expect(refused.text).toContain('bytes, allowed are 800');
    expect(await statusOf(long)).toMatchObject({ messages: 1 });
  });
});

describe('A2: the nearer level wins', () => {
  test('a pattern of the account over a name of its domain', async () => {
    const domain = '/v1/admin/domains/x.org/settings';
    const policy = { mailboxes: { Trash: { autoexpunge: { afterSeconds: 60 } } } };
    expect((await ask(`PATCH ${domain}`, { set: policy })).status).toBe(200);
    await set({ mailboxes: { '*': { autoexpunge: null } } });
    await doors.make('Trash');
    const rows = doors.world.rows.rows('dictmap');
    const trash = rows.find(({ attributes }) => attributes['path'] === 'Trash');
    expect(trash?.attributes['autoexpungeAfterSeconds']).toBeUndefined();
  });
});
