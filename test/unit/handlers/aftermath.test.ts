import { beforeEach, describe, expect, test } from 'vitest';
import { ADMIN, DRY, FolderDoors, JOHN } from './folder-doors.ts';

const DAY_MS = 86_400_000;

let doors: FolderDoors;
let now: number;
beforeEach(async () => {
  doors = await FolderDoors.open();
  await doors.make('Work', 'Junk');
  for (const mailbox of ['Work', 'Work', 'Junk']) await doors.deliver(mailbox);
  now = doors.world.clock.now();
});

async function ask(what: string, body: object): Promise<Record<string, unknown>> {
  const answer = await doors.ask(what, { body });
  expect(answer.status, answer.text).toBeLessThan(300);
  return answer.body;
}

const set = (settings: object) => ask(`PATCH ${ADMIN}/settings`, { set: settings });
const daysOn = (days: number) => new Date(now + days * DAY_MS).toISOString();

/** What an answer says of what comes back, and of what does not. */
const told = ({ recoverable, elsewhere, goneForGood }: Record<string, unknown>) => ({
  ...(recoverable === undefined ? {} : { recoverable }),
  ...(elsewhere === undefined ? {} : { elsewhere }),
  ...(goneForGood === undefined ? {} : { goneForGood }),
});

const RESTORE = (messages: number) => ({
  recoverable: { messages, until: daysOn(30), by: 'messages/restore' },
});
const UNEXPUNGE = (messages: number) => ({
  recoverable: { messages, until: daysOn(30), by: 'messages/unexpunge' },
});

describe('L2, L5, X1: an expunge says what comes back until when, and what does not', () => {
  const cases: [string, object, () => object][] = [
    ['off', { lazyExpunge: 'off' }, () => ({ goneForGood: 2 })],
    ['a storage', { lazyExpunge: '.EXPUNGED' }, () => RESTORE(2)],
    ['a namespace', { lazyExpunge: '.EXPUNGED/' }, () => RESTORE(2)],
    ['in place', { lazyExpunge: 'in-place' }, () => UNEXPUNGE(2)],
    [
      'a storage with an age of its own',
      { lazyExpunge: '.E', mailboxes: { '.E': { autoexpunge: { afterSeconds: 86_400 } } } },
      () => ({ recoverable: { messages: 2, until: daysOn(1), by: 'messages/restore' } }),
    ],
    [
      'a mailbox that is excluded',
      { lazyExpunge: '.EXPUNGED', lazyExpungeExclude: ['Work'] },
      () => ({ goneForGood: 2 }),
    ],
  ];

  test.each(cases)('%s', async (_, settings, expected) => {
    await set(settings);
    const body = { mailbox: 'Work', uids: [1, 2] };
    const dry = await ask(`POST ${JOHN}/messages/expunge?${DRY}`, body);
    expect(told(dry)).toEqual(expected());
    expect(told(await ask(`POST ${JOHN}/messages/expunge`, body))).toEqual(expected());
  });

  test('of what is in the storage already, nothing comes back', async () => {
    await set({ lazyExpunge: '.EXPUNGED' });
    await ask(`POST ${JOHN}/messages/expunge`, { mailbox: 'Work', uids: [1, 2] });
    for (const query of [DRY, '']) {
      const body = { query: { mailbox: '*' } };
      const answer = await ask(`POST ${ADMIN}/messages/expunge?${query}`, body);
      expect(told(answer)).toEqual({ ...RESTORE(1), goneForGood: 2 });
    }
  });

  test('L4: a dry run says that there may be fewer where only the last copy is kept', async () => {
    await set({ lazyExpunge: '.EXPUNGED', lazyExpungeOnlyLastInstance: true });
    const body = { mailbox: 'Work', uids: [1, 2] };
    const dry = await ask(`POST ${JOHN}/messages/expunge?${DRY}`, body);
    expect(dry['recoverable']).toMatchObject({ messages: 2, atMost: true });
  });

  test('A1: a storage that holds so many ends the others earlier', async () => {
    const mailboxes = { '.E': { autoexpunge: { maxMails: 1 } } };
    await set({ lazyExpunge: '.E', mailboxes });
    const body = { mailbox: 'Work', uids: [1, 2] };
    for (const query of [DRY, '']) {
      const answer = await ask(`POST ${JOHN}/messages/expunge?${query}`, body);
      expect(answer['recoverable']).toMatchObject({ messages: 2, maxMails: 1, until: daysOn(30) });
    }
  });

  test.each(['delayed', 'immediate'])(
    'W1: kept in place, it is not deleted with its mailbox: %s',
    async (deleteMode) => {
      await set({ lazyExpunge: 'in-place', deleteMode });
      const body = { query: { mailbox: 'Work' }, deleteEmptied: true };
      const dry = await ask(`POST ${ADMIN}/messages/expunge?${DRY}`, body);
      const done = await ask(`POST ${ADMIN}/messages/expunge`, body);
      for (const answer of [dry, done])
        expect(answer).toMatchObject({ ...UNEXPUNGE(2), deleted: [] });
      const back = await ask(`POST ${ADMIN}/messages/unexpunge`, { mailbox: 'Work', all: true });
      expect(back['restored']).toHaveLength(2);
    },
  );

  test('past the storage neither', async () => {
    await set({ lazyExpunge: '.EXPUNGED' });
    const body = { mailbox: 'Work', uids: [1], bypassExpungeStorage: true };
    for (const query of [DRY, '']) {
      const answer = await ask(`POST ${ADMIN}/messages/expunge?${query}`, body);
      expect(told(answer)).toEqual({ goneForGood: 1 });
    }
  });

  test('L4: where another copy stays, that is said', async () => {
    await set({ lazyExpunge: '.EXPUNGED', lazyExpungeOnlyLastInstance: true });
    await ask(`POST ${JOHN}/messages/copy`, { from: 'Work', uids: [1], to: 'Junk' });
    const body = { mailbox: 'Work', uids: [1, 2] };
    expect(told(await ask(`POST ${JOHN}/messages/expunge`, body))).toEqual({
      ...RESTORE(1),
      elsewhere: 1,
    });
  });
});

