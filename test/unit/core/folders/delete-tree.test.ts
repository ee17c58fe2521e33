import { beforeEach, describe, expect, test } from 'vitest';
import { hexOf } from '../../../../functions/core/folders/tree.ts';
import { changeAcl, parseAclChange } from '../../../../functions/core/mailboxes/access-list.ts';
import { subscribe } from '../../../../functions/core/mailboxes/subscriptions.ts';
import { expungeMessages } from '../../../../functions/core/messages/expunge-messages.ts';
import { recount } from '../../../../functions/core/quota/recount.ts';
import { FolderDesk } from '../../../simulation/folder-desk.ts';
import { interrupted } from '../interrupted.ts';

let desk: FolderDesk;
let hex: string;

beforeEach(async () => {
  desk = await FolderDesk.make('Work', 'Work/a', 'Work/a/b', 'Workshop');
  hex = hexOf(Math.floor(desk.world.clock.now() / 1000));
});

describe('F1: a deleted tree', () => {
  test('F1: has the names of Cyrus, under one deletion id; what only looks alike stays', async () => {
    const tree = await desk.remove('Work');
    expect(tree).toMatchObject({ state: 'deleted', root: 'Work', hex, mailboxes: 3 });
    expect(tree.deletionId).toMatch(new RegExp(`^${hex}-[0-9a-f]{12}$`));
    expect(await desk.deletedNames()).toEqual([
      `DELETED/Work/${hex}`,
      `DELETED/Work/a/${hex}`,
      `DELETED/Work/a/b/${hex}`,
    ]);
    expect(await desk.paths()).toEqual(['INBOX', 'Workshop']);
    expect(await desk.nameProblems()).toEqual([]);
  });

  test('F1: a mailbox alone leaves what is below it', async () => {
    await desk.remove('Work', { scope: 'mailbox' });
    expect(await desk.paths()).toEqual(['INBOX', 'Work/a', 'Work/a/b', 'Workshop']);
    expect(await desk.deletedNames()).toEqual([`DELETED/Work/${hex}`]);
  });

  test('F3: is not there for readers, and does not count', async () => {
    await desk.deliver('Work/a', 'm');
    await desk.deliver('INBOX', 'n');
    const { bytes } = await desk.quota();
    const tree = await desk.remove('Work');
    expect(tree).toMatchObject({ messages: 1, bytes: bytes / 2 });
    expect(await desk.quota()).toMatchObject({ messages: 1, bytes: bytes / 2 });
    expect(await desk.found()).toEqual(['INBOX: n']);
    expect(await desk.box('Work/a')).toBeUndefined();
    await expect(desk.deliver('Work/a', 'late')).rejects.toMatchObject({
      name: 'UnknownMailboxError',
    });
  });

  test('F3: its names are free at once, and the next mailbox has another UIDVALIDITY', async () => {
    const before = await desk.box('Work');
    await desk.remove('Work');
    await desk.create('Work', 'Work/a');
    expect((await desk.box('Work'))?.uidValidity).toBeGreaterThan(before?.uidValidity ?? 0);
  });

  test('F1: a folder of the user named like the prefix is another name', async () => {
    await desk.create('DELETED', `DELETED/Work/${hex}`);
    await desk.remove('Work');
    expect(await desk.paths()).toEqual(['DELETED', `DELETED/Work/${hex}`, 'INBOX', 'Workshop']);
    expect(await desk.deletedNames()).toContain(`DELETED/Work/${hex}`);
  });

  test('W1: rows of messages are not touched', async () => {
    await desk.deliver('Work', 'm');
    const messages = () =>
      desk.world.rows.rows('dictmap').filter(({ attributes }) => attributes['type'] === 'message');
    const before = messages();
    await desk.remove('Work');
    expect(messages()).toEqual(before);
  });
});

