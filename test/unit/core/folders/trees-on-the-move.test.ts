/** Trees that take more than one transaction, met while they are on the move. */
import { describe, expect, test } from 'vitest';
import type { Write } from '../../../../functions/core/ports/row-store.ts';
import { requestCreate } from '../../../../functions/core/requests/create-request.ts';
import { requestRename } from '../../../../functions/core/requests/rename-request.ts';
import { Crashes } from '../../../models/faulty.ts';
import { FolderDesk } from '../../../simulation/folder-desk.ts';

const numbered = (root: string, count: number): string[] => [
  root,
  ...Array.from({ length: count }, (_, index) => `${root}/${String(index + 10)}`),
];

/** 41 mailboxes: more than the 32 of a transaction. */
const TREE = numbered('T', 40);

/** Two branches, each too large for one transaction. */
const BRANCHES = ['B', ...numbered('B/one', 40), ...numbered('B/two', 40)];

/** Lets something begin and die after so many changes. */
async function dies(
  desk: FolderDesk,
  changes: number,
  begin: (asked: { ports: FolderDesk['ports'] }) => Promise<unknown>,
): Promise<void> {
  const crashes = new Crashes({ call: changes, point: 'after' });
  const ports = crashes.wrapAll({ ...desk.ports });
  await expect(begin({ ports })).rejects.toMatchObject({ name: 'CrashError' });
}

const moves = async (desk: FolderDesk) => Object.values((await desk.account()).moves ?? {});

describe('a tree on its way out', () => {
  async function leaving() {
    const desk = await FolderDesk.make(...TREE);
    await desk.deliver('T/20', 'm');
    await dies(desk, 2, (asked) => desk.remove('T', asked));
    expect(await moves(desk)).toEqual([{ kind: 'delete', root: 'T' }]);
    return desk;
  }

  test('F1: is gone as a whole, though half of its names stand; asked again, it ends', async () => {
    const desk = await leaving();
    expect(await desk.paths()).toEqual(['INBOX']);
    expect(await desk.found()).toEqual([]);
    expect((await desk.quota()).messages).toBe(0);
    const tree = await desk.remove('T');
    expect(tree).toMatchObject({ state: 'deleted', mailboxes: 41, messages: 1 });
    expect(await desk.trees()).toHaveLength(1);
    expect(await moves(desk)).toEqual([]);
    expect(await desk.nameProblems()).toEqual([]);
  });

  test('F1: takes no mail, and no folder below it', async () => {
    const desk = await leaving();
    await expect(desk.deliver('T/49', 'm')).rejects.toMatchObject({ name: 'UnknownMailboxError' });
    await expect(desk.create('T/new')).rejects.toMatchObject({ name: 'StoreBusyError' });
    await expect(desk.create('T')).rejects.toMatchObject({ name: 'StoreBusyError' });
  });

  test('F1: whoever wants its names lets it go first', async () => {
    const desk = await leaving();
    await desk.create('Other');
    const request = await desk.request();
    await expect(requestRename(request, { from: 'T/10', to: 'x' })).rejects.toMatchObject({
      name: 'UnknownMailboxError',
    });
    const renamed = await requestRename(request, { from: 'Other', to: 'T/10' });
    expect(renamed.path).toBe('T/10');
    expect(await moves(desk)).toEqual([]);
    expect(await desk.trees()).toMatchObject([{ root: 'T', state: 'deleted', mailboxes: 41 }]);
    await requestCreate(await desk.request(), { path: 'T/new' });
    expect(await desk.paths()).toEqual(['INBOX', 'T/10', 'T/new']);
    expect(await desk.nameProblems()).toEqual([]);
  });

  test('F1: a deletion of a part of it, or around it, ends it first', async () => {
    const desk = await leaving();
    await expect(desk.remove('T/30')).rejects.toMatchObject({ name: 'UnknownMailboxError' });
    expect(await moves(desk)).toEqual([]);
    expect(await desk.trees()).toMatchObject([{ root: 'T', state: 'deleted', mailboxes: 41 }]);
  });

  test('F4: it can be asked back at once', async () => {
    const desk = await leaving();
    const [tree] = await desk.trees();
    await desk.bringBack(tree?.deletionId ?? '');
    expect(await desk.paths()).toEqual(['INBOX', ...TREE]);
    expect(await desk.found()).toEqual(['T/20: m']);
  });

  test('F4: another tree that comes back to its name finds it free', async () => {
    const desk = await FolderDesk.make('T');
    const { deletionId } = await desk.remove('T');
    await desk.create(...TREE);
    await dies(desk, 2, (asked) => desk.remove('T', asked));
    expect(await desk.bringBack(deletionId)).toMatchObject({ to: 'T', mailboxes: 1 });
    expect(await desk.nameProblems()).toEqual([]);
  });

  test('W1: mail on its way into it when it goes is in the tree', async () => {
    const desk = await FolderDesk.make(...TREE);
    let begun = false;
    const rows = Object.assign(Object.create(desk.world.rows) as FolderDesk['ports']['rows'], {
      get: desk.world.rows.get.bind(desk.world.rows),
      transact: async (writes: readonly Write[]) => {
        if (!begun) {
          begun = true;
          await dies(desk, 1, (asked) => desk.remove('T', asked));
        }
        return await desk.world.rows.transact(writes);
      },
    });
    await desk.deliver('T/20', 'm', { ...desk.ports, rows });
    expect(await desk.found()).toEqual([]);
    const tree = await desk.remove('T');
    expect(tree).toMatchObject({ mailboxes: 41, messages: 1 });
    await desk.bringBack(tree.deletionId);
    expect(await desk.found()).toEqual(['T/20: m']);
  });

  test('F6: with INBOX, a new one is there from the first moment on', async () => {
    const desk = await FolderDesk.make(...numbered('INBOX', 40).slice(1));
    await dies(desk, 1, (asked) => desk.remove('INBOX', asked));
    expect(await desk.paths()).toEqual(['INBOX']);
    await desk.deliver('INBOX', 'new');
    const tree = await desk.remove('INBOX');
    expect(tree).toMatchObject({ mailboxes: 41, messages: 0 });
    expect(await desk.found()).toEqual(['INBOX: new']);
    expect(await desk.nameProblems()).toEqual([]);
  });
});

