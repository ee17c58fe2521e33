import { beforeEach, describe, expect, test } from 'vitest';
import { requireActiveAccount } from '../../../functions/core/accounts/accounts.ts';
import { recordBackup } from '../../../functions/core/backups/record-backup.ts';
import { createMailbox } from '../../../functions/core/mailboxes/create-mailbox.ts';
import { interrupted } from '../core/interrupted.ts';
import { useQuietLog } from '../runtime/log-lines.ts';
import { expectProblem } from './doors.ts';
import { ADMIN, ANNA, FolderDoors, JOHN, numbered } from './folder-doors.ts';

useQuietLog();

let doors: FolderDoors;

beforeEach(async () => {
  doors = await FolderDoors.open();
});

const create = (body: object, base = JOHN, query = '') =>
  doors.ask(`POST ${base}/mailboxes?${query}`, { body });
const share = (mailbox: string, rights: string) =>
  doors.ask(`PUT ${JOHN}/mailboxes/acl`, { body: { mailbox, identifier: 'anna@x.org', rights } });

describe('create with parents', () => {
  test('makes what is missing, from the top down, with the settings of each name', async () => {
    doors.settings = { mailboxes: { 'A/b': { autoexpunge: { afterSeconds: 60 } } } };
    await doors.make('A');
    const made = await create({ path: 'A/b/c', parents: true, specialUse: '\\Archive' });
    expect(made.body).toMatchObject({ path: 'A/b/c', specialUse: '\\Archive' });
    expect(await doors.names()).toEqual(['A', 'A/b', 'A/b/c', 'INBOX']);
    const row = doors.world.rows.rows().find(({ attributes }) => attributes['path'] === 'A/b');
    expect(row?.attributes).toMatchObject({ autoexpungeAfterSeconds: 60 });
    expect(row?.attributes).not.toHaveProperty('specialUse');
  });

  test('without it, a missing parent is a name that only has children', async () => {
    await create({ path: 'A/b/c' });
    expect(await doors.names()).toEqual(['(A)', '(A/b)', 'A/b/c', 'INBOX']);
    expect((await create({ path: 'A/b', parents: true })).status).toBe(201);
    expect(await doors.names()).toEqual(['A', 'A/b', 'A/b/c', 'INBOX']);
  });

  test('W2: what is refused makes no parent either', async () => {
    doors.settings = { lazyExpunge: 'A/store' };
    await doors.make('A/b');
    await share('A/b', 'lrk');
    for (const [path, base, query, status] of [
      ['A/b', JOHN, '', 409],
      ['A/store/b/c', JOHN, '', 403],
      ['B/c/d', JOHN, ANNA, 403],
    ] as const) {
      expect((await create({ path, parents: true }, base, query)).status).toBe(status);
    }
    expect(await doors.names()).toEqual(['(A)', 'A/b', 'INBOX']);
    expect((await create({ path: 'A/b/c/d', parents: true }, JOHN, ANNA)).status).toBe(201);
  });

  test('O3: fifty levels at most are made at once', async () => {
    const deep = (levels: number) => Array.from({ length: levels }, () => 'x').join('/');
    const answer = await create({ path: deep(60), parents: true });
    expectProblem(answer, 400, 'urn:lethe:invalid-input', ['path']);
    expect(await doors.names()).toEqual(['INBOX']);
    expect((await create({ path: deep(51), parents: true })).status).toBe(201);
  });
});

