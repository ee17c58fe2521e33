import { beforeEach, describe, expect, test } from 'vitest';
import { dictmapKeys } from '../../../functions/contract/row-layout.ts';
import { rowBytes } from '../../../functions/core/meter/row-units.ts';
import type { Change } from '../../../functions/core/ports/row-store.ts';
import { useQuietLog } from '../runtime/log-lines.ts';
import { type Answer, expectProblem } from './doors.ts';
import { ADMIN, FolderDoors, JOHN } from './folder-doors.ts';

useQuietLog();

let doors: FolderDoors;

beforeEach(async () => {
  doors = await FolderDoors.open();
  await doors.make('A', 'B');
  for (let uid = 1; uid <= 5; uid += 1) await doors.deliver('A');
});

const send = (verb: string, body: object, base = ADMIN): Promise<Answer> =>
  doors.ask(`POST ${base}/messages/${verb}`, { body });

/** Its row, whatever its mailbox is. */
const rowOf = (uid: number) =>
  doors.world.rows
    .rows('dictmap')
    .find(({ key, attributes }) => attributes['type'] === 'message' && Number(key.sk) === uid);

const keywordsOf = (uid: number) => [
  ...((rowOf(uid)?.attributes['keywords'] ?? []) as Iterable<string>),
];

async function damage(uid: number, change: Change = { unset: ['envelope'] }): Promise<void> {
  const key = rowOf(uid)?.key ?? dictmapKeys.message('none.none', uid);
  await doors.world.rows.write({ kind: 'update', key, guard: { row: 'present' }, change });
}

const live = () =>
  doors.world.rows
    .rows('dictmap')
    .filter(({ attributes }) => attributes['type'] === 'message' && attributes['state'] === 'live')
    .map(({ key }) => Number(key.sk));

describe('a message whose row is damaged', () => {
  beforeEach(() => damage(3));

  const ALL = { mailbox: 'A', uids: [1, 2, 3, 4, 5] };
  const QUERY = { query: { mailbox: 'A', all: true } };

  test.each([ALL, QUERY])('W5: %j expunges all others and names it', async (body) => {
    const { status, body: answer } = await send('expunge', body);
    expect(status).toBe(200);
    expect(answer).toMatchObject({
      expunged: [1, 2, 4, 5].map((uid) => ({ mailbox: 'A', uid })),
      passedOver: [{ mailbox: 'A', uid: 3 }],
      complete: true,
    });
    expect(live()).toEqual([3]);
  });

  test('W5: EXPUNGE of what has the flag goes past it', async () => {
    const flags = { mailbox: 'A', uids: [2, 4, 5], add: { flags: ['\\Deleted'] } };
    expect((await send('flags', flags)).body).toEqual({ changed: [2, 4, 5] });
    await damage(4);
    const { body } = await send('expunge', { mailbox: 'A' }, JOHN);
    expect(body).toMatchObject({ expunged: [{ uid: 2 }, { uid: 5 }], passedOver: [{ uid: 4 }] });
    expect(live()).toEqual([1, 3, 4]);
  });

  test('W5: a move takes all others and names it', async () => {
    const { body } = await send('move', { from: 'A', uids: [1, 2, 3, 4, 5], to: 'B' }, JOHN);
    expect(body).toMatchObject({
      uids: [1, 2, 4, 5],
      newUids: [1, 2, 3, 4],
      passedOver: [3],
      complete: true,
    });
  });

  test('W5: one that was not asked for is not looked at', async () => {
    const { body } = await send('expunge', { mailbox: 'A', uids: [2, 4] });
    expect(body).toMatchObject({ expunged: [{ uid: 2 }, { uid: 4 }], complete: true });
    expect(body).not.toHaveProperty('passedOver');
  });

  test('W1, L6: its mailbox is not deleted at once, and nothing is lost', async () => {
    doors.settings = { deleteMode: 'immediate' };
    expect((await doors.remove({ mailbox: 'A' })).status).toBe(500);
    expect(await doors.names()).toContain('A');
    expect(live()).toContain(3);
  });
});

describe('keywords', () => {
  const named = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => String(from + n).padStart(100, 'k'));
  const flags = (add: readonly string[], remove: readonly string[] = []) =>
    send('flags', {
      mailbox: 'A',
      uids: [1],
      add: { keywords: add },
      remove: { keywords: remove },
    });

  test('O3: are bounded over all requests; the field is named and nothing is changed', async () => {
    expect((await flags(named(0, 64))).status).toBe(200);
    for (let n = 1; n <= 63; n += 1) {
      const refused = await flags(named(64 * n, 64));
      expectProblem(refused, 400, 'urn:lethe:invalid-input', ['add.keywords']);
    }
    const row = rowOf(1);
    expect(row && rowBytes(row.key, row.attributes)).toBeLessThan(8 * 1024);
    expect(row?.attributes['keywords']).toEqual(new Set(named(0, 64)));
    expect((await send('expunge', { mailbox: 'A', uids: [1] })).status).toBe(200);
  });

  test('O2: those that are there already, or take the place of others, are no more', async () => {
    await flags(named(0, 64));
    expect((await flags(named(0, 64))).status).toBe(200);
    expect((await flags(named(64, 4), named(0, 4))).status).toBe(200);
    expect((await flags(named(70, 4), named(70, 4))).status).toBe(400);
    expect(rowOf(1)?.attributes['keywords']).toEqual(new Set(named(4, 64)));
  });

  test('O3: requests at once do not get past the bound together', async () => {
    await Promise.all([0, 1, 2, 3].map((n) => flags(named(30 * n, 30))));
    expect(keywordsOf(1)).toHaveLength(60);
  });

  test('O2: one refused among several changes none of them', async () => {
    await flags(named(0, 60));
    const body = { mailbox: 'A', uids: [1, 2, 3], add: { keywords: named(60, 5) } };
    expectProblem(await send('flags', body), 400, 'urn:lethe:invalid-input', ['add.keywords']);
    expect(rowOf(2)?.attributes).not.toHaveProperty('keywords');
  });

  test('O3: of a row from before there was a bound can be taken away', async () => {
    await damage(1, { set: { keywords: new Set(named(0, 4000)) } });
    expectProblem(await flags(['new']), 400, 'urn:lethe:invalid-input', ['add.keywords']);
    for (let n = 0; n < 62; n += 1) await flags([], named(64 * n, 64));
    expect((await flags(['new'])).status).toBe(200);
    expect(keywordsOf(1)).toHaveLength(33);
  });

  test('O3: the mark of what comes back counts like any other', async () => {
    doors.settings = { lazyExpunge: 'in-place' };
    await flags(named(0, 64));
    await send('expunge', { mailbox: 'A', uids: [1] });
    const body = { mailbox: 'A', uids: [1], addKeyword: 'restored' };
    expectProblem(await send('unexpunge', body), 400, 'urn:lethe:invalid-input', ['addKeyword']);
    expect((await send('unexpunge', { mailbox: 'A', uids: [1] })).status).toBe(200);
  });
});
