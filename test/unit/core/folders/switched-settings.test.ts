/** Settings that change between the operations on folders, and while one of them is half done. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { MailSettings } from '../../../../functions/contract/mail-settings.ts';
import { dueAtOf } from '../../../../functions/core/purge/purge-account.ts';
import { requestDelete } from '../../../../functions/core/requests/delete-request.ts';
import { Crashes } from '../../../models/faulty.ts';
import { FolderDesk } from '../../../simulation/folder-desk.ts';

const DAY_MS = 86_400_000;
const LAZY = { lazyExpunge: '.EXPUNGED' };
const DELAYED: MailSettings = { ...LAZY, deleteMode: 'delayed' };
const IMMEDIATE: MailSettings = { ...LAZY, deleteMode: 'immediate' };

let desk: FolderDesk;

beforeEach(async () => {
  desk = await FolderDesk.make('Work', 'Work/a', 'Work/b');
  for (const path of ['Work', 'Work/a', 'Work/b']) await desk.deliver(path, path);
});

/** As an administrator asks for it, children too. */
async function remove(settings: MailSettings, path: string, ports = desk.ports) {
  desk.settings = settings;
  const body = { mailbox: path, recursive: true };
  return await requestDelete(await desk.request(ports), body, 'test');
}

/** Everything that is kept of mail, wherever it is. */
async function kept() {
  const deleted = (await desk.trees()).reduce((sum, { messages }) => sum + messages, 0);
  return { shown: await desk.found(), deleted };
}

describe('F5: switching settings strands nothing', () => {
  test('F5: a folder deleted in each mode, one after the other, and all of it back', async () => {
    const first = await remove(DELAYED, 'Work');
    await desk.create('Work');
    await desk.deliver('Work', 'new');
    expect(await remove(IMMEDIATE, 'Work')).toMatchObject({ mode: 'immediate', messages: 1 });
    expect(await kept()).toEqual({ shown: ['.EXPUNGED: new'], deleted: 3 });
    await desk.bringBack(first.deletionId ?? '');
    expect((await kept()).shown).toEqual([
      '.EXPUNGED: new',
      'Work/a: Work/a',
      'Work/b: Work/b',
      'Work: Work',
    ]);
    expect(await desk.nameProblems()).toEqual([]);
  });

  test('F5, L6: immediate, then delayed: what the first had done is in the storage', async () => {
    const crashes = new Crashes({ call: 4, point: 'after' });
    const dies = remove(IMMEDIATE, 'Work', crashes.wrapAll({ ...desk.ports }));
    await expect(dies).rejects.toMatchObject({ name: 'CrashError' });
    const half = await kept();
    const second = await remove(DELAYED, 'Work');
    expect(second.mode).toBe('delayed');
    const after = await kept();
    expect(after.shown.length + after.deleted).toBe(3);
    expect(after.shown).toEqual(half.shown.filter((shown) => shown.startsWith('.EXPUNGED')));
    expect(after.shown.length).toBeGreaterThan(0);
    await desk.bringBack(second.deletionId ?? '');
    expect((await kept()).shown).toHaveLength(3);
    expect(await desk.nameProblems()).toEqual([]);
  });

  test('F5: delayed and half done, then immediate: it stays what it was', async () => {
    const paths = Array.from({ length: 40 }, (_, index) => `Work/x${index}`);
    await desk.create(...paths);
    const crashes = new Crashes({ call: 2, point: 'after' });
    const dies = remove(DELAYED, 'Work', crashes.wrapAll({ ...desk.ports }));
    await expect(dies).rejects.toMatchObject({ name: 'CrashError' });
    const second = await remove({ ...IMMEDIATE, deletedPrefix: 'OTHER' }, 'Work');
    expect(second).toMatchObject({ mode: 'delayed', mailboxes: 43, messages: 3 });
    const names = await desk.deletedNames();
    expect(names).toHaveLength(43);
    expect(names.filter((name) => !name.startsWith('DELETED/'))).toEqual([]);
    await desk.bringBack(second.deletionId ?? '');
    expect((await kept()).shown).toHaveLength(3);
  });

  test.each<[string, MailSettings, number]>([
    ['a week, as it was', {}, 7],
    ['longer', { deletedRetentionDays: 30 }, 30],
    ['none at all', { deletedRetentionDays: 0 }, 0],
    ['for ever', { deletedRetentionDays: 'never' }, Number.POSITIVE_INFINITY],
  ])('F5: the time that is set when it is purged counts: %s', async (_, settings, days) => {
    const { deletionId } = await remove(DELAYED, 'Work');
    desk.settings = { ...IMMEDIATE, deletedPrefix: 'OTHER', ...settings };
    const purge = async () => {
      const { access } = await desk.request();
      const [tree] = await desk.trees();
      if (tree === undefined) throw new Error('no tree');
      return await desk.purge(tree, 'op', { dueAt: dueAtOf({}, access.settings, tree) });
    };
    const last = Math.min(days, 365) * DAY_MS - 1;
    if (last > 0) {
      desk.world.clock.advance(last);
      expect(await purge()).toMatchObject({ outcome: 'notDue', mailboxes: 0 });
      await desk.bringBack(deletionId ?? '', { branch: 'Work/a' });
    }
    desk.world.clock.advance(1);
    const outcome = days > 365 ? 'notDue' : 'purged';
    expect(await purge()).toMatchObject({ outcome });
    expect(await desk.nameProblems()).toEqual([]);
  });
});