describe('the list', () => {
  test('tells special uses, children and subscriptions of mailboxes', async () => {
    doors.settings = { mailboxes: { Spam: { specialUse: '\\Junk' } } };
    await doors.make('P/a', 'Spam');
    await create({ path: 'Bin', specialUse: '\\Trash' });
    for (const path of ['Bin', 'P', 'None']) {
      await doors.ask(`POST ${JOHN}/subscriptions`, { body: { path } });
    }
    const list = async (query = '') =>
      (await doors.ask(`GET ${JOHN}/mailboxes?pattern=*&${query}`)).body['items'];
    expect(await list()).toEqual([
      { path: 'Bin', specialUse: '\\Trash', subscribed: true },
      { path: 'INBOX' },
      { path: 'P', placeholder: true, hasChildren: true },
      { path: 'P/a' },
      { path: 'Spam', specialUse: '\\Junk' },
    ]);
    await share('Bin', 'lr');
    expect(await list(ANNA)).toEqual([{ path: 'Bin', specialUse: '\\Trash' }]);
  });

  test('of everything shows nothing of deleted folders', async () => {
    await doors.make('Work');
    await doors.removed({ mailbox: 'Work' });
    for (const base of [JOHN, ADMIN]) {
      const { body } = await doors.ask(`GET ${base}/mailboxes`);
      expect(body['items']).toMatchObject([{ path: 'INBOX' }]);
    }
  });
});

describe('F1: a tree on the move', () => {
  const begin = async (): Promise<void> => {
    await doors.make(...numbered('P', 80));
    await doors.dies(`POST ${JOHN}/mailboxes/delete`, { mailbox: 'P', recursive: true }, 1);
    expect((await doors.deleted())[0]).toMatchObject({ state: 'moving', mailboxes: 0 });
  };

  test('is gone for everybody at once', async () => {
    await begin();
    for (const path of ['P', 'P/001', 'P/079']) {
      expectProblem(await doors.deliver(path), 404, 'urn:lethe:unknown-mailbox');
      const status = await doors.ask(`GET ${ADMIN}/mailboxes/status?mailbox=${path}`);
      expectProblem(status, 404, 'urn:lethe:unknown-mailbox');
    }
    const all = await doors.ask(`GET ${ADMIN}/mailboxes?limit=500`);
    expect(all.body['items']).toMatchObject([{ path: 'INBOX' }]);
  });

  test.each([
    ['create', 'mailboxes', { path: 'P' }],
    ['create below', 'mailboxes', { path: 'P/001/x', parents: true }],
    ['rename to it', 'mailboxes/rename', { from: 'Q', to: 'P' }],
    ['delete another there', 'mailboxes/delete?dryRun=true', { mailbox: 'P/new' }],
    ['bring it back by name', 'mailboxes/undelete', { mailbox: 'P/001', to: 'Back' }],
  ])('%s takes it to its end first', async (_, verb, body) => {
    await doors.make('Q');
    await begin();
    const answer = await doors.ask(`POST ${ADMIN}/${verb}`, { body });
    expect(answer.status).toBeLessThan(405);
    const [tree] = await doors.deleted();
    expect(tree).toMatchObject({ state: 'deleted' });
  });

  test('its members and messages are read once all of it has arrived', async () => {
    await begin();
    const [tree] = await doors.deleted();
    const items = await doors.deleted(`deletion=${tree?.deletionId}&limit=500`);
    expect(items).toHaveLength(80);
  });

  test('all sets aside what else there is', async () => {
    await begin();
    const done = await doors.removed({ all: true }, ADMIN);
    expect(done.deletions).toMatchObject([{ path: 'INBOX' }]);
    expect((await doors.deleted()).map(({ state }) => state)).toEqual(['deleted', 'deleted']);
  });
});

describe('F1: mail that comes while its mailbox is deleted', () => {
  test('lands in the deleted folder, or its delivery fails', async () => {
    await doors.make('Work');
    const rows = doors.world.ports.rows;
    const other = new FolderDoors();
    const world = { ...doors.world.ports };
    Object.assign(world, { rows: interrupted(rows, () => doors.deliver('Work')) });
    Object.assign(other.world.ports, world);
    const { deletionId } = await other.removed({ mailbox: 'Work' });
    const { body } = await doors.ask(`GET ${ADMIN}/messages?deletion=${deletionId}`);
    expect(body['items']).toMatchObject([{ uid: 1 }]);
    expectProblem(await doors.deliver('Work'), 404, 'urn:lethe:unknown-mailbox');
  });
});