describe('a tree on its way back', () => {
  async function returning() {
    const desk = await FolderDesk.make(...TREE);
    await desk.deliver('T/20', 'm');
    const { deletionId } = await desk.remove('T');
    await dies(desk, 2, (asked) => desk.bringBack(deletionId, asked));
    return { desk, deletionId };
  }

  test('F4: is not there before all of it is; asked again, it ends and answers the same', async () => {
    const { desk, deletionId } = await returning();
    expect(await desk.paths()).toEqual(['INBOX']);
    expect(await desk.found()).toEqual([]);
    expect((await desk.quota()).messages).toBe(0);
    await expect(desk.deliver('T', 'm')).rejects.toMatchObject({ name: 'UnknownMailboxError' });
    const answer = await desk.bringBack(deletionId);
    expect(answer).toMatchObject({ branch: 'T', to: 'T', mailboxes: 41, messages: 1 });
    expect(await desk.bringBack(deletionId)).toEqual(answer);
    expect(await desk.paths()).toEqual(['INBOX', ...TREE]);
    expect(await desk.nameProblems()).toEqual([]);
  });

  test('F1: a folder cannot take its names meanwhile', async () => {
    const { desk } = await returning();
    await expect(desk.create('T/zz')).rejects.toMatchObject({ name: 'StoreBusyError' });
  });

  test('F1: a deletion of it lets it come back first', async () => {
    const { desk } = await returning();
    expect(await desk.remove('T/20')).toMatchObject({ mailboxes: 1, messages: 1 });
    expect(await desk.paths()).toEqual(['INBOX', ...TREE.filter((path) => path !== 'T/20')]);
  });

  test('F3: what came back of it before stays in sight', async () => {
    const desk = await FolderDesk.make(...BRANCHES);
    await desk.deliver('B/one/10', 'm');
    const { deletionId } = await desk.remove('B');
    await desk.bringBack(deletionId, { branch: 'B/one' });
    const before = await desk.paths();
    expect(before).toEqual([...numbered('B/one', 40), 'INBOX']);
    await dies(desk, 2, (asked) => desk.bringBack(deletionId, asked));
    expect(await desk.paths()).toEqual(before);
    expect(await desk.found()).toEqual(['B/one/10: m']);
    await desk.bringBack(deletionId);
    expect(await desk.paths()).toEqual([...BRANCHES, 'INBOX']);
  });

  test('F4: whoever ends one branch late does not end the next', async () => {
    const desk = await FolderDesk.make(...BRANCHES);
    const { deletionId } = await desk.remove('B');
    // All of branch one has its names; what is missing is the end.
    await dies(desk, 3, (asked) => desk.bringBack(deletionId, { branch: 'B/one', ...asked }));
    let seen = 0;
    const query = desk.world.rows.query.bind(desk.world.rows);
    const rows = Object.assign(Object.create(desk.world.rows) as FolderDesk['ports']['rows'], {
      get: desk.world.rows.get.bind(desk.world.rows),
      transact: desk.world.rows.transact.bind(desk.world.rows),
      query: async (asked: Parameters<typeof query>[0]) => {
        const page = await query(asked);
        seen += 1;
        if (seen === 1) {
          await desk.bringBack(deletionId, { branch: 'B/one' });
          await dies(desk, 2, (more) => desk.bringBack(deletionId, { branch: 'B/two', ...more }));
        }
        return page;
      },
    });
    const asked = { branch: 'B/one', ports: { ...desk.ports, rows } };
    // What it asks for is back, and the tree remembers only the last return.
    await expect(desk.bringBack(deletionId, asked)).rejects.toMatchObject({
      name: 'UnknownMailboxError',
    });
    expect(seen).toBeGreaterThan(1);
    const shown = await desk.paths();
    const half = shown.filter((path) => path.startsWith('B/two')).length;
    expect([0, 41]).toContain(half);
    expect(await desk.nameProblems()).toEqual([]);
  });
});

test('F1: only so many large trees are on the move at a time; the next is told to wait', async () => {
  const roots = Array.from({ length: 9 }, (_, index) => `R${index}`);
  const desk = await FolderDesk.make(...roots.flatMap((root) => numbered(root, 33)));
  for (const root of roots.slice(0, 8)) await dies(desk, 1, (asked) => desk.remove(root, asked));
  await expect(desk.remove('R8')).rejects.toMatchObject({ name: 'StoreBusyError' });
  expect(await desk.paths()).toEqual(['INBOX', ...numbered('R8', 33)]);
  await desk.remove('R3');
  await desk.remove('R8');
  expect(await desk.paths()).toEqual(['INBOX']);
});