describe('F2: names never collide', () => {
  test('F2: the same name thrice in a second, and all three come back', async () => {
    const ids: string[] = [];
    for (const text of ['one', 'two', 'three']) {
      if (ids.length > 0) await desk.create('Work');
      await desk.deliver('Work', text);
      ids.push((await desk.remove('Work')).deletionId);
    }
    const names = await desk.deletedNames();
    expect(new Set(names).size).toBe(5);
    for (const id of ids) await desk.bringBack(id);
    expect(await desk.found()).toEqual([
      'Work (restored 2): three',
      'Work (restored): two',
      'Work: one',
    ]);
    expect(await desk.nameProblems()).toEqual([]);
  });

  test('F2: a name in a tree that was deleted by the name above, which was no mailbox', async () => {
    await desk.create('Only/child');
    await desk.remove('Only');
    await desk.create('Only/child');
    await desk.remove('Only/child');
    const names = (await desk.deletedNames()).filter((name) => name.includes('Only'));
    expect(new Set(names).size).toBe(2);
  });

  test('F2: a name that is left of a tree of which a branch came back', async () => {
    const { deletionId } = await desk.remove('Work');
    await desk.bringBack(deletionId, { branch: 'Work/a' });
    await desk.create('Work');
    await desk.remove('Work', { scope: 'mailbox' });
    const names = await desk.deletedNames();
    expect(new Set(names).size).toBe(names.length);
  });

  test('F1: names one below the other share a second', async () => {
    await desk.remove('Work/a/b');
    await desk.remove('Work/a', { scope: 'mailbox' });
    expect(await desk.deletedNames()).toEqual([`DELETED/Work/a/b/${hex}`, `DELETED/Work/a/${hex}`]);
  });
});

describe('INBOX', () => {
  test.each([3, 60])(
    'F6: deleted with %i folders below, another takes its place',
    async (count) => {
      const below = Array.from({ length: count }, (_, index) => `INBOX/${index}`);
      await desk.create(...below);
      await desk.deliver('INBOX', 'old');
      const before = await desk.box('INBOX');
      const tree = await desk.remove('INBOX');
      expect(tree).toMatchObject({ state: 'deleted', mailboxes: count + 1, messages: 1 });
      expect(await desk.paths()).toEqual(['INBOX', 'Work', 'Work/a', 'Work/a/b', 'Workshop']);
      const inbox = await desk.box('INBOX');
      expect(inbox).toMatchObject({ messages: 0, uidNext: 1 });
      expect(inbox?.uidValidity).toBeGreaterThan(before?.uidValidity ?? 0);
      await desk.bringBack(tree.deletionId);
      expect(await desk.found()).toEqual(['INBOX (restored): old']);
      expect(await desk.nameProblems()).toEqual([]);
    },
  );

  test('W1: mail finds an INBOX when it is exchanged while it is looked up', async () => {
    let times = 0;
    const rows = Object.assign(
      interrupted(desk.world.rows, async () => {}),
      {
        get: async (key: Parameters<typeof desk.world.rows.get>[0]) => {
          const row = await desk.world.rows.get(key);
          times += key.sk === 'path#INBOX' ? 1 : 0;
          if (key.sk === 'path#INBOX' && times === 1) await desk.remove('INBOX');
          return row;
        },
      },
    );
    await desk.deliver('INBOX', 'm', { ...desk.ports, rows });
    expect(await desk.found()).toEqual(['INBOX: m']);
  });
});

