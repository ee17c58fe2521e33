import { beforeEach, describe, expect, test } from 'vitest';
import { useQuietLog } from '../runtime/log-lines.ts';
import { expectProblem } from './doors.ts';
import { ADMIN, ANNA, DRY, FolderDoors, JOHN, numbered } from './folder-doors.ts';

useQuietLog();

let doors: FolderDoors;

beforeEach(async () => {
  doors = await FolderDoors.open();
});

const HOUR_MS = 3_600_000;
const NO_ID = '00000000-000000000000';

/** One after the other, an hour between them. @returns their ids */
async function deletedTimes(times: number, path: string): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < times; n += 1) {
    await doors.make(path);
    ids.push((await doors.removed({ mailbox: path })).deletionId ?? '');
    doors.world.clock.advance(HOUR_MS);
  }
  return ids;
}

describe('F4: undelete', () => {
  test('by name and time: the last that is not after it', async () => {
    const [first, second, third] = await deletedTimes(3, 'Work');
    const list = await doors.deleted();
    const of = async (body: object) =>
      (await doors.undelete({ mailbox: 'Work', ...body }, ADMIN, DRY)).body['deletionId'];
    expect(await of({})).toBe(third);
    expect(await of({ at: list[1]?.deletedAt })).toBe(second);
    const before = new Date(Date.parse(list[1]?.deletedAt ?? '') - 1).toISOString();
    expect(await of({ at: before })).toBe(first);
    const early = await doors.undelete({ mailbox: 'Work', at: '2020-01-01T00:00:00Z' });
    expectProblem(early, 404, 'urn:lethe:unknown-mailbox');
  });

  test('by the name of a part, as what went last with it', async () => {
    await doors.make('P', 'P/a', 'P/a/b', 'P/x/y');
    const { deletionId } = await doors.removed({ mailbox: 'P', recursive: true });
    const back = await doors.undelete({ mailbox: 'P/a' });
    expect(back.body).toEqual({ deletionId, to: 'P/a', mailboxes: 2, messages: 0, bytes: 0 });
    expect((await doors.undelete({ mailbox: 'P/x' })).body).toMatchObject({ mailboxes: 1 });
    expect((await doors.undelete({ mailbox: 'P' })).body).toMatchObject({ to: 'P', mailboxes: 1 });
    expect(await doors.names()).toEqual(['INBOX', 'P', 'P/a', 'P/a/b', '(P/x)', 'P/x/y']);
  });

  test('O1: a dry run says what would come back, as what and for how much, and writes nothing', async () => {
    const [deletionId] = await deletedTimes(1, 'Work');
    await doors.make('Work');
    const before = JSON.stringify(doors.world.rows.rows());
    expect((await doors.undelete({ deletionId }, ADMIN, DRY)).body).toMatchObject({
      dryRun: true,
      deletionId,
      to: 'Work (restored)',
      mailboxes: 1,
      estimatedBill: { dynamodbWriteUnits: 12 },
      pricesOf: expect.any(String),
    });
    expect(JSON.stringify(doors.world.rows.rows())).toBe(before);
  });

  test('asked for again after the function died, it goes on and answers the same', async () => {
    await doors.make(...numbered('P', 80));
    const { deletionId } = await doors.removed({ mailbox: 'P', recursive: true });
    const body = { deletionId, to: 'Q' };
    await doors.dies(`POST ${ADMIN}/mailboxes/undelete`, body, 2);
    expect(await doors.names()).toEqual(['INBOX']);
    expect(await doors.deleted()).toMatchObject([{ deletionId, state: 'restoring' }]);
    for (let n = 0; n < 2; n += 1) {
      expect((await doors.undelete(body)).body).toMatchObject({ to: 'Q', mailboxes: 80 });
    }
    expect((await doors.names()).slice(0, 3)).toEqual(['INBOX', 'Q', 'Q/001']);
    expect(await doors.deleted()).toEqual([]);
  });

  test.each([
    [{}, ['deletionId']],
    [{ deletionId: NO_ID, mailbox: 'A' }, ['deletionId']],
    [{ deletionId: 'x#y' }, ['deletionId']],
    [{ deletionId: NO_ID, at: '2026-01-01T00:00:00Z' }, ['at']],
    [{ mailbox: 'A', path: 'A/b' }, ['path']],
    [{ mailbox: 'A', at: 'yesterday' }, ['at']],
    [{ mailbox: '..' }, ['mailbox']],
    [{ deletionId: NO_ID, path: 'a//b' }, ['path']],
    [{ deletionId: NO_ID, deep: 1 }, ['deep']],
  ])('O2: %j is refused by its field', async (body, fields) => {
    expectProblem(await doors.undelete(body), 400, 'urn:lethe:invalid-input', fields);
  });

  test('O2: names to come back to are checked as any name', async () => {
    const [deletionId] = await deletedTimes(1, 'Work');
    expectProblem(
      await doors.undelete({ deletionId, to: 'a/../b' }),
      400,
      'urn:lethe:invalid-input',
      ['to'],
    );
    expectProblem(
      await doors.undelete({ deletionId, to: 'INBOX' }),
      409,
      'urn:lethe:mailbox-exists',
    );
    expectProblem(
      await doors.undelete({ deletionId, path: 'Workshop' }),
      404,
      'urn:lethe:unknown-mailbox',
    );
  });
});

