/**
 * The purge of a deleted tree of 500 folders, with crashes among its some 500 changes: its owner
 * sees nothing of it, what is left can be brought back, and the next purge ends it.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { isStored, type Tree } from '../../functions/core/folders/tree.ts';
import type { Row } from '../../functions/core/ports/row-store.ts';
import { CrashError, Crashes, type CrashPoint } from '../models/faulty.ts';
import type { FolderDesk } from './folder-desk.ts';
import { deskWithTree, look, TREE } from './large-tree.ts';

/** The first, the last, and so many of those between: the account is read again after each. */
const EVERY = 40;
const POINTS: readonly CrashPoint[] = ['before', 'after'];
const TIMEOUT_MS = 120_000;

let desk: FolderDesk;
let deleted: readonly Row[];
let tree: Tree;
let gone: Awaited<ReturnType<typeof look>>;
let changes: number;

beforeAll(async () => {
  desk = await deskWithTree();
  tree = await desk.remove('Tree');
  deleted = desk.snapshot();
  gone = await look(desk);
  changes = await crashed(undefined);
}, TIMEOUT_MS);

/** @returns how many changes were begun */
async function crashed(crash: ConstructorParameters<typeof Crashes>[0]): Promise<number> {
  await desk.reset(deleted);
  const crashes = new Crashes(crash);
  try {
    await desk.purge(tree, 'first', { ports: crashes.wrapAll({ ...desk.ports }) });
  } catch (error) {
    if (!(error instanceof CrashError)) throw error;
  }
  return crashes.calls;
}

const sampled = () =>
  Array.from({ length: changes }, (_, index) => index + 1).filter(
    (call) => call <= 3 || call > changes - 3 || call % EVERY === 0,
  );

const now = async () => (await desk.trees()).find((one) => one.deletionId === tree.deletionId);

/** Live messages in the tree, as their rows say it. */
const live = () =>
  desk.world.rows
    .rows('dictmap')
    .filter(({ attributes }) => attributes['type'] === 'message' && attributes['state'] === 'live')
    .length - 1;

describe('F5, W2, W4: 500 deleted folders purged', () => {
  test('in a change for each folder and each of those with mail, to nothing but a record', async () => {
    await crashed(undefined);
    expect(changes).toBeGreaterThan(TREE.length);
    expect(changes).toBeLessThan(TREE.length + 10);
    expect(await now()).toMatchObject({ state: 'purged', mailboxes: 0, messages: 0, bytes: 0 });
    expect(live()).toBe(0);
    expect(await look(desk)).toEqual(gone);
    expect(await desk.nameProblems()).toEqual([]);
  });

  test.each(POINTS)(
    'a crash %s a change: its owner sees nothing of it, and the next purge ends it',
    async (point) => {
      for (const call of sampled()) {
        await crashed({ call, point });
        expect({ call, ...(await look(desk)) }).toEqual({ call, ...gone });
        const half = await now();
        expect(half?.messages).toBe(live());
        expect((await desk.deletedNames()).length).toBe(half?.mailboxes);
        if (half !== undefined && isStored(half)) {
          const { outcome, mailboxes, messages } = await desk.purge(half, 'second');
          expect({ outcome, mailboxes, messages }).toEqual({
            outcome: 'purged',
            mailboxes: half.mailboxes,
            messages: half.messages,
          });
        }
        expect(await now()).toMatchObject({ state: 'purged', mailboxes: 0, messages: 0 });
        expect(live()).toBe(0);
        expect(await look(desk)).toEqual(gone);
        expect(await desk.nameProblems()).toEqual([]);
      }
    },
    TIMEOUT_MS,
  );

  test(
    'a crash after a change: what is left comes back, and no purge takes it',
    async () => {
      for (const call of sampled()) {
        await crashed({ call, point: 'after' });
        const half = await now();
        if (half === undefined || half.mailboxes === 0) continue;
        const left = await desk.bringBack(tree.deletionId);
        expect(left).toMatchObject({ mailboxes: half.mailboxes, messages: half.messages });
        const paths = await desk.paths();
        expect(paths).toHaveLength(gone.paths.length + half.mailboxes);
        expect(await desk.purge(half, 'first')).toMatchObject({ outcome: 'gone', messages: 0 });
        expect(await desk.paths()).toEqual(paths);
        expect((await desk.found()).length).toBe(1 + half.messages);
        expect(await desk.nameProblems()).toEqual([]);
      }
    },
    TIMEOUT_MS,
  );
});
