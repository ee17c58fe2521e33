import { beforeEach, describe, expect, test } from 'vitest';
import { toMailbox } from '../../../functions/core/mailboxes/mailbox.ts';
import { MAILBOX_FATES } from '../../../functions/core/mailboxes/mailbox-rows.ts';
import { toMessage } from '../../../functions/core/messages/message.ts';
import { FATES } from '../../../functions/core/messages/message-rows.ts';
import type { Row } from '../../../functions/core/ports/row-store.ts';
import { ADMIN, FolderDoors, JOHN } from './folder-doors.ts';

/** What a release that is still to come may have written. */
const LATER = { tomorrow: 'x', list: ['a', { b: 1 }] };
const MARKED = { flags: ['\\Flagged'], keywords: ['k'] };

let doors: FolderDoors;
beforeEach(async () => {
  doors = await FolderDoors.open();
  await doors.make('Target');
  const raw = Buffer.from('From: a@x.org\r\nSubject: x\r\n\r\nx').toString('base64');
  const message = { raw, ...MARKED, internalDate: '2020-02-03T04:05:06Z' };
  await ask(`POST ${JOHN}/messages`, { mailbox: 'INBOX', messages: [message] });
  await plant(await theRow('live'));
  doors.world.clock.advance(60_000);
});

async function ask(what: string, body: object): Promise<Record<string, unknown>> {
  const answer = await doors.ask(what, { body });
  expect(answer.status, answer.text).toBeLessThan(300);
  return answer.body;
}

const set = (settings: object) => ask(`PATCH ${ADMIN}/settings`, { set: settings });
const expunge = () => ask(`POST ${JOHN}/messages/expunge`, { mailbox: 'INBOX', uids: [1] });

const messageRows = (): readonly Row[] =>
  doors.world.rows.rows('dictmap').filter(({ attributes }) => attributes['type'] === 'message');

async function theRow(state: string): Promise<Row> {
  const found = messageRows().filter(({ attributes }) => attributes['state'] === state);
  expect(found).toHaveLength(1);
  const [row] = found;
  if (row === undefined) throw new TypeError('no row');
  return row;
}

async function plant({ key, attributes }: Row): Promise<void> {
  const envelope = { ...(attributes['envelope'] as object), later: 'y' };
  const change = { set: attributes['type'] === 'message' ? { ...LATER, envelope } : LATER };
  await doors.world.rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
}

