/**
 * Every request that ends messages, or takes them where they end or do not end any more: what its
 * answer says of it, as JSON and in the words of the command line.
 */
import { describe, expect, test } from 'vitest';
import { moveWords } from '../../../cli/commands/aftermath.ts';
import type { MoveAftermath } from '../../../functions/contract/mail-api.ts';
import { registryKeys } from '../../../functions/contract/row-layout.ts';
import { ADMIN, DRY, FolderDoors, JOHN } from './folder-doors.ts';

/** Where the two messages are, and what the settings make of an expunge from there. */
const PLACES = {
  off: { settings: { lazyExpunge: 'off' }, mailbox: 'Work' },
  storage: { settings: { lazyExpunge: '.EXPUNGED' }, mailbox: 'Work' },
  'in-place': { settings: { lazyExpunge: 'in-place' }, mailbox: 'Work' },
  inside: { settings: { lazyExpunge: '.EXPUNGED' }, mailbox: '.EXPUNGED' },
} as const;
type Place = keyof typeof PLACES;

interface Told {
  readonly json: MoveAftermath;
  readonly text?: string;
}
/** The request is refused, nothing ends. */
interface Refused {
  readonly refused: string;
}

interface Case {
  readonly request: string;
  readonly body: (mailbox: string) => object;
  /** Has a dry run. */
  readonly dry: boolean;
  readonly ends: Readonly<Record<Place, Told | Refused>>;
}

const UNTIL = '2026-12-22T00:00:00.000Z';
const KEPT = { messages: 2, until: UNTIL };
const GONE: Told = { json: { goneForGood: 2 }, text: '2 messages are gone for good.' };
const NOTHING: Told = { json: {} };
const NOT_ALLOWED: Refused = { refused: 'urn:lethe:not-allowed' };
const UNKNOWN: Refused = { refused: 'urn:lethe:unknown-mailbox' };
const RESTORE: Told = {
  json: { recoverable: { ...KEPT, by: 'messages/restore' } },
  text: '2 messages can be brought back until 2026-12-22 00:00 UTC (lethe message restore -u john@x.org --origin Work).',
};
const UNEXPUNGE: Told = {
  json: { recoverable: { ...KEPT, by: 'messages/unexpunge' } },
  text: '2 messages can be brought back until 2026-12-22 00:00 UTC (lethe message unexpunge -u john@x.org -m Work --all).',
};
const LEFT_IN_STORAGE: Told = {
  json: { leftBehind: { ...KEPT, by: 'messages/restore' } },
  text: '2 expunged copies are left behind, until 2026-12-22 00:00 UTC (lethe message restore -u john@x.org --origin Work).',
};
const LEFT_IN_PLACE: Told = {
  json: { leftBehind: { ...KEPT, by: 'messages/unexpunge' } },
  text: '2 expunged copies are left behind, until 2026-12-22 00:00 UTC (lethe message unexpunge -u john@x.org -m Work --all).',
};
const LIVE: Told = {
  json: { live: { messages: 2 } },
  text: '2 messages are out of the expunge storage, and stay until deleted.',
};
const LIVE_FOR_AN_HOUR: Told = {
  json: { live: { messages: 2, until: '2026-11-22T01:00:00.000Z' } },
  text: '2 messages are out of the expunge storage; the autoexpunge of the mailbox ends what is in it from 2026-11-22 01:00 UTC on.',
};

const BY_MODE = { off: GONE, storage: RESTORE, 'in-place': UNEXPUNGE, inside: GONE };
const ALL_GONE = { off: GONE, storage: GONE, 'in-place': GONE, inside: GONE };
const MOVED = {
  off: NOTHING,
  storage: LEFT_IN_STORAGE,
  'in-place': LEFT_IN_PLACE,
  inside: LIVE,
};
const uids = [1, 2];

const CASES: Readonly<Record<string, Case>> = {
  'expunge by UIDs': {
    request: `POST ${JOHN}/messages/expunge`,
    body: (mailbox) => ({ mailbox, uids }),
    dry: true,
    ends: BY_MODE,
  },
  'expunge by query': {
    request: `POST ${ADMIN}/messages/expunge`,
    body: (mailbox) => ({ query: { mailbox } }),
    dry: true,
    ends: BY_MODE,
  },
  'expunge past the storage': {
    request: `POST ${ADMIN}/messages/expunge`,
    body: (mailbox) => ({ mailbox, uids, bypassExpungeStorage: true }),
    dry: true,
    ends: ALL_GONE,
  },
  'move to a mailbox': {
    request: `POST ${JOHN}/messages/move`,
    body: (from) => ({ from, uids, to: 'Other' }),
    dry: true,
    ends: MOVED,
  },
  'move to a mailbox with an autoexpunge': {
    request: `POST ${JOHN}/messages/move`,
    body: (from) => ({ from, uids, to: 'Trash' }),
    dry: true,
    ends: { ...MOVED, inside: LIVE_FOR_AN_HOUR },
  },
  'move to the storage': {
    request: `POST ${JOHN}/messages/move`,
    body: (from) => ({ from, uids, to: '.EXPUNGED' }),
    dry: true,
    ends: { off: UNKNOWN, storage: RESTORE, 'in-place': UNKNOWN, inside: NOT_ALLOWED },
  },
  'move by query to a mailbox': {
    request: `POST ${ADMIN}/messages/move-by-query`,
    body: (mailbox) => ({ query: { mailbox }, to: 'Other' }),
    dry: false,
    ends: MOVED,
  },
  'move by query to the storage': {
    request: `POST ${ADMIN}/messages/move-by-query`,
    body: (mailbox) => ({ query: { mailbox }, to: '.EXPUNGED' }),
    dry: false,
    ends: { off: UNKNOWN, storage: NOT_ALLOWED, 'in-place': UNKNOWN, inside: NOT_ALLOWED },
  },
  copy: {
    request: `POST ${JOHN}/messages/copy`,
    body: (from) => ({ from, uids, to: 'Other' }),
    dry: false,
    ends: { off: NOTHING, storage: NOTHING, 'in-place': NOTHING, inside: NOTHING },
  },
};