test('a parent that somebody else makes meanwhile is as good', async () => {
  const ports = doors.world.ports;
  const account = await requireActiveAccount(ports.rows, 'john@x.org');
  const other = new FolderDoors();
  const rows = interrupted(ports.rows, () => createMailbox(ports, account, 'A'));
  Object.assign(other.world.ports, { ...ports, rows });
  const made = await other.ask(`POST ${JOHN}/mailboxes`, { body: { path: 'A/b', parents: true } });
  expect(made.status).toBe(201);
  expect(await doors.names()).toEqual(['A', 'A/b', 'INBOX']);
});

describe('O2: names', () => {
  const LONGEST = `${'ü'.repeat(399)}/x`;

  test.each([
    'path#x',
    'tree#65A1B2C3-0123456789ab',
    'deleted#65A1B2C3-0123456789ab#Work',
    'mailbox#1',
    'DELETED/Work/65A1B2C3',
    '.hidden',
    '...',
    '%',
    '*',
    'Müller & Söhne/日本語/🗂️',
    'a\\b "c"',
    '__proto__/constructor',
    LONGEST,
  ])('%s is a name like any other, alive, deleted and back', async (path) => {
    await create({ path });
    await doors.deliver(path);
    const shown = async () =>
      (await doors.names()).filter((name) => name === path.normalize('NFC'));
    expect(await shown()).toHaveLength(1);
    const { deletionId } = await doors.removed({ mailbox: path });
    expect(await shown()).toEqual([]);
    const query = `deletion=${deletionId}&mailbox=${encodeURIComponent(path)}`;
    const { body } = await doors.ask(`GET ${ADMIN}/messages?${query}`);
    expect(body['items']).toHaveLength(1);
    expect((await doors.undelete({ mailbox: path })).body).toMatchObject({ to: path, messages: 1 });
    expect(await shown()).toHaveLength(1);
  });

  test.each([
    '',
    '/',
    'a/',
    '/a',
    'a//b',
    '.',
    'a/..',
    '../x',
    'a\u0000b',
    'a\u001fb',
    'a\u007fb',
    'a\u2028b',
    'x'.repeat(801),
    'ü'.repeat(401),
  ])('%j is refused wherever a name is given', async (path) => {
    for (const [verb, body, field] of [
      ['mailboxes', { path }, 'path'],
      ['mailboxes/delete', { mailbox: path }, 'mailbox'],
      ['mailboxes/undelete', { mailbox: path }, 'mailbox'],
      ['mailboxes/undelete', { deletionId: '65A1B2C3-0123456789ab', to: path }, 'to'],
      ['mailboxes/rename', { from: 'A', to: path }, 'to'],
    ] as const) {
      const answer = await doors.ask(`POST ${ADMIN}/${verb}`, { body });
      expectProblem(answer, 400, 'urn:lethe:invalid-input', [field]);
    }
  });

  test('F6: INBOX is INBOX in any case', async () => {
    for (const mailbox of ['INBOX', 'inbox', 'Inbox']) {
      expectProblem(await doors.remove({ mailbox }), 403, 'urn:lethe:not-allowed');
      expectProblem(await create({ path: mailbox }), 409, 'urn:lethe:mailbox-exists');
    }
    const { name } = await doors.removed({ mailbox: 'inBox' }, ADMIN);
    expect(name).toMatch(/^DELETED\/INBOX\//);
    expect((await doors.undelete({ mailbox: 'inbox' })).body).toMatchObject({
      to: 'INBOX (restored)',
    });
  });
});

test('F5: what no backup holds yet is listed as waiting, and only with a gate', async () => {
  await doors.make('Work');
  await doors.removed({ mailbox: 'Work' });
  const waits = async () => (await doors.deleted()).map(({ waitsForBackup }) => waitsForBackup);
  expect(await waits()).toEqual([undefined]);
  doors.backupGate = 'recorded';
  expect(await waits()).toEqual([true]);
  const { clock } = doors.world;
  clock.advance(60_000);
  const backup = { resource: 'all', createdAt: clock.now(), source: 'test' } as const;
  await recordBackup(doors.world.ports, backup, clock.now() + 1000);
  expect(await waits()).toEqual([undefined]);
});