describe('L2, L3: who looks for expunged mail is told', () => {
  test('in a storage where it came from, when it went, and when it ends', async () => {
    await set({ lazyExpunge: '.EXPUNGED' });
    await ask(`POST ${JOHN}/messages/expunge`, { mailbox: 'Work', uids: [1] });
    const { body } = await doors.ask(`GET ${ADMIN}/messages?mailbox=.EXPUNGED`);
    expect(body['items']).toMatchObject([
      { origin: 'Work', expungedAt: daysOn(0), expiresAt: daysOn(30) },
    ]);
    const live = await doors.ask(`GET ${ADMIN}/messages?mailbox=Work`);
    expect((live.body['items'] as object[])[0]).not.toHaveProperty('expungedAt');
  });

  test('L5: that nothing is kept of what is expunged from there, by name or special use', async () => {
    const mailboxes = { Junk: { specialUse: '\\Junk' } };
    const lazyExpungeExclude = ['\\Junk', 'Old*'];
    await set({ lazyExpunge: '.EXPUNGED', lazyExpungeExclude, mailboxes });
    await ask(`POST ${JOHN}/messages/expunge`, { mailbox: 'Junk', uids: [1] });
    const why = async (query: object, base = ADMIN) =>
      (await ask(`POST ${base}/messages/restore`, { query }))['excluded'];
    expect(await why({ origin: 'Junk' })).toEqual(['Junk']);
    expect(await why({ origin: 'Junk' }, JOHN)).toEqual(['Junk']);
    expect(await why({ origin: 'J*' })).toEqual(['Junk']);
    // One that is gone, too.
    expect(await why({ origin: 'Older' })).toEqual(['Older']);
    for (const query of [{ origin: 'Work' }, {}]) expect(await why(query)).toBeUndefined();
    await ask(`POST ${JOHN}/messages/expunge`, { mailbox: 'Work', uids: [1] });
    expect(await why({ origin: '*' })).toBeUndefined();
  });

  test('L5: so does unexpunge, and where it is to be looked for', async () => {
    const why = async (mailbox: string, query = '') => {
      const body = { mailbox, all: true };
      const answer = await ask(`POST ${ADMIN}/messages/unexpunge?${query}`, body);
      return { lazyExpunge: answer['lazyExpunge'], excluded: answer['excluded'] };
    };
    await set({ lazyExpunge: 'off' });
    expect(await why('Work')).toEqual({ lazyExpunge: 'off' });
    await set({ lazyExpunge: '.EXPUNGED' });
    expect(await why('Work', DRY)).toEqual({ lazyExpunge: 'storage' });
    await set({ lazyExpunge: 'in-place', lazyExpungeExclude: ['Junk'] });
    expect(await why('Junk', DRY)).toEqual({ excluded: ['Junk'] });
    expect(await why('Work')).toEqual({});
    await ask(`POST ${JOHN}/messages/expunge`, { mailbox: 'Work', uids: [1] });
    expect(await why('Work')).toEqual({});
    const restored = await ask(`POST ${ADMIN}/messages/restore`, { query: { origin: 'Junk' } });
    expect(restored).toMatchObject({ lazyExpunge: 'in-place', excluded: ['Junk'] });
  });

  test.each(['off', 'in-place'])(
    'that nothing is in a storage where the mode is %s',
    async (mode) => {
      await set({ lazyExpunge: mode });
      await ask(`POST ${JOHN}/messages/expunge`, { mailbox: 'Work', uids: [1] });
      for (const query of [DRY, '']) {
        const answer = await ask(`POST ${ADMIN}/messages/restore?${query}`, { query: {} });
        expect(answer).toMatchObject({ restored: [], lazyExpunge: mode });
      }
    },
  );
});

