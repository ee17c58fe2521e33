import { beforeEach, describe, expect, test } from 'vitest';
import type { MailSettings } from '../../../../functions/contract/mail-settings.ts';
import { FolderDesk } from '../../../simulation/folder-desk.ts';
import { interrupted } from '../interrupted.ts';

let desk: FolderDesk;

beforeEach(async () => {
  desk = await FolderDesk.make('Work', 'Work/a', 'Work/a/b', 'Work/c');
  for (const path of ['Work', 'Work/a/b']) await desk.deliver(path, path);
});

const LONG = 'x'.repeat(797);
const WHOLE = ['Work', 'Work/a', 'Work/a/b', 'Work/c'];

describe('F4: bringing a tree back', () => {
  test('F4: as a whole, with everything in it', async () => {
    const before = await desk.box('Work/a/b');
    const { deletionId, messages, bytes } = await desk.remove('Work');
    const answer = await desk.bringBack(deletionId);
    expect(answer).toEqual({ branch: 'Work', to: 'Work', mailboxes: 4, messages, bytes });
    expect(await desk.paths()).toEqual(['INBOX', ...WHOLE]);
    expect(await desk.found()).toEqual(['Work/a/b: Work/a/b', 'Work: Work']);
    expect((await desk.box('Work/a/b'))?.mailboxId).toBe(before?.mailboxId);
    expect(await desk.trees()).toMatchObject([
      { state: 'restored', mailboxes: 0, messages: 0, bytes: 0 },
    ]);
    expect(await desk.nameProblems()).toEqual([]);
  });

  test('F4: a branch; the rest stays, and comes later to the same place', async () => {
    const { deletionId } = await desk.remove('Work');
    const answer = await desk.bringBack(deletionId, { branch: 'Work/a' });
    expect(answer).toMatchObject({ branch: 'Work/a', to: 'Work/a', mailboxes: 2, messages: 1 });
    expect(await desk.paths()).toEqual(['INBOX', 'Work/a', 'Work/a/b']);
    expect(await desk.trees()).toMatchObject([{ state: 'deleted', mailboxes: 2, messages: 1 }]);
    await desk.bringBack(deletionId);
    expect(await desk.paths()).toEqual(['INBOX', ...WHOLE]);
    expect(await desk.trees()).toMatchObject([{ state: 'restored', mailboxes: 0 }]);
    expect(await desk.nameProblems()).toEqual([]);
  });

  test('F4: a branch that is a name only, to another place', async () => {
    await desk.remove('Work/a', { scope: 'mailbox' });
    await desk.create('Other/x/y');
    const { deletionId } = await desk.remove('Other');
    await desk.bringBack(deletionId, { branch: 'Other/x', to: 'New' });
    expect(await desk.paths()).toContain('New/y');
  });

  test('F4: beside a folder that has taken its name, or the name of one below', async () => {
    const { deletionId } = await desk.remove('Work');
    await desk.create('Work/c', 'Work (restored)/a');
    const { to } = await desk.bringBack(deletionId);
    expect(to).toBe('Work (restored 2)');
    expect(await desk.found()).toEqual([
      'Work (restored 2)/a/b: Work/a/b',
      'Work (restored 2): Work',
    ]);
  });

  test.each(['Work', 'New'])('O2: to %s, which is taken, it does not come', async (to) => {
    const { deletionId } = await desk.remove('Work');
    await desk.create(`${to}/a`);
    const before = desk.world.rows.rows();
    await expect(desk.bringBack(deletionId, { to })).rejects.toMatchObject({
      name: 'MailboxExistsError',
      message: `there is already a mailbox "${to}/a"`,
    });
    expect(desk.world.rows.rows()).toEqual(before);
  });

  test.each([
    [LONG, {}, 'InvalidInputError'],
    ['.EXPUNGED/x', { lazyExpunge: '.EXPUNGED/' }, 'NotAllowedError'],
  ])('O2: names that may not be are refused: %.12s', async (to, settings: MailSettings, name) => {
    const { deletionId } = await desk.remove('Work');
    desk.settings = settings;
    const before = desk.world.rows.rows();
    await expect(desk.bringBack(deletionId, { to })).rejects.toMatchObject({ name });
    expect(desk.world.rows.rows()).toEqual(before);
  });

  test('F4: a dry run says the same and changes nothing', async () => {
    const { deletionId } = await desk.remove('Work');
    const before = desk.world.rows.rows();
    const said = await desk.bringBack(deletionId, { dryRun: true });
    expect(desk.world.rows.rows()).toEqual(before);
    expect(await desk.bringBack(deletionId)).toEqual(said);
  });

  test('W2: asked twice, it answers twice the same; for something else it is unknown', async () => {
    const { deletionId } = await desk.remove('Work');
    const first = await desk.bringBack(deletionId, { to: 'New' });
    expect(await desk.bringBack(deletionId, { to: 'New' })).toEqual(first);
    expect(await desk.bringBack(deletionId)).toEqual(first);
    for (const asked of [{ to: 'Other' }, { branch: 'Work/a' }, { branch: 'Missing' }]) {
      await expect(desk.bringBack(deletionId, asked)).rejects.toMatchObject({
        name: 'UnknownMailboxError',
      });
    }
    await expect(desk.bringBack('00000000-000000000000')).rejects.toMatchObject({
      name: 'UnknownMailboxError',
    });
  });

  test('W1: a folder made at the same moment keeps its name', async () => {
    const { deletionId } = await desk.remove('Work');
    const rows = interrupted(desk.world.rows, () => desk.create('Work/c'));
    const { to } = await desk.bringBack(deletionId, { ports: { ...desk.ports, rows } });
    expect(to).toBe('Work (restored)');
    expect((await desk.box('Work/c'))?.messages).toBe(0);
    expect(await desk.nameProblems()).toEqual([]);
  });

  test('W2: two who bring it back at the same moment bring it back once', async () => {
    const { deletionId } = await desk.remove('Work');
    const rows = interrupted(desk.world.rows, () => desk.bringBack(deletionId));
    const { to } = await desk.bringBack(deletionId, { ports: { ...desk.ports, rows } });
    expect(to).toBe('Work');
    expect(await desk.paths()).toEqual(['INBOX', ...WHOLE]);
  });

  test('A2: the clock of autoexpunge stops with the deletion and starts anew', async () => {
    desk.settings = { mailboxes: { Trash: { autoexpunge: { afterSeconds: 60 } } } };
    const { deletionId } = await desk.remove('Work', { scope: 'mailbox' });
    desk.world.clock.advance(1_000_000);
    await desk.bringBack(deletionId, { to: 'Trash' });
    const due = new Date(desk.world.clock.now() + 60_000).toISOString();
    expect(await desk.box('Trash')).toMatchObject({ dueSk: due, autoexpungeAfterSeconds: 60 });
    const again = await desk.remove('Trash');
    const { accountId } = await desk.account();
    const rows = desk.world.rows.rows('dictmap').filter(({ key }) => key.sk.includes(accountId));
    expect(rows.filter(({ attributes }) => attributes['duePk'] !== undefined)).toEqual([]);
    await desk.bringBack(again.deletionId, { to: 'Kept' });
    expect(await desk.box('Kept')).not.toHaveProperty('autoexpungeAfterSeconds');
  });
});