describe('F3: deleted folders', () => {
  test('are listed in pages, with their ends', async () => {
    doors.settings = {
      deletedRetentionDays: 14,
      mailboxes: { Keep: { deletedRetentionDays: 'never' } },
    };
    const ids = [
      ...(await deletedTimes(3, 'Work')),
      ...(await deletedTimes(1, 'Keep')),
      ...(await deletedTimes(1, 'Last')),
    ];
    await doors.undelete({ deletionId: ids[1] });
    const seen: string[] = [];
    let cursor = '';
    for (let page = 0; page < 9; page += 1) {
      const path = `GET ${ADMIN}/mailboxes/deleted?limit=2${cursor}`;
      const { body } = await doors.ask(path);
      const items = body['items'] as { deletionId: string }[];
      seen.push(...items.map(({ deletionId }) => deletionId));
      if (body['next'] === undefined) break;
      cursor = `&cursor=${encodeURIComponent(String(body['next']))}`;
    }
    expect(seen).toEqual(ids.filter((id) => id !== ids[1]));
    const [work, , keep] = await doors.deleted();
    expect(work?.retentionDays).toBe(14);
    expect(Date.parse(work?.purgeAfter ?? '') - Date.parse(work?.deletedAt ?? '')).toBe(
      14 * 24 * HOUR_MS,
    );
    expect(keep?.retentionDays).toBe('never');
    expect(keep).not.toHaveProperty('purgeAfter');
  });

  test('O3: their mailboxes are listed in pages', async () => {
    await doors.make(...numbered('P', 40));
    const { deletionId } = await doors.removed({ mailbox: 'P', recursive: true });
    const path = `GET ${ADMIN}/mailboxes/deleted?deletion=${deletionId}&limit=30`;
    const first = await doors.ask(path);
    expect(first.body['items']).toHaveLength(30);
    expect(first.body['next']).toBe('P/029');
    const last = await doors.ask(`${path}&cursor=P/029`);
    expect(last.body['items']).toHaveLength(10);
    expect(last.body).not.toHaveProperty('next');
    expect((last.body['items'] as object[])[0]).toMatchObject({
      path: 'P/030',
      name: `DELETED/P/030/${deletionId?.slice(0, 8)}`,
      uidNext: 1,
    });
  });

  test('administrators read them, and copy out of them', async () => {
    await doors.make('P', 'P/a');
    await doors.deliver('P/a');
    await doors.ask(`PUT ${JOHN}/mailboxes/acl`, {
      body: { mailbox: 'P/a', identifier: 'anna@x.org', rights: 'lr' },
    });
    const { deletionId } = await doors.removed({ mailbox: 'P', recursive: true });
    const at = `deletion=${deletionId}&mailbox=P/a`;
    const got = async (what: string, query = at) =>
      (await doors.ask(`GET ${ADMIN}/${what}?${query}`)).body;
    expect(await got('messages')).toMatchObject({ items: [{ uid: 1, subject: 'x' }] });
    expect((await doors.ask(`GET ${ADMIN}/messages/1?${at}`)).text).toContain('Subject: x');
    expect(await got('mailboxes/status')).toMatchObject({ path: 'P/a', messages: 1 });
    expect(await got('mailboxes/acl')).toEqual({ entries: { 'anna@x.org': 'lr' } });
    expect(await got('mailboxes/rights')).toEqual({ rights: 'lr', access: 'readOnly' });
    expect(await got('messages/expunged')).toEqual({ items: [] });
    expect(await got('mailboxes/status', `deletion=${deletionId}`)).toMatchObject({ path: 'P' });
    const body = { fromDeletion: deletionId, from: 'P/a', uids: [1], to: 'INBOX' };
    expect((await doors.ask(`POST ${ADMIN}/messages/copy`, { body })).body).toMatchObject({
      newUids: [1],
    });
    expectProblem(
      await doors.ask(`POST ${ADMIN}/messages/move`, { body }),
      400,
      'urn:lethe:invalid-input',
      ['fromDeletion'],
    );
    expectProblem(
      await doors.ask(`POST ${ADMIN}/messages/copy`, { body: { uids: [1], to: 'INBOX' } }),
      400,
      'urn:lethe:invalid-input',
      ['from'],
    );
    const other = await doors.ask(`GET ${ADMIN}/messages?deletion=${deletionId}&mailbox=P/b`);
    expectProblem(other, 404, 'urn:lethe:unknown-mailbox');
  });

  test('to everybody else there are none, in the same words as where there are none', async () => {
    await doors.make('P');
    await doors.deliver('P');
    const { deletionId = '' } = await doors.removed({ mailbox: 'P' });
    const words = async (id: string, query: string) => {
      const details: string[] = [];
      for (const what of ['messages', 'messages/1', 'mailboxes/status', 'mailboxes/acl']) {
        const answer = await doors.ask(`GET ${JOHN}/${what}?deletion=${id}&${query}`);
        details.push(expectProblem(answer, 404, 'urn:lethe:unknown-mailbox').detail);
      }
      const copy = { fromDeletion: id, uids: [1], to: 'INBOX' };
      for (const [verb, body] of [
        ['mailboxes/undelete', { deletionId: id }],
        ['messages/copy', copy],
      ] as const) {
        const answer = await doors.ask(`POST ${JOHN}/${verb}?${query}`, { body });
        details.push(expectProblem(answer, 404, 'urn:lethe:unknown-mailbox').detail);
      }
      return details.map((detail) => detail.replace(id, ''));
    };
    for (const query of ['', ANNA]) {
      expect(await words(deletionId, query)).toEqual(await words(NO_ID, query));
      const list = await doors.ask(`GET ${JOHN}/mailboxes/deleted?${query}`);
      expectProblem(list, 403, 'urn:lethe:permission-denied');
    }
    const byName = await doors.ask(`POST ${JOHN}/mailboxes/undelete`, { body: { mailbox: 'P' } });
    expectProblem(byName, 404, 'urn:lethe:unknown-mailbox');
  });

  test('O2: an id that there cannot be is refused by its field', async () => {
    for (const id of ['x', 'a%23b', '65a1b2c3-0123456789ab']) {
      const answer = await doors.ask(`GET ${ADMIN}/messages?deletion=${id}`);
      expectProblem(answer, 400, 'urn:lethe:invalid-input', ['deletion']);
    }
  });
});