describe('F4, L6: so does a deletion of mailboxes', () => {
  const remove = async (body: object, query = '') =>
    told((await doors.removed(body, ADMIN, query)) as unknown as Record<string, unknown>);

  test.each([7, 0])('set aside for %i days', async (days) => {
    await set({ deletedRetentionDays: days });
    const expected = {
      recoverable: { messages: 2, until: daysOn(days), by: 'mailboxes/undelete' },
    };
    expect(await remove({ mailbox: 'Work' }, DRY)).toEqual(expected);
    expect(await remove({ mailbox: 'Work' })).toEqual(expected);
  });

  test('for ever, and as the folder says that goes first', async () => {
    await set({ deletedRetentionDays: 'never' });
    expect(await remove({ mailbox: 'Junk' })).toEqual({
      recoverable: { messages: 1, by: 'mailboxes/undelete' },
    });
    await doors.make('Work/a');
    await doors.deliver('Work/a');
    await set({ mailboxes: { 'Work/a': { deletedRetentionDays: 1 } } });
    const expected = { recoverable: { messages: 3, until: daysOn(1), by: 'mailboxes/undelete' } };
    expect(await remove({ mailbox: 'Work', recursive: true }, DRY)).toEqual(expected);
    expect(await remove({ mailbox: 'Work', recursive: true })).toEqual(expected);
  });

  test.each(['.EXPUNGED', 'off', 'in-place'])('at once, with %s', async (lazyExpunge) => {
    const kept = lazyExpunge === '.EXPUNGED' ? RESTORE(2) : { goneForGood: 2 };
    await set({ lazyExpunge, deleteMode: 'immediate' });
    expect(await remove({ mailbox: 'Work' }, DRY)).toEqual(kept);
    expect(await remove({ mailbox: 'Work' })).toEqual(kept);
  });

  test.each(['delayed', 'immediate'])(
    'O1, L3: past the storage all goes for good, and its dry run says so (%s)',
    async (deleteMode) => {
      await set({ lazyExpunge: '.EXPUNGED', deleteMode });
      const body = { mailbox: 'Work', bypassExpungeStorage: true };
      expect(await remove(body, DRY)).toEqual({ goneForGood: 2 });
      expect(await remove(body)).toEqual({ goneForGood: 2 });
    },
  );

  test('L6: what was expunged in place before goes, too, when it is deleted at once', async () => {
    await set({ lazyExpunge: 'in-place', deleteMode: 'immediate' });
    await ask(`POST ${JOHN}/messages/expunge`, { mailbox: 'Work', uids: [1] });
    expect(await remove({ mailbox: 'Work' })).toEqual({ goneForGood: 2 });
  });

  test('F4: a large tree that another request ends says when the first of it goes', async () => {
    const names = Array.from({ length: 60 }, (_, n) => `Big/${n}`);
    await doors.make('Big', ...names);
    await doors.deliver('Big/7');
    await set({ mailboxes: { 'Big/7': { deletedRetentionDays: 1 } } });
    await doors.dies(`POST ${ADMIN}/mailboxes/delete`, { mailbox: 'Big', recursive: true }, 2);
    expect(await remove({ mailbox: 'Big', recursive: true })).toEqual({
      recoverable: { messages: 1, until: daysOn(1), by: 'mailboxes/undelete' },
    });
  });

  test('a storage goes for good', async () => {
    await set({ lazyExpunge: 'Gone' });
    await ask(`POST ${JOHN}/messages/expunge`, { mailbox: 'Work', uids: [1, 2] });
    expect(await remove({ mailbox: 'Gone' }, DRY)).toEqual({ goneForGood: 2 });
    expect(await remove({ mailbox: 'Gone' })).toEqual({ goneForGood: 2 });
  });

  test('all of an account', async () => {
    expect(await remove({ all: true }, DRY)).toMatchObject({ recoverable: { messages: 3 } });
    expect(await remove({ all: true })).toMatchObject({
      recoverable: { messages: 3, by: 'mailboxes/undelete' },
    });
  });
});
