import { beforeEach, describe, expect, test } from 'vitest';
import type { EstimatedCost } from '../../../functions/contract/folder-api.ts';
import { Meter } from '../../../functions/core/meter/meter.ts';
import { makeMailApi } from '../../../functions/handlers/mail-api.ts';
import { MeteredRowStore } from '../../models/metered-row-store.ts';
import { useQuietLog } from '../runtime/log-lines.ts';
import { expectProblem } from './doors.ts';
import { ADMIN, ANNA, DRY, FolderDoors, JOHN, numbered } from './folder-doors.ts';

useQuietLog();

let doors: FolderDoors;

beforeEach(async () => {
  doors = await FolderDoors.open();
});

const share = (mailbox: string, rights: string) =>
  doors.ask(`PUT ${JOHN}/mailboxes/acl`, { body: { mailbox, identifier: 'anna@x.org', rights } });

describe('F1: a delayed deletion', () => {
  test('says how much was set aside; only administrators are told the name that it has', async () => {
    await doors.make('Work', 'Work/a', 'Works');
    await doors.deliver('Work/a');
    const done = await doors.removed({ mailbox: 'Work', recursive: true });
    expect(done).toEqual({
      mode: 'delayed',
      deletionId: expect.stringMatching(/^[0-9A-F]{8}-[0-9a-f]{12}$/),
      mailboxes: 2,
      messages: 1,
      bytes: 15,
      recoverable: { messages: 1, until: expect.any(String), by: 'mailboxes/undelete' },
      complete: true,
    });
    const admin = await doors.removed({ mailbox: 'Works' }, ADMIN);
    expect(admin.name).toBe(`DELETED/Works/${admin.deletionId?.slice(0, 8)}`);
    const [first] = await doors.deleted();
    expect(first).toMatchObject({ requestedBy: 'unknown', state: 'deleted', mailboxes: 2 });
  });

  test('F6: children are named, twenty of them, and how many more there are', async () => {
    await doors.make(...numbered('P', 24));
    const problem = expectProblem(
      await doors.remove({ mailbox: 'P' }),
      409,
      'urn:lethe:has-children',
    );
    expect(problem.detail).toContain('"P/001", "P/002"');
    expect(problem.detail).toContain('"P/020" and 3 more.');
    expect(problem.detail).not.toContain('P/021');
  });

  test('F6: a name that only has children goes with them, and by itself has nothing to go', async () => {
    await doors.make('P/a', 'P/b');
    expectProblem(await doors.remove({ mailbox: 'P' }), 409, 'urn:lethe:has-children');
    const done = await doors.removed({ mailbox: 'P', recursive: true });
    expect(done).toMatchObject({ mailboxes: 2 });
    expect(await doors.names()).toEqual(['INBOX']);
    const back = await doors.undelete({ deletionId: done.deletionId });
    expect(back.body).toMatchObject({ to: 'P', mailboxes: 2 });
    expect(await doors.names()).toEqual(['INBOX', '(P)', 'P/a', 'P/b']);
  });

  test('O1: a dry run checks and counts as the deletion does, and writes nothing', async () => {
    await doors.make('P', 'P/a');
    await doors.deliver('P/a');
    const before = JSON.stringify(doors.world.rows.rows());
    const found = await doors.removed({ mailbox: 'P', recursive: true }, JOHN, DRY);
    expect(found).toMatchObject({ dryRun: true, mode: 'delayed', mailboxes: 2, messages: 1 });
    expectProblem(await doors.remove({ mailbox: 'P' }, JOHN, DRY), 409, 'urn:lethe:has-children');
    expectProblem(
      await doors.remove({ mailbox: 'P/a', requireEmpty: true }, JOHN, DRY),
      409,
      'urn:lethe:mailbox-not-empty',
    );
    expect(JSON.stringify(doors.world.rows.rows())).toBe(before);
  });

  test.each([1, 10, 30])('O1: what %i mailboxes cost is what the estimate says', async (count) => {
    await doors.make(...numbered('P', count));
    for (let n = 0; n < 5; n += 1) await doors.deliver('P');
    const meter = new Meter();
    const { ports } = doors.world;
    const metered = makeMailApi(() => ({
      ports: { ...ports, rows: new MeteredRowStore(ports.rows, meter) },
      deployment: {},
      retentionDays: { r30: 30 },
    }));
    const ask = async (query = '') =>
      await (
        await metered.request(`${JOHN}/mailboxes/delete?${query}`, {
          method: 'POST',
          body: JSON.stringify({ mailbox: 'P', recursive: true }),
        })
      ).json();
    const { estimatedBill } = (await ask(DRY)) as EstimatedCost;
    meter.take();
    await ask();
    const { dynamodbWriteUnits: writes = 0, dynamodbReadUnits: reads = 0 } = meter.take();
    expect(estimatedBill['dynamodbWriteUnits']).toBe(writes);
    expect(Math.abs((estimatedBill['dynamodbReadUnits'] ?? 0) - reads)).toBeLessThan(3);
  });

  test('a tree of any size, whose function dies, goes on with the same request', async () => {
    await doors.make(...numbered('P', 80));
    const body = { mailbox: 'P', recursive: true };
    // The first change is the moment; the second moves the first of three parts.
    for (const call of [1, 2]) {
      await doors.dies(`POST ${JOHN}/mailboxes/delete`, body, call);
      expect(await doors.names()).toEqual(['INBOX']);
    }
    const [moving] = await doors.deleted();
    expect(moving).toMatchObject({ state: 'moving' });
    const done = await doors.removed(body);
    expect(done).toMatchObject({ deletionId: moving?.deletionId, mailboxes: 80, complete: true });
    expectProblem(await doors.remove(body), 404, 'urn:lethe:unknown-mailbox');
  });

  test('only those go on with it who could have begun it', async () => {
    await doors.make(...numbered('P', 80));
    const body = { mailbox: 'P', recursive: true };
    await doors.dies(`POST ${JOHN}/mailboxes/delete`, body, 1);
    const stranger = await doors.remove(body, JOHN, ANNA);
    expectProblem(stranger, 404, 'urn:lethe:unknown-mailbox');
    expect((await doors.deleted())[0]).toMatchObject({ state: 'moving' });
  });
});

