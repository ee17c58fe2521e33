/**
 * Every request that ends folders or an account: what its answer says of the mail in them, as JSON and
 * in the words of the command line.
 */
import { describe, expect, test } from 'vitest';
import { aftermathWords } from '../../../cli/commands/aftermath.ts';
import { deletionStatement } from '../../../cli/commands/deletion-words.ts';
import type { EstimateAnswer } from '../../../functions/contract/api.ts';
import type { Aftermath } from '../../../functions/contract/mail-api.ts';
import { ADMIN, DRY, FolderDoors, JOHN } from './folder-doors.ts';

/** The mailbox that goes, with two messages in it, and what the settings make of an expunge there. */
const PLACES = {
  off: { lazyExpunge: 'off', mailbox: 'Work' },
  storage: { lazyExpunge: '.EXPUNGED', mailbox: 'Work' },
  'in-place': { lazyExpunge: 'in-place', mailbox: 'Work' },
  inside: { lazyExpunge: '.EXPUNGED', mailbox: '.EXPUNGED' },
} as const;
type Place = keyof typeof PLACES;

interface Told {
  readonly json: Aftermath;
  readonly text?: string;
}

const GONE: Told = { json: { goneForGood: 2 }, text: '2 messages are gone for good.' };
const RESTORE: Told = {
  json: {
    recoverable: { messages: 2, until: '2026-12-22T00:00:00.000Z', by: 'messages/restore' },
  },
  text: '2 messages can be brought back until 2026-12-22 00:00 UTC (lethe message restore -u john@x.org --origin Work).',
};
const UNDELETE: Told = {
  json: {
    recoverable: { messages: 2, until: '2026-11-29T00:00:00.000Z', by: 'mailboxes/undelete' },
  },
  text: '2 messages can be brought back until 2026-11-29 00:00 UTC (lethe mailbox undelete -u john@x.org Work).',
};
const NOTHING: Told = { json: {} };

interface Case {
  readonly settings: object;
  readonly body: (mailbox: string) => object;
  readonly ends: Readonly<Record<Place, Told>>;
}

const NOW = { deleteMode: 'immediate' };
const LATER = { deleteMode: 'delayed' };

const CASES: Readonly<Record<string, Case>> = {
  'delete, set aside': {
    settings: LATER,
    body: (mailbox) => ({ mailbox }),
    ends: { off: UNDELETE, storage: UNDELETE, 'in-place': UNDELETE, inside: GONE },
  },
  'delete at once': {
    settings: NOW,
    body: (mailbox) => ({ mailbox }),
    ends: { off: GONE, storage: RESTORE, 'in-place': GONE, inside: GONE },
  },
  'delete past the storage': {
    settings: LATER,
    body: (mailbox) => ({ mailbox, bypassExpungeStorage: true }),
    ends: { off: GONE, storage: GONE, 'in-place': GONE, inside: GONE },
  },
  'delete an empty mailbox': {
    settings: LATER,
    body: () => ({ mailbox: 'Empty' }),
    ends: { off: NOTHING, storage: NOTHING, 'in-place': NOTHING, inside: NOTHING },
  },
};

async function doorsOf(place: Place, settings: object): Promise<FolderDoors> {
  const doors = await FolderDoors.open();
  await doors.make('Work', 'Empty');
  for (const mailbox of ['Work', 'Work']) await doors.deliver(mailbox);
  const { lazyExpunge, mailbox } = PLACES[place];
  const set = { body: { set: { lazyExpunge, ...settings } } };
  expect((await doors.ask(`PATCH ${ADMIN}/settings`, set)).status).toBe(200);
  if (mailbox !== 'Work') await expungeAll(doors);
  return doors;
}

const expungeAll = (doors: FolderDoors) =>
  doors.ask(`POST ${JOHN}/messages/expunge`, { body: { mailbox: 'Work', uids: [1, 2] } });

const places = Object.keys(PLACES) as Place[];
const TABLE = Object.entries(CASES).flatMap(([name, one]) =>
  places.map((place) => [name, place, one] as const),
);

describe('O1, F4, L6: what becomes of mail in folders is told before and after', () => {
  test.each(TABLE)('%s: %s', async (_, place, { settings, body, ends }) => {
    const doors = await doorsOf(place, settings);
    const expected = ends[place];
    for (const query of [DRY, '']) {
      const wanted = body(PLACES[place].mailbox);
      const answer = await doors.removed(wanted, ADMIN, query);
      const { recoverable, elsewhere, goneForGood } = answer;
      const said = { recoverable, elsewhere, goneForGood };
      expect(JSON.parse(JSON.stringify(said))).toEqual(expected.json);
      expect(aftermathWords(answer, 'john@x.org', { mailbox: 'Work' })).toBe(expected.text);
    }
  });
});

describe('O1, U4, X4: what a deletion of the account ends is told before', () => {
  const ask = async (doors: FolderDoors) => {
    const answer = await doors.ask(`DELETE ${JOHN}?${DRY}`);
    expect(answer.status, answer.text).toBe(200);
    return answer.body as unknown as EstimateAnswer;
  };
  const TOO =
    'Deleted folders, expunged mail and older versions go with the rest: nothing can be brought back. It cannot be undone.';

  test.each(places)('all of it is gone for good: %s', async (place) => {
    const estimate = await ask(await doorsOf(place, {}));
    expect(estimate).toMatchObject({ goneForGood: 2, freedAddresses: ['john@x.org'] });
    expect(estimate).not.toHaveProperty('recoverable');
    const inside = place === 'inside';
    const content = inside
      ? '0 messages in 4 mailboxes, 0 bytes'
      : '2 messages in 3 mailboxes, 30 bytes';
    expect(deletionStatement('john@x.org', estimate)).toBe(
      `This erases john@x.org: ${content}. 2 messages are gone for good. ${TOO}`,
    );
  });

  test('of expunged mail what has not ended, of that in place nothing', async () => {
    const storage = await doorsOf('inside', {});
    storage.world.clock.advance(31 * 86_400_000);
    expect(await ask(storage)).not.toHaveProperty('goneForGood');
    const inPlace = await doorsOf('in-place', {});
    await expungeAll(inPlace);
    const estimate = await ask(inPlace);
    expect(estimate).not.toHaveProperty('goneForGood');
    expect(deletionStatement('john@x.org', estimate)).toContain(
      'No counter knows a message in it. Deleted folders, expunged mail',
    );
  });

  test('mail in deleted folders, too', async () => {
    const doors = await doorsOf('storage', LATER);
    await doors.removed({ mailbox: 'Work' });
    expect(await ask(doors)).toMatchObject({ goneForGood: 2 });
  });

  test('U7: and what outlives it elsewhere, for how long', async () => {
    const doors = await doorsOf('storage', {});
    const lasting = (estimate: EstimateAnswer) =>
      estimate.remains.map(({ where, days }) => [where, days]);
    const always = [
      ['point-in-time recovery of the tables', 35],
      ['stream records of the dictmap', 1],
      ['execution history', 90],
      ['logs of functions and API', 30],
      ['records in other accounts', undefined],
      ['backups and replicas of bucket and tables', undefined],
    ];
    expect(lasting(await ask(doors))).toEqual(always);
    await doors.ask(`POST ${JOHN}/uploads`, { body: { size: 10 } });
    expect(lasting(await ask(doors))).toEqual([
      ...always,
      ['uploads begun before the fence', undefined],
    ]);
  });
});