describe('W1: a message in its next row', () => {
  const ways = {
    copy: async () => ask(`POST ${JOHN}/messages/copy`, COPY),
    move: async () => ask(`POST ${JOHN}/messages/move`, COPY),
    'move that leaves an instance': async () => {
      await set({ lazyExpunge: 'in-place' });
      await ask(`POST ${JOHN}/messages/move`, COPY);
    },
    'copy out of the storage': async () => {
      await set({ lazyExpunge: 'Expunged' });
      await expunge();
      await ask(`POST ${ADMIN}/messages/copy`, { ...COPY, from: 'Expunged' });
    },
    restore: async () => {
      await set({ lazyExpunge: 'Expunged' });
      await expunge();
      await ask(`POST ${ADMIN}/messages/restore`, { mailbox: 'Expunged', uids: [1] });
    },
    'restore that keeps': async () => {
      await set({ lazyExpunge: 'Expunged' });
      await expunge();
      await ask(`POST ${ADMIN}/messages/restore`, { mailbox: 'Expunged', uids: [1], keep: true });
    },
    unexpunge: async () => {
      await set({ lazyExpunge: 'in-place' });
      await expunge();
      await ask(`POST ${ADMIN}/messages/unexpunge`, { mailbox: 'INBOX', all: true });
    },
    'hand-over': handOver,
  } as const;
  const COPY = { from: 'INBOX', uids: [1], to: 'Target' };

  /** By the key of its row, which a copy leaves there. */
  const liveBut = (old: Row) =>
    messageRows().filter(
      ({ key, attributes }) =>
        attributes['state'] === 'live' && JSON.stringify(key) !== JSON.stringify(old.key),
    );

  test.each(Object.keys(ways) as (keyof typeof ways)[])('%s', async (way) => {
    const old = await theRow('live');
    await ways[way]();
    const [row, ...others] = liveBut(old);
    expect(others).toEqual([]);
    if (row === undefined) throw new TypeError('it did not come');
    const [before, after] = [toMessage(old), toMessage(row)];
    expect(after.others).toEqual(LATER);
    expect(after.envelope).toMatchObject({ subject: 'x', later: 'y' });
    const fates = way.includes('hand-over') ? 'handOver' : fateOf(way);
    for (const [name, fate] of Object.entries(FATES)) {
      const field = name as keyof typeof FATES;
      if (fate[fates] === 'kept') expect(after[field], field).toEqual(before[field]);
    }
    expect(after.flags).toEqual(before.flags);
    expect(after.saveDate === before.saveDate).toBe(fates === 'handOver');
  });

  const fateOf = (way: string) =>
    way.startsWith('copy') ? 'copy' : way.startsWith('move') ? 'move' : 'restore';

  test.each(['storage', 'in place'])('an expunge into the %s leaves all there', async (where) => {
    await set({ lazyExpunge: where === 'storage' ? 'Expunged' : 'in-place' });
    const before = toMessage(await theRow('live'));
    await expunge();
    expect(toMessage(await theRow('expunged'))).toEqual(before);
  });

  test('a change of its links leaves all there', async () => {
    await ways.copy();
    const blobs = () =>
      doors.world.rows.rows('dictmap').filter(({ attributes }) => attributes['type'] === 'blob');
    await plant(blobs()[0] as Row);
    await ask(`POST ${JOHN}/messages/copy`, { ...COPY, from: 'Target' });
    expect(blobs()[0]?.attributes).toMatchObject({ ...LATER, revision: 2 });
  });

  test('changes of flags leave all there', async () => {
    const before = toMessage(await theRow('live'));
    const change = { add: { flags: ['\\Seen'], keywords: ['l'] }, remove: { keywords: ['k'] } };
    await ask(`POST ${JOHN}/messages/flags`, { mailbox: 'INBOX', uids: [1], ...change });
    expect(toMessage(await theRow('live'))).toEqual({
      ...before,
      flags: new Set(['\\Flagged', '\\Seen']),
      keywords: new Set(['l']),
    });
  });

  test('X3: what is left of one that is gone tells nothing that is not understood', async () => {
    await expunge();
    expect(JSON.stringify((await theRow('purging')).attributes)).not.toMatch(/tomorrow|later/);
  });
});

async function handOver(): Promise<void> {
  await set({ deleteMode: 'delayed' });
  const { deletionId } = await doors.removed({ mailbox: 'INBOX' }, ADMIN);
  const body = { deletionId, toUser: 'anna@x.org' };
  await ask(`POST ${ADMIN}/mailboxes/undelete`, body);
}

describe('W1: a mailbox that is handed over', () => {
  test('has what the table says', async () => {
    const mailboxes = () =>
      doors.world.rows.rows('dictmap').filter(({ attributes }) => attributes['type'] === 'mailbox');
    const rowOf = (path: string) =>
      mailboxes().find(({ attributes }) => attributes['path'] === path) as Row;
    const known = new Set(mailboxes().map(({ key }) => key.sk));
    const body = { mailbox: 'INBOX', identifier: 'anna@x.org', rights: 'lr' };
    await ask(`PUT ${ADMIN}/mailboxes/acl`, body);
    await plant(rowOf('INBOX'));
    const before = toMailbox(rowOf('INBOX'));
    await handOver();
    const come = mailboxes().filter(
      ({ key, attributes }) => !known.has(key.sk) && 'tomorrow' in attributes,
    );
    expect(come).toHaveLength(1);
    const after = toMailbox(come[0] as Row);
    expect(after.others).toEqual(LATER);
    for (const [name, fate] of Object.entries(MAILBOX_FATES)) {
      const field = name as keyof typeof MAILBOX_FATES;
      // It comes back under a name of its own.
      if (fate === 'kept' && field !== 'path') expect(after[field], field).toEqual(before[field]);
    }
    expect(after.acl).toBeUndefined();
  });
});
