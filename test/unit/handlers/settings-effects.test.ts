import { beforeEach, describe, expect, test } from 'vitest';
import { expectProblem } from './doors.ts';
import { ADMIN, DRY, FolderDoors } from './folder-doors.ts';

let doors: FolderDoors;
beforeEach(async () => {
  doors = await FolderDoors.open();
  await doors.make('Trash', 'Old', 'Work');
  for (const mailbox of ['Trash', 'Trash', 'Work']) await doors.deliver(mailbox);
  doors.world.clock.advance(86_400_000);
  await doors.deliver('Trash');
});

async function effects(change: object): Promise<unknown> {
  const before = JSON.stringify(doors.world.rows.rows());
  const answer = await doors.ask(`PATCH ${ADMIN}/settings?${DRY}`, { body: change });
  expect(answer.status, answer.text).toBe(200);
  expect(answer.body).toMatchObject({ dryRun: true });
  expect(JSON.stringify(doors.world.rows.rows())).toBe(before);
  return answer.body['effects'];
}

const apply = async (change: object) => {
  const answer = await doors.ask(`PATCH ${ADMIN}/settings`, { body: change });
  expect(answer.status, answer.text).toBe(200);
};

const AN_HOUR = { autoexpunge: { afterSeconds: 3600 } };

describe('O1, A1: a dry run of settings says what they would make of mail', () => {
  test('of what is expunged from then on', async () => {
    expect(await effects({ set: { lazyExpunge: '.EXPUNGED' } })).toEqual([
      {
        kind: 'expunged',
        was: 'lazyExpunge off, deleteMode delayed',
        becomes: 'lazyExpunge .EXPUNGED, deleteMode delayed',
      },
    ]);
    expect(await effects({ set: { lazyExpunge: 'off' } })).toEqual([]);
  });

  test('of mail that a policy takes, in each mailbox that it newly matches', async () => {
    const change = { set: { mailboxes: { Trash: AN_HOUR, 'W*': AN_HOUR } } };
    expect(await effects(change)).toEqual(
      expect.arrayContaining([
        { kind: 'autoexpunge', mailbox: 'Trash', messages: 2 },
        { kind: 'autoexpunge', mailbox: 'Work', messages: 1 },
      ]),
    );
    await apply(change);
    expect(await effects(change)).toEqual([]);
    expect(await effects({ unsetMailboxes: ['Trash'] })).toEqual([]);
  });

  test('of deleted folders that would be due', async () => {
    await doors.deliver('Old');
    await doors.removed({ mailbox: 'Old' }, ADMIN);
    doors.world.clock.advance(2 * 86_400_000);
    expect(await effects({ set: { deletedRetentionDays: 1 } })).toEqual([
      { kind: 'purge', folders: 1, messages: 1 },
    ]);
    expect(await effects({ set: { deletedRetentionDays: 3 } })).toEqual([]);
    expect(await effects({ set: { deletedRetentionDays: 'never' } })).toEqual([]);
  });

  test('of a limit that is used up already', async () => {
    expect(await effects({ set: { quotaBytes: 10 } })).toEqual([
      { kind: 'quota', bytes: 60, limitBytes: 10 },
    ]);
    expect(await effects({ set: { quotaBytes: 1000 } })).toEqual([]);
  });

  test('what the change itself refuses, it refuses', async () => {
    const body = { set: { lazyExpunge: 'Work' } };
    const refused = await doors.ask(`PATCH ${ADMIN}/settings?${DRY}`, { body });
    expectProblem(refused, 400, 'urn:lethe:invalid-input', ['lazyExpunge']);
    const wrong = await doors.ask(`PATCH ${ADMIN}/settings?${DRY}`, { body: { set: { no: 1 } } });
    expect(wrong.status).toBe(400);
  });
});