describe('all', () => {
  test('sets every mailbox aside by itself, deepest first; storages stay', async () => {
    doors.settings = { lazyExpunge: '.EXPUNGED', deleteMode: 'immediate' };
    await doors.make('P', 'P/a', 'Q');
    await doors.deliver('INBOX');
    await doors.ask(`POST ${JOHN}/messages/expunge`, { body: { mailbox: 'INBOX', uids: [1] } });
    await doors.deliver('P/a');
    const dry = await doors.removed({ all: true }, ADMIN, DRY);
    expect(dry).toMatchObject({ dryRun: true, mode: 'delayed', mailboxes: 4, messages: 1 });
    const done = await doors.removed({ all: true }, ADMIN);
    expect(done.deletions?.map(({ path }) => path)).toEqual(['P/a', 'INBOX', 'P', 'Q']);
    expect(done).toMatchObject({ mode: 'delayed', mailboxes: 4, messages: 1, complete: true });
    expect(await doors.names()).toEqual(['.EXPUNGED']);
    for (const { deletionId } of done.deletions ?? []) await doors.undelete({ deletionId });
    expect(await doors.names()).toEqual(['.EXPUNGED', 'INBOX', 'P', 'P/a', 'Q']);
  });

  test('O2: is for administrators, and takes nothing besides', async () => {
    expectProblem(await doors.remove({ all: true }), 403, 'urn:lethe:permission-denied');
    for (const field of ['recursive', 'requireEmpty', 'unsubscribe', 'bypassExpungeStorage']) {
      const answer = await doors.remove({ all: true, [field]: true }, ADMIN);
      expectProblem(answer, 400, 'urn:lethe:invalid-input', [field]);
    }
    const named = await doors.remove({ all: true, mailbox: 'A' }, ADMIN);
    expectProblem(named, 400, 'urn:lethe:invalid-input', ['mailbox']);
  });
});

