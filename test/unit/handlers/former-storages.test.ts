import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Write } from '../../../functions/core/ports/row-store.ts';
import { ADMIN, FolderDoors, JOHN } from './folder-doors.ts';

let doors: FolderDoors;
beforeEach(async () => {
  doors = await FolderDoors.open();
});

async function ask(what: string, body: object): Promise<Record<string, unknown>> {
  const answer = await doors.ask(what, { body });
  expect(answer.status, answer.text).toBeLessThan(300);
  return answer.body;
}

const set = (settings: object) => ask(`PATCH ${ADMIN}/settings`, { set: settings });
const expunge = (query: object) => ask(`POST ${ADMIN}/messages/expunge`, { query });

async function live(mailbox: string): Promise<unknown> {
  const name = encodeURIComponent(mailbox);
  const { body } = await doors.ask(`GET ${ADMIN}/mailboxes/status?mailbox=${name}`);
  return body['messages'];
}

/** One expunged message of the INBOX in the storage of today, which other settings then follow. */
async function leaveStorage(former: string, next: string): Promise<void> {
  await set({ lazyExpunge: former });
  await doors.deliver('INBOX');
  await expunge({ mailbox: 'INBOX' });
  await set({ lazyExpunge: next });
}

describe('W2, L2, L9: the storage of settings of before', () => {
  test.each([
    ['.EXPUNGED/', '.EXPUNGED/INBOX', 'Expunged'],
    ['.EXPUNGED/', '.EXPUNGED/INBOX', 'in-place'],
    ['.EXPUNGED/', '.EXPUNGED/INBOX', 'off'],
    ['.EXPUNGED/', '.EXPUNGED/INBOX', '.NEW/'],
    ['A/.EXPUNGED/', 'A/.EXPUNGED/INBOX', '.NEW/'],
    ['Expunged', 'Expunged', '.NEW/'],
    ['Expunged', 'Expunged', 'in-place'],
    ['A/Expunged', 'A/Expunged', 'Expunged'],
  ])('%s (%s), now %s: patterns for mail do not mean it', async (former, storage, next) => {
    await doors.make('A', 'B');
    await leaveStorage(former, next);
    for (const mailbox of ['*', '%', 'A*', 'A/*', '*Expunged*', '*INBOX']) {
      await expunge({ mailbox });
      await ask(`POST ${ADMIN}/messages/move-by-query`, { query: { mailbox }, to: 'B' });
    }
    expect([await live(storage), await live('B')]).toEqual([1, 0]);
  });

  test.each([
    ['.EXPUNGED/', '.EXPUNGED/INBOX', '.EXPUNGED/*'],
    ['.EXPUNGED/', '.EXPUNGED/INBOX', '.EXPUNGED/INBOX'],
    ['A/.EXPUNGED/', 'A/.EXPUNGED/INBOX', 'A/.EXPUNGED/*'],
    ['Expunged', 'Expunged', 'Expunged'],
    ['A/Expunged', 'A/Expunged', 'A/Expunged*'],
  ])('%s (%s): %s means it', async (former, storage, mailbox) => {
    await doors.make('A');
    await leaveStorage(former, 'in-place');
    await expunge({ mailbox });
    expect(await live(storage)).toBe(0);
  });

  test('L7: a move out of it is checked against the quota', async () => {
    await set({ lazyExpunge: 'Expunged', lazyExpungeOwnerAccess: 'listed' });
    for (const _ of [1, 2, 3]) await doors.deliver('INBOX');
    await ask(`POST ${JOHN}/messages/expunge`, { mailbox: 'INBOX', uids: [1, 2, 3] });
    await set({ lazyExpunge: '.NEW/', quotaBytes: 20 });
    const body = { from: 'Expunged', uids: [1, 2, 3], to: 'INBOX' };
    const moved = await doors.ask(`POST ${JOHN}/messages/move`, { body });
    expect(moved.body).toMatchObject({ type: expect.stringMatching(/quota/i) });
    expect(await live('INBOX')).toBe(0);
  });
});

describe('W1, L1: a mailbox becomes the storage while a request goes on', () => {
  beforeEach(async () => {
    await doors.make('Old', 'Away');
    for (const mailbox of ['INBOX', 'INBOX', 'Old']) await doors.deliver(mailbox);
    // The mail of Old is there twice, so that it can leave without being kept in Old itself.
    await ask(`POST ${ADMIN}/messages/copy`, { from: 'Old', uids: [1], to: 'Away' });
    const kept = { lazyExpungeOnlyLastInstance: true } as const;
    doors.settings = { lazyExpunge: 'Old', lazyExpungeOwnerAccess: 'closed', ...kept };
  });

  /** After all that a request reads, before the first that it writes. */
  function emptyAndExpungeBeforeTheNextTransaction(): void {
    const { rows } = doors.world;
    const transact = rows.transact.bind(rows);
    vi.spyOn(rows, 'transact').mockImplementationOnce(async (writes: readonly Write[]) => {
      await ask(`POST ${ADMIN}/messages/move`, { from: 'Old', uids: [1], to: 'Away' });
      await ask(`POST ${ADMIN}/messages/expunge`, { mailbox: 'INBOX', uids: [1] });
      return await transact(writes);
    });
  }

  test.each(['deliver', 'copy', 'move'])('%s puts nothing live there', async (verb) => {
    emptyAndExpungeBeforeTheNextTransaction();
    const body = { from: 'INBOX', uids: [2], to: 'Old' };
    const late =
      verb === 'deliver'
        ? await doors.deliver('Old', ADMIN)
        : await doors.ask(`POST ${ADMIN}/messages/${verb}`, { body });
    expect([late.status, late.text]).toEqual([403, expect.stringMatching(/expunge storage/)]);
    const [old] = doors.world.rows
      .rows('dictmap')
      .filter(({ attributes }) => attributes['path'] === 'Old');
    expect(old?.attributes).toMatchObject({ role: 'storage', messages: 0 });
    expect(await live('Old')).toBe(1);
  });
});