const AFTERMATH = ['recoverable', 'elsewhere', 'goneForGood', 'leftBehind', 'live'];

async function doorsOf(place: Place): Promise<FolderDoors> {
  const doors = await FolderDoors.open();
  await doors.make('Work', 'Other', 'Trash');
  for (const mailbox of ['Work', 'Work']) await doors.deliver(mailbox);
  const { settings, mailbox } = PLACES[place];
  const mailboxes = { Trash: { autoexpunge: { afterSeconds: 3600 } } };
  const set = { body: { set: { ...settings, mailboxes } } };
  expect((await doors.ask(`PATCH ${ADMIN}/settings`, set)).status).toBe(200);
  if (mailbox !== 'Work') {
    await doors.ask(`POST ${JOHN}/messages/expunge`, { body: { mailbox: 'Work', uids } });
  }
  return doors;
}

async function expectTold(doors: FolderDoors, request: string, body: object, told: Told) {
  const answer = await doors.ask(request, { body });
  expect(answer.status, answer.text).toBe(200);
  const said = Object.entries(answer.body).filter(([name]) => AFTERMATH.includes(name));
  expect(Object.fromEntries(said)).toEqual(told.json);
  const words = moveWords(answer.body as MoveAftermath, 'john@x.org', { mailbox: 'Work' });
  expect(words).toBe(told.text);
}

const TABLE = Object.entries(CASES).flatMap(([name, one]) =>
  (Object.keys(PLACES) as Place[]).map((place) => [name, place, one] as const),
);

describe('O1, L2, L3, L4: what becomes of mail is told before and after', () => {
  test.each(TABLE)('%s: %s', async (_, place, { request, body, dry, ends }) => {
    const doors = await doorsOf(place);
    const wanted = body(PLACES[place].mailbox);
    const expected = ends[place];
    const before = JSON.stringify(doors.world.rows.rows());
    const unchanged = () => expect(JSON.stringify(doors.world.rows.rows())).toBe(before);
    if ('refused' in expected) {
      for (const query of dry ? [`?${DRY}`, ''] : ['']) {
        const answer = await doors.ask(`${request}${query}`, { body: wanted });
        expect(answer.body).toMatchObject({ type: expected.refused });
      }
      unchanged();
      return;
    }
    if (dry) await expectTold(doors, `${request}?${DRY}`, wanted, expected);
    unchanged();
    await expectTold(doors, request, wanted, expected);
  });

  test('purge of what was expunged in place: all of it is gone for good', async () => {
    const doors = await doorsOf('in-place');
    await doors.ask(`POST ${JOHN}/messages/expunge`, { body: { mailbox: 'Work', uids } });
    const request = `POST ${ADMIN}/messages/purge-expunged`;
    for (const query of [`?${DRY}`, '']) {
      await expectTold(doors, `${request}${query}`, { olderThanDays: 0 }, GONE);
    }
    await expectTold(doors, request, { olderThanDays: 0 }, NOTHING);
  });

  test('W6: a dry run of a move is refused where the move is, of a held account', async () => {
    const doors = await doorsOf('storage');
    const { body } = await doors.ask(`GET ${JOHN}`);
    await doors.world.rows.write({
      kind: 'update',
      key: registryKeys.account(String(body['accountId'])),
      guard: { row: 'present' },
      change: { set: { hold: { by: 'court' } } },
    });
    for (const to of ['Other', '.EXPUNGED']) {
      for (const query of [`?${DRY}`, '']) {
        const wanted = { body: { from: 'Work', uids, to } };
        const answer = await doors.ask(`POST ${JOHN}/messages/move${query}`, wanted);
        expect(answer.body, `${to} ${query}`).toMatchObject({ type: 'urn:lethe:account-held' });
      }
    }
  });

  test('L4: a move to the storage says what is elsewhere', async () => {
    const doors = await doorsOf('storage');
    const set = { lazyExpungeOnlyLastInstance: true };
    await doors.ask(`PATCH ${ADMIN}/settings`, { body: { set } });
    await doors.ask(`POST ${JOHN}/messages/copy`, {
      body: { from: 'Work', uids: [1], to: 'Other' },
    });
    await expectTold(
      doors,
      `POST ${JOHN}/messages/move`,
      { from: 'Work', uids, to: '.EXPUNGED' },
      {
        json: {
          recoverable: { messages: 1, until: UNTIL, by: 'messages/restore' },
          elsewhere: 1,
        },
        text: '1 message can be brought back until 2026-12-22 00:00 UTC (lethe message restore -u john@x.org --origin Work). 1 message has another copy in the account.',
      },
    );
    await expectTold(
      doors,
      `POST ${JOHN}/messages/move`,
      { from: 'Other', uids: [1], to: 'Work' },
      NOTHING,
    );
  });
});
