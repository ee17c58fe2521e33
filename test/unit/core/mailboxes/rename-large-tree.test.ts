import { beforeEach, describe, expect, test } from 'vitest';
import { dictmapKeys } from '../../../../functions/contract/row-layout.ts';
import { renameMailbox } from '../../../../functions/core/mailboxes/rename-mailbox.ts';
import { requestCreate } from '../../../../functions/core/requests/create-request.ts';
import { requestDelete } from '../../../../functions/core/requests/delete-request.ts';
import { readSettings } from '../../../../functions/core/settings/settings-store.ts';
import { Crashes } from '../../../models/faulty.ts';
import { interrupted } from '../interrupted.ts';
import { RenameDesk, SECOND } from './rename-desk.ts';

let desk: RenameDesk;

beforeEach(async () => {
  desk = await RenameDesk.make();
});

describe('a tree that is larger than a transaction', () => {
  const children = Array.from({ length: 70 }, (_, index) => `T/c${String(index).padStart(2, '0')}`);
  const moved = ['INBOX', 'N/T', ...children.map((path) => `N/${path}`)].sort();

  test('has its new names, every mailbox under exactly one', async () => {
    await desk.create('T', ...children);
    await desk.rename('T', 'N/T');
    expect(await desk.paths()).toEqual(moved);
    await desk.expectNamesAgree();
  });

  test.each([1, 2, 3])(
    'W2: a crash after transaction %i: the same request does the rest',
    async (call) => {
      await desk.create('T', ...children);
      for (const point of ['before', 'after'] as const) {
        const crashes = new Crashes({ call, point });
        await desk
          .rename('T', 'N/T', { ports: crashes.wrapAll({ ...desk.world.ports }) })
          .catch(() => {});
        await desk.expectNamesAgree();
      }
      const done = await desk.rename('T', 'N/T').catch((error: Error) => error.name);
      // When the last answer was lost, the mailbox has no old name any more.
      if (typeof done === 'string') expect(done).toBe('UnknownMailboxError');
      expect(await desk.paths()).toEqual(moved);
      await desk.expectNamesAgree();
    },
  );

  /** Each by its crash at one of four changes; the last makes the move whole. */
  describe.each([1, 2, 3, 4])('after a rename that died at its change %i', (call) => {
    beforeEach(async () => {
      await desk.create('T', ...children, 'Elsewhere');
      const crashes = new Crashes({ call, point: 'after' });
      await desk
        .rename('T', 'N/T', { ports: crashes.wrapAll({ ...desk.world.ports }) })
        .catch(() => {});
      expect(crashes.crashed).toBe(true);
    });

    const request = () => desk.request();
    const nameOf = (done: Promise<unknown>) =>
      done.then(
        () => 'done',
        (error: Error) => error.name,
      );

    test.each([
      ['makes the new name', 'N/T', 'MailboxExistsError'],
      ['makes one below the new name', 'N/T/c70', 'done'],
      ['makes the old name', 'T', 'done'],
      ['makes one below the old name', 'T/c00', 'done'],
    ])('W2: whoever %s finds it at its end', async (_, path, end) => {
      expect(await nameOf(requestCreate(await request(), { path }))).toBe(end);
      const made = end === 'done' ? [path] : [];
      expect(await desk.paths()).toEqual([...moved, 'Elsewhere', ...made].sort());
      await desk.expectNamesAgree();
      expect((await desk.account()).moves).toBeUndefined();
    });

    test('W2: whoever renames to it, or renames it, finds it at its end', async () => {
      expect(await nameOf(desk.rename('Elsewhere', 'N/T'))).toBe('MailboxExistsError');
      await desk.rename('N/T', 'Third');
      expect(await desk.paths()).toEqual(
        ['INBOX', 'Elsewhere', 'Third', ...children.map((path) => `Third${path.slice(1)}`)].sort(),
      );
      await desk.expectNamesAgree();
    });

    test('F1: whoever deletes it deletes all of it, under the new name', async () => {
      const body = { mailbox: 'N/T', recursive: true };
      expect(await requestDelete(await request(), body, 'test')).toMatchObject({ mailboxes: 71 });
      expect(await desk.paths()).toEqual(['Elsewhere', 'INBOX']);
    });
  });

  test('O3: a name that is on its way is read once for each mailbox, not once for each of all', async () => {
    const many = Array.from({ length: 600 }, (_, index) => `T/${index}`);
    await desk.create('T', ...many);
    let gets = 0;
    const rows = new Proxy(desk.world.rows, {
      get: (target, name) => {
        if (name === 'get') gets += 1;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    await desk.rename('T', 'N', { ports: { ...desk.world.ports, rows } });
    // Each mailbox when all are looked at, its new name, once more when it moves, and what the new
    // name remembers.
    expect(gets).toBeLessThan(4 * 601 + 100);
    await desk.expectNamesAgree();
  });

  test('W2: a new name that is taken just before it begins refuses it, and nothing is on the move', async () => {
    await desk.create('T', ...children);
    const rows = interrupted(desk.world.rows, () => desk.create('N/c69'));
    const late = desk.rename('T', 'N', { ports: { ...desk.world.ports, rows } });
    await expect(late).rejects.toMatchObject({ name: 'MailboxExistsError' });
    expect((await desk.account()).moves).toBeUndefined();
    expect(await desk.paths()).toEqual(['INBOX', 'N/c69', 'T', ...children].sort());
  });

  test('W2: it does not begin where another tree is on the move', async () => {
    await desk.create('T', ...children);
    const crashes = new Crashes({ call: 2, point: 'after' });
    const dead = { ports: crashes.wrapAll({ ...desk.world.ports }) };
    await expect(desk.rename('T', 'N', dead)).rejects.toThrow();
    const owner = await desk.account();
    const resolved = await readSettings(desk.world.rows, desk.settings, owner);
    const given = { account: owner, settings: resolved, check: () => {} };
    for (const [from, to] of [
      ['T/c69', 'Other'],
      ['INBOX', 'N/other'],
    ] as const) {
      const deadline = desk.world.clock.now() + SECOND;
      await expect(
        renameMailbox(desk.world.ports, { ...given, from, to }, deadline),
      ).rejects.toMatchObject({ name: 'StoreBusyError' });
    }
  });

  test('nothing moves when one of the new names is taken', async () => {
    await desk.create('T', ...children, 'N/T/c69');
    await expect(desk.rename('T', 'N/T')).rejects.toMatchObject({ name: 'MailboxExistsError' });
    expect(await desk.box('T/c00')).toBeDefined();
  });

  test('X3: an account whose erasure begins meanwhile keeps its names', async () => {
    await desk.create('T');
    const row = dictmapKeys.path(desk.accountId, 'T');
    const fence = async () => {
      await desk.world.rows.write({
        kind: 'update',
        key: { table: 'registry', pk: `account#${desk.accountId}`, sk: 'account' },
        guard: { row: 'present' },
        change: { set: { state: 'deleting' } },
      });
    };
    const rows = interrupted(desk.world.rows, fence);
    await expect(
      desk.rename('T', 'N', { ports: { ...desk.world.ports, rows } }),
    ).rejects.toMatchObject({
      name: 'AccountNotActiveError',
    });
    expect(await desk.world.rows.get(row)).toBeDefined();
  });
});
