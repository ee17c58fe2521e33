/**
 * A tree of 500 folders, far more than a transaction takes, deleted and brought back, with a crash
 * at every change: every reader sees all of it or nothing of it, and the same request ends it.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Row } from '../../functions/core/ports/row-store.ts';
import { CrashError, Crashes, type CrashPoint } from '../models/faulty.ts';
import type { FolderDesk } from './folder-desk.ts';
import { deskWithTree, look, SUBSCRIBED, TREE } from './large-tree.ts';

/** 499 folders in transactions of 33, the first and the last write, and a subscription each. */
const CHANGES_MIN = 17;
const TIMEOUT_MS = 120_000;

/** Every change is one write or one transaction: none can be done in part. */
const POINTS: readonly CrashPoint[] = ['before', 'after'];

let desk: FolderDesk;
let whole: readonly Row[];
let deleted: readonly Row[];
let deletionId: string;
let there: Awaited<ReturnType<typeof look>>;
let gone: Awaited<ReturnType<typeof look>>;

beforeAll(async () => {
  desk = await deskWithTree();
  whole = desk.snapshot();
  there = await look(desk);
  ({ deletionId } = await desk.remove('Tree'));
  deleted = desk.snapshot();
  gone = await look(desk);
}, TIMEOUT_MS);

/** Everything that the tree has, wherever its rows are by now. */
function held() {
  const rows = desk.world.rows.rows('dictmap');
  const of = (type: string) => rows.filter(({ attributes }) => attributes['type'] === type);
  return {
    mailboxes: of('mailbox').map(({ attributes }) => attributes['mailboxId']),
    messages: of('message').map(({ key }) => key),
  };
}

type Operation = (ports: FolderDesk['ports']) => Promise<unknown>;

async function crashed(
  operation: Operation,
  from: readonly Row[],
  crash: ConstructorParameters<typeof Crashes>[0],
): Promise<Crashes> {
  await desk.reset(from);
  const crashes = new Crashes(crash);
  try {
    await operation(crashes.wrapAll({ ...desk.ports }));
  } catch (error) {
    if (!(error instanceof CrashError)) throw error;
  }
  return crashes;
}

const remove: Operation = (ports) => desk.remove('Tree', { ports });
const bringBack: Operation = (ports) => desk.bringBack(deletionId, { ports });

/** A small deletion is over when its answer is lost; so is one that was ended by somebody else. */
async function again(operation: Operation): Promise<unknown> {
  try {
    return await operation(desk.ports);
  } catch (error) {
    if (error instanceof Error && error.name === 'UnknownMailboxError') return 'gone';
    throw error;
  }
}

const CASES = [
  { name: 'deleted', operation: remove, from: () => whole, ends: () => [there, gone] },
  { name: 'brought back', operation: bringBack, from: () => deleted, ends: () => [gone, there] },
];

describe.each(CASES)('F1, F4, W2: 500 folders $name', ({ operation, from, ends }) => {
  test('in some twenty changes, from one whole state to the other', async () => {
    const { calls } = await crashed(operation, from(), undefined);
    expect(TREE).toHaveLength(500);
    expect(calls).toBeGreaterThanOrEqual(CHANGES_MIN);
    expect(calls).toBeLessThanOrEqual(CHANGES_MIN + 2 + SUBSCRIBED.length);
    expect(await look(desk)).toEqual(ends()[1]);
    expect(there).not.toEqual(gone);
  });

  test.each(POINTS)(
    'a crash %s any change: wholly one or the other, and the same request ends it',
    async (point) => {
      const { calls } = await crashed(operation, from(), undefined);
      const [before, after] = ends();
      const everything = held();
      let seenAfter = 0;
      for (let call = 1; call <= calls; call += 1) {
        const { crashed: died } = await crashed(operation, from(), { call, point });
        expect(died).toBe(true);
        const seen = await look(desk);
        const isOver = seen.paths.length === after?.paths.length;
        seenAfter += isOver ? 1 : 0;
        expect({ call, ...seen }).toEqual({ call, ...(isOver ? after : before) });
        expect({ call, ...held() }).toEqual({ call, ...everything });
        const answer = await again(operation);
        if (answer === 'gone') expect(isOver).toBe(true);
        else expect(answer).toMatchObject({ mailboxes: TREE.length, messages: 3 });
        expect({ call, ...(await look(desk)) }).toEqual({ call, ...after });
        expect(await desk.nameProblems()).toEqual([]);
        expect((await desk.account()).moves).toBeUndefined();
      }
      if (point === 'after') expect(seenAfter).toBeGreaterThan(0);
      expect(seenAfter).toBeLessThanOrEqual(calls);
    },
    TIMEOUT_MS,
  );

  test('processes that all die after one change end it together', async () => {
    await desk.reset(from());
    const [before, after] = ends();
    let died = 0;
    for (let done = false; !done && died < 100; ) {
      const crashes = new Crashes({ call: 1, point: 'after' });
      const answer = await operation(crashes.wrapAll({ ...desk.ports })).catch(() => undefined);
      done = answer !== undefined || !crashes.crashed;
      died += 1;
      const seen = await desk.paths();
      expect([before?.paths, after?.paths]).toContainEqual(seen);
    }
    expect(died).toBeGreaterThan(CHANGES_MIN);
    expect(await look(desk)).toEqual(after);
    expect(await desk.nameProblems()).toEqual([]);
  });
});