describe('who may delete', () => {
  test('L8: x on every mailbox that goes; what is not seen is not told', async () => {
    await doors.make('P', 'P/a');
    await share('P', 'lrx');
    // She does not see P/a, so P has no children; it stays below the name.
    expect(await doors.removed({ mailbox: 'P' }, JOHN, ANNA)).toMatchObject({ mailboxes: 1 });
    expect(await doors.names()).toEqual(['INBOX', '(P)', 'P/a']);
    const [deletion] = await doors.deleted();
    expect(deletion?.requestedBy).toBe('unknown for anna@x.org');
    await doors.undelete({ deletionId: deletion?.deletionId });
    const whole = await doors.remove({ mailbox: 'P', recursive: true }, JOHN, ANNA);
    const problem = expectProblem(whole, 403, 'urn:lethe:permission-denied');
    expect(problem.detail).not.toContain('P/a');
    expectProblem(
      await doors.remove({ mailbox: 'P/a' }, JOHN, ANNA),
      404,
      'urn:lethe:unknown-mailbox',
    );
  });

  test.each([
    [{}, ['mailbox']],
    [{ mailbox: '' }, ['mailbox']],
    [{ mailbox: 'a//b' }, ['mailbox']],
    [{ mailbox: 'A', recursive: 'yes' }, ['recursive']],
    [{ mailbox: 'A', toUser: 'b@x.org' }, ['toUser']],
  ])('O2: %j is refused by its field', async (body, fields) => {
    expectProblem(await doors.remove(body), 400, 'urn:lethe:invalid-input', fields);
  });

  test('bypassing the storage is for administrators', async () => {
    await doors.make('A');
    const body = { mailbox: 'A', bypassExpungeStorage: true };
    expectProblem(await doors.remove(body), 403, 'urn:lethe:permission-denied');
    expect(await doors.removed(body, ADMIN)).toMatchObject({ mode: 'immediate', mailboxes: 1 });
    expect(await doors.deleted()).toEqual([]);
  });
});

describe('requireEmpty', () => {
  test('W8: a counter that says nothing is there is not believed', async () => {
    await doors.make('A');
    await doors.deliver('A');
    const row = doors.world.rows.rows().find(({ attributes }) => attributes['path'] === 'A');
    if (row === undefined) throw new Error('the mailbox has no row');
    await doors.world.rows.write({
      kind: 'update',
      key: row.key,
      guard: { row: 'present' },
      change: { set: { messages: 0, bytes: 0 } },
    });
    const answer = await doors.remove({ mailbox: 'A', requireEmpty: true });
    expectProblem(answer, 409, 'urn:lethe:mailbox-not-empty');
    expect(await doors.names()).toContain('A');
  });
});

describe('L6: immediate mode', () => {
  beforeEach(() => {
    doors.settings = { deleteMode: 'immediate', lazyExpunge: '.EXPUNGED' };
  });

  test('a tree goes children first; its mail is in the storage', async () => {
    await doors.make('P', 'P/a', 'P/a/b');
    for (const path of ['P', 'P/a', 'P/a/b']) await doors.deliver(path);
    const dry = await doors.removed({ mailbox: 'P', recursive: true }, JOHN, DRY);
    expect(dry).toMatchObject({ mode: 'immediate', mailboxes: 3, messages: 3 });
    expect(dry.estimatedCostDollars).toBeGreaterThan(0);
    const done = await doors.removed({ mailbox: 'P', recursive: true });
    expect(done).toEqual({
      mode: 'immediate',
      mailboxes: 3,
      messages: 3,
      bytes: 45,
      recoverable: { messages: 3, until: expect.any(String), by: 'messages/restore' },
      complete: true,
    });
    expect(await doors.names()).toEqual(['.EXPUNGED', 'INBOX']);
    const status = await doors.ask(`GET ${JOHN}/mailboxes/status?mailbox=.EXPUNGED`);
    expect(status.body).toMatchObject({ messages: 3 });
  });

  test('a deleted tree of before the change of modes comes back as ever', async () => {
    await doors.make('P');
    doors.settings = { deletedPrefix: 'OLD' };
    const { deletionId, name } = await doors.removed({ mailbox: 'P' }, ADMIN);
    expect(name).toMatch(/^OLD\/P\//);
    doors.settings = { deleteMode: 'immediate', deletedPrefix: 'NEW' };
    expect(await doors.deleted()).toMatchObject([{ deletionId, name }]);
    expect((await doors.undelete({ deletionId })).body).toMatchObject({ to: 'P' });
  });
});