describe('what stops a deletion', () => {
  test('F6: a check that refuses changes nothing, and is told what would go', async () => {
    const before = desk.world.rows.rows();
    const asked: string[] = [];
    const check = (mailboxes: readonly { readonly path: string }[]): void => {
      asked.push(...mailboxes.map(({ path }) => path));
      throw new Error('no');
    };
    await expect(desk.remove('Work', { check })).rejects.toThrow('no');
    expect(asked).toEqual(['Work', 'Work/a', 'Work/a/b']);
    expect(desk.world.rows.rows()).toEqual(before);
  });

  test('O2: what is not there is unknown', async () => {
    const before = desk.world.rows.rows();
    await expect(desk.remove('Missing')).rejects.toMatchObject({ name: 'UnknownMailboxError' });
    expect(desk.world.rows.rows()).toEqual(before);
  });

  test('X3: nothing is deleted in an account whose erasure has begun', async () => {
    const { accountId } = await desk.account();
    const names = () =>
      desk.world.rows.rows('dictmap').map(({ key, attributes }) => [key.sk, attributes['state']]);
    const before = names();
    const fence = () =>
      desk.world.rows.write({
        kind: 'update',
        key: { table: 'registry', pk: `account#${accountId}`, sk: 'account' },
        guard: { row: 'present' },
        change: { set: { state: 'deleting' } },
      });
    const ports = { ...desk.ports, rows: interrupted(desk.world.rows, fence) };
    await expect(desk.remove('Work', { ports })).rejects.toMatchObject({
      name: 'AccountNotActiveError',
    });
    expect(names()).toEqual(before);
  });

  test.each([
    ['a delivery', () => desk.deliver('Work/a', 'm'), ['Work', 'Work/a', 'Work/a/b']],
    [
      'a folder made below',
      () => desk.create('Work/new'),
      ['Work', 'Work/a', 'Work/a/b', 'Work/new'],
    ],
  ])('W1: %s just before goes along', async (_, happens, members) => {
    const ports = { ...desk.ports, rows: interrupted(desk.world.rows, happens) };
    const { deletionId } = await desk.remove('Work', { ports });
    expect((await desk.trees())[0]?.messages).toBe(
      (await desk.deletedNames()).length === 3 ? 1 : 0,
    );
    await desk.bringBack(deletionId);
    expect((await desk.paths()).filter((path) => path.startsWith('Work'))).toEqual([
      ...members,
      'Workshop',
    ]);
  });
});

describe('what is kept', () => {
  test('F1: UIDs, UIDVALIDITY, flags, ACLs and subscriptions, in the tree and afterwards', async () => {
    const { access } = await desk.request();
    const change = await parseAclChange(desk.ports.rows, access.account, 'anyone', 'lr');
    const work = await desk.box('Work');
    if (work === undefined) throw new Error('no mailbox');
    await changeAcl(desk.ports, access.account, { mailbox: work, change }, desk.deadline);
    await desk.deliver('Work', 'one');
    await desk.deliver('Work', 'two');
    await expungeMessages(
      { ports: desk.ports, context: access, deadline: desk.deadline },
      work,
      [1],
      {},
    );
    for (const path of ['Work', 'Elsewhere']) {
      await subscribe(desk.ports, access.account, path, desk.deadline);
    }
    const before = await desk.box('Work');
    const messages = await desk.shown(before);
    const { deletionId } = await desk.remove('Work');
    expect(await desk.subscribed()).toEqual(['Elsewhere']);
    await desk.bringBack(deletionId);
    expect(await desk.subscribed()).toEqual(['Elsewhere', 'Work']);
    const { renamedAt: _, ...after } = (await desk.box('Work')) ?? {};
    expect(after).toEqual(before);
    expect(after).toMatchObject({ acl: { anyone: 'lr' }, uidNext: 3, messages: 1 });
    expect(await desk.shown(await desk.box('Work'))).toEqual(messages);
    expect(await desk.deletedNames()).toEqual([]);
  });

  test('W8: a recount finds no drift in what the storage shows of deleted folders', async () => {
    desk.settings = { lazyExpunge: '.EXPUNGED' };
    await desk.deliver('Work', 'one');
    const { access } = await desk.request();
    const work = await desk.box('Work');
    if (work === undefined) throw new Error('no mailbox');
    await expungeMessages(
      { ports: desk.ports, context: access, deadline: desk.deadline },
      work,
      [1],
      {},
    );
    await desk.remove('Work');
    const account = await desk.account();
    const counted = await recount(desk.ports, account, undefined, desk.deadline);
    expect(counted.drift).toEqual([]);
    expect(await desk.quota()).toMatchObject({ messages: 1 });
  });
});