describe('F3, F4: quota', () => {
  const limited = { quotaBytes: 60 };

  test('F4: what does not fit is refused, and nothing changes', async () => {
    const { deletionId } = await desk.remove('Work');
    await desk.deliver('INBOX', 'x'.repeat(20));
    desk.settings = limited;
    const before = desk.world.rows.rows();
    await expect(desk.bringBack(deletionId)).rejects.toMatchObject({
      name: 'QuotaExceededError',
      message: expect.stringMatching(/^50 bytes more exceed the quota: 53 of 60 bytes/),
    });
    expect(desk.world.rows.rows()).toEqual(before);
  });

  test('F4: an administrator may override it; the answer says that it is over', async () => {
    const { deletionId } = await desk.remove('Work');
    await desk.deliver('INBOX', 'x'.repeat(20));
    desk.settings = limited;
    const answer = await desk.bringBack(deletionId, { overQuota: true });
    expect(answer).toMatchObject({ to: 'Work', overQuota: true });
    expect((await desk.quota()).bytes).toBe(103);
  });

  test('F4: what fits, or does not count, comes back', async () => {
    const { deletionId } = await desk.remove('Work');
    desk.settings = limited;
    expect(await desk.bringBack(deletionId)).not.toHaveProperty('overQuota');
    const again = await desk.remove('Work');
    desk.settings = { quotaBytes: 1, quotaExempt: ['Work', 'Work/*'] };
    expect(await desk.bringBack(again.deletionId)).not.toHaveProperty('overQuota');
  });
});

describe('F5: settings switched in between', () => {
  test.each<[string, MailSettings]>([
    ['another prefix', { deletedPrefix: 'TRASHED/OLD' }],
    ['immediate mode', { deleteMode: 'immediate' }],
    ['no retention', { deletedRetentionDays: 0 }],
    ['a name of its own', { mailboxes: { Work: { deletedRetentionDays: 'never' } } }],
  ])('F5: %s strands nothing', async (_, settings) => {
    const first = await desk.remove('Work');
    const names = await desk.deletedNames();
    desk.settings = settings;
    expect(await desk.deletedNames()).toEqual(names);
    await desk.create('Work');
    const second = await desk.remove('Work');
    expect(second.prefix).toBe(settings.deletedPrefix ?? 'DELETED');
    desk.settings = {};
    for (const { deletionId } of [first, second]) await desk.bringBack(deletionId);
    expect(await desk.paths()).toEqual(['INBOX', 'Work', 'Work (restored)', ...WHOLE.slice(1)]);
    expect(await desk.nameProblems()).toEqual([]);
  });
});
