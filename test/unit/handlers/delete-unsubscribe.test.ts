/** Deletions that end subscriptions, and die on the way. */
import { beforeEach, describe, expect, test } from 'vitest';
import { makeMailApi } from '../../../functions/handlers/mail-api.ts';
import { Crashes } from '../../models/faulty.ts';
import { useQuietLog } from '../runtime/log-lines.ts';
import { expectProblem } from './doors.ts';
import { FolderDoors, JOHN, numbered } from './folder-doors.ts';

useQuietLog();

let doors: FolderDoors;
beforeEach(async () => {
  doors = await FolderDoors.open();
});

const subscribe = async (...paths: string[]) => {
  for (const path of paths) {
    expect((await doors.ask(`POST ${JOHN}/subscriptions`, { body: { path } })).status).toBe(201);
  }
};
/** Rows, also of those that do not show. */
const subscribed = () =>
  doors.world.rows
    .rows('dictmap')
    .filter(({ attributes }) => attributes['type'] === 'subscription')
    .map(({ attributes }) => attributes['path']);

/** The same request until it is no fault of the function's any more. */
async function deletedAfterCrash(body: object, call: number, point: 'before' | 'after') {
  const crashes = new Crashes({ call, point });
  const { ports } = doors.world;
  const door = makeMailApi(() => ({
    ports: { ...ports, rows: crashes.wrap(ports.rows) },
    deployment: doors.settings,
    retentionDays: { r30: 30 },
  }));
  const first = await door.request(`${JOHN}/mailboxes/delete`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  if (!crashes.crashed) return { crashed: false, answer: first.status };
  return { crashed: true, answer: (await doors.remove(body)).status };
}

const POINTS = ['before', 'after'] as const;

describe.each(['delayed', 'immediate'] as const)('%s', (deleteMode) => {
  beforeEach(async () => {
    doors.settings = { deleteMode };
  });

  test.each(POINTS)(
    'W2: a deletion that dies %s any of its changes is ended by the same request',
    async (point) => {
      const kept = ['INBOX', 'P/never', 'Q', 'Work'];
      let crashed = true;
      for (let call = 1; crashed; call += 1) {
        await doors.make('P', 'P/a', 'P/b');
        await doors.deliver('P/a');
        await subscribe(...kept, 'P', 'P/a', 'P/b');
        const body = { mailbox: 'P', recursive: true, unsubscribe: true };
        const done = await deletedAfterCrash(body, call, point);
        crashed = done.crashed;
        // After the last of its changes nothing is left to do, and nothing to be found.
        if (subscribed().length > kept.length || done.answer !== 404) {
          expect(done.answer, `call ${call}`).toBe(200);
        }
        expect(subscribed(), `call ${call}`).toEqual(kept);
        expect(await doors.names()).not.toContain('P');
        expect(call).toBeLessThan(60);
      }
    },
  );
});

test('W2: the answer after the crash is that of the deletion', async () => {
  await doors.make('P');
  await subscribe('P');
  const body = { mailbox: 'P', unsubscribe: true };
  // The mark, the one of the deletion itself, and its transaction.
  await doors.dies(`POST ${JOHN}/mailboxes/delete`, body, 2);
  expect([await doors.names(), subscribed()]).toEqual([['INBOX'], ['P']]);
  const [tree] = await doors.deleted();
  const { deletionId } = tree ?? {};
  expect(await doors.removed(body)).toMatchObject({ mode: 'delayed', deletionId, mailboxes: 1 });
  expect(subscribed()).toEqual([]);
  expectProblem(
    await doors.remove({ mailbox: 'P', unsubscribe: true }),
    404,
    'urn:lethe:unknown-mailbox',
  );
});

test('W2: a large deletion that is taken up by the same request ends subscriptions, too', async () => {
  await doors.make(...numbered('P', 40));
  await subscribe('P', 'P/001', 'P/039', 'Work');
  const body = { mailbox: 'P', recursive: true, unsubscribe: true };
  await doors.dies(`POST ${JOHN}/mailboxes/delete`, body, 6);
  expect((await doors.removed(body)).complete).toBe(true);
  expect(subscribed()).toEqual(['Work']);
});

test('W2: a subscription of a name that never was, or of a folder that was only deleted, stays', async () => {
  await doors.make('P', 'P/a');
  await subscribe('P/a', 'P/never');
  await doors.removed({ mailbox: 'P/a' });
  await doors.removed({ mailbox: 'P', recursive: true, unsubscribe: true });
  const again = await doors.remove({ mailbox: 'P', recursive: true, unsubscribe: true });
  expectProblem(again, 404, 'urn:lethe:unknown-mailbox');
  expect(subscribed()).toEqual(['P/a', 'P/never']);
});

test('O1: a dry run ends no subscription', async () => {
  await subscribe('P');
  const dry = await doors.remove({ mailbox: 'P', unsubscribe: true }, JOHN, 'dryRun=true');
  expectProblem(dry, 404, 'urn:lethe:unknown-mailbox');
  expect(subscribed()).toEqual(['P']);
});
