import { beforeEach, describe, expect, test } from 'vitest';
import type { MailSettings } from '../../../../functions/contract/mail-settings.ts';
import { dictmapKeys } from '../../../../functions/contract/row-layout.ts';
import { requireActiveAccount } from '../../../../functions/core/accounts/accounts.ts';
import { type Actor, ADMIN, OWNER } from '../../../../functions/core/accounts/actor.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { createMailbox } from '../../../../functions/core/mailboxes/create-mailbox.ts';
import { everyMailbox } from '../../../../functions/core/mailboxes/every-mailbox.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import { renameMailbox } from '../../../../functions/core/mailboxes/rename-mailbox.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import type { Ports } from '../../../../functions/core/ports/ports.ts';
import { requestCreate } from '../../../../functions/core/requests/create-request.ts';
import { requestDelete } from '../../../../functions/core/requests/delete-request.ts';
import { requestRename } from '../../../../functions/core/requests/rename-request.ts';
import { readSettings } from '../../../../functions/core/settings/settings-store.ts';
import { Crashes } from '../../../models/faulty.ts';
import { CLASSES, World } from '../../../simulation/world.ts';
import { interrupted } from '../interrupted.ts';

const USER = 'a@x.org';
const SECOND = 1000;

let world: World;
let accountId: string;
let settings: MailSettings;

beforeEach(async () => {
  world = new World();
  settings = {};
  ({ accountId } = await createAccount(world.ports, CLASSES, { user: USER }));
});

const account = () => requireActiveAccount(world.rows, USER);
const box = (path: string) => requireMailbox(world.rows, { accountId }, path);
const create = async (...paths: string[]) => {
  for (const path of paths) await createMailbox(world.ports, await account(), path);
};

async function rename(
  from: string,
  to: string,
  { ports = world.ports, actor = OWNER }: { ports?: Ports; actor?: Actor } = {},
) {
  const owner = await account();
  const resolved = await readSettings(world.rows, settings, owner);
  const access = { account: owner, actor, settings: resolved, retentionDays: {} };
  const deadline = world.clock.now() + 20 * SECOND;
  return await requestRename({ ports, access, deadline }, { from, to });
}

async function paths(): Promise<string[]> {
  const found: string[] = [];
  for await (const { path } of everyMailbox(world.rows, { accountId })) found.push(path);
  return found.sort();
}

/** Each mailbox has exactly the path row of its name, and no other path row names one. */
async function expectNamesAgree(): Promise<void> {
  const rows = world.rows.rows().filter(({ key }) => key.sk.startsWith('path#'));
  const named = rows.map(({ key, attributes }) => [key.sk.slice(5), attributes['mailboxId']]);
  const owned: unknown[] = [];
  for await (const { path, mailboxId } of everyMailbox(world.rows, { accountId })) {
    owned.push([path, mailboxId]);
  }
  expect(named.sort()).toEqual(owned.sort());
}

describe('renaming', () => {
  test('children move along; UIDs, UIDVALIDITY and messages stay', async () => {
    await create('Work', 'Work/a', 'Work/a/b', 'Workshop');
    await deliverMessages(
      world.ports,
      { user: USER, mailbox: 'Work', messages: [{ raw: Buffer.from('x') }] },
      world.clock.now() + SECOND,
    );
    const before = await box('Work');
    const { mailboxId, uidValidity } = await rename('Work', 'Old/Work');
    expect(await paths()).toEqual(['INBOX', 'Old/Work', 'Old/Work/a', 'Old/Work/a/b', 'Workshop']);
    expect({ mailboxId, uidValidity }).toEqual({
      mailboxId: before.mailboxId,
      uidValidity: before.uidValidity,
    });
    expect(await box('Old/Work')).toMatchObject({ messages: 1, uidNext: 2 });
    await expectNamesAgree();
  });

  test('a mailbox made anew under the old name has another UIDVALIDITY', async () => {
    await create('Work');
    const { uidValidity } = await rename('Work', 'Old');
    await create('Work');
    expect((await box('Work')).uidValidity).toBeGreaterThan(uidValidity);
  });

  test('A2: the clock starts anew, under the policy of the new name', async () => {
    settings = {
      mailboxes: {
        Trash: { autoexpunge: { maxMails: 9 } },
        'Trash/*': { autoexpunge: { afterSeconds: 60 } },
      },
    };
    await create('Old');
    await deliverMessages(
      world.ports,
      { user: USER, mailbox: 'Old', messages: [{ raw: Buffer.from('x') }] },
      world.clock.now() + SECOND,
    );
    world.clock.advance(100 * SECOND);
    await rename('Old', 'Trash/Old');
    expect(await box('Trash/Old')).toMatchObject({
      renamedAt: world.clock.now(),
      autoexpungeAfterSeconds: 60,
      dueSk: '2026-11-22T00:02:40.000Z',
    });
    await rename('Trash/Old', 'Old');
    const back = await box('Old');
    expect(back).not.toHaveProperty('autoexpungeAfterSeconds');
    expect(back).not.toHaveProperty('dueSk');
  });

  test.each([
    ['Missing', 'New', 'UnknownMailboxError'],
    ['Work', 'INBOX', 'MailboxExistsError'],
    ['Work', 'Work', 'MailboxExistsError'],
    ['Work', 'Taken', 'MailboxExistsError'],
    ['Work', 'Work/a/b', 'NotAllowedError'],
    ['INBOX', 'New', 'NotAllowedError'],
    ['Placeholder', 'New', 'UnknownMailboxError'],
    ['Work', `${'x'.repeat(798)}/y`, 'InvalidInputError'],
  ])('O2: %s to %s: %s, and nothing changes', async (from, to, name) => {
    await create('Work', `Work/${'y'.repeat(10)}`, 'Taken', 'Placeholder/x');
    const before = world.rows.rows();
    await expect(rename(from, to)).rejects.toMatchObject({ name });
    await expect(rename(from, to, { actor: ADMIN })).rejects.toMatchObject({ name });
    expect(world.rows.rows()).toEqual(before);
  });

  test('a name that a child would get must be free as well', async () => {
    await create('Work', 'Work/a', 'New/a');
    await expect(rename('Work', 'New')).rejects.toMatchObject({
      name: 'MailboxExistsError',
      message: 'there is already a mailbox "New/a"',
    });
    expect(await paths()).toEqual(['INBOX', 'New/a', 'Work', 'Work/a']);
  });

  test('mail that is delivered meanwhile is neither lost nor missed by autoexpunge', async () => {
    settings = { mailboxes: { New: { autoexpunge: { afterSeconds: 60 } } } };
    await create('Work');
    const deliver = () =>
      deliverMessages(
        world.ports,
        { user: USER, mailbox: 'Work', messages: [{ raw: Buffer.from('x') }] },
        world.clock.now() + SECOND,
      );
    await rename('Work', 'New', {
      ports: { ...world.ports, rows: interrupted(world.rows, deliver) },
    });
    expect(await box('New')).toMatchObject({ messages: 1, dueSk: expect.stringMatching(/^2026/) });
  });
});

describe('a tree that is larger than a transaction', () => {
  const children = Array.from({ length: 70 }, (_, index) => `T/c${String(index).padStart(2, '0')}`);
  const moved = ['INBOX', 'N/T', ...children.map((path) => `N/${path}`)].sort();

  test('has its new names, every mailbox under exactly one', async () => {
    await create('T', ...children);
    await rename('T', 'N/T');
    expect(await paths()).toEqual(moved);
    await expectNamesAgree();
  });

  test.each([1, 2, 3])(
    'W2: a crash after transaction %i: the same request does the rest',
    async (call) => {
      await create('T', ...children);
      for (const point of ['before', 'after'] as const) {
        const crashes = new Crashes({ call, point });
        await rename('T', 'N/T', { ports: crashes.wrapAll({ ...world.ports }) }).catch(() => {});
        await expectNamesAgree();
      }
      const done = await rename('T', 'N/T').catch((error: Error) => error.name);
      // When the last answer was lost, the mailbox has no old name any more.
      if (typeof done === 'string') expect(done).toBe('UnknownMailboxError');
      expect(await paths()).toEqual(moved);
      await expectNamesAgree();
    },
  );

  /** Each by its crash at one of four changes; the last makes the move whole. */
  describe.each([1, 2, 3, 4])('after a rename that died at its change %i', (call) => {
    beforeEach(async () => {
      await create('T', ...children, 'Elsewhere');
      const crashes = new Crashes({ call, point: 'after' });
      await rename('T', 'N/T', { ports: crashes.wrapAll({ ...world.ports }) }).catch(() => {});
      expect(crashes.crashed).toBe(true);
    });

    const request = async () => {
      const owner = await account();
      const resolved = await readSettings(world.rows, settings, owner);
      const access = { account: owner, actor: OWNER, settings: resolved, retentionDays: {} };
      return { ports: world.ports, access, deadline: world.clock.now() + 20 * SECOND };
    };
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
      expect(await paths()).toEqual([...moved, 'Elsewhere', ...made].sort());
      await expectNamesAgree();
      expect((await account()).moves).toBeUndefined();
    });

    test('W2: whoever renames to it, or renames it, finds it at its end', async () => {
      expect(await nameOf(rename('Elsewhere', 'N/T'))).toBe('MailboxExistsError');
      await rename('N/T', 'Third');
      expect(await paths()).toEqual(
        ['INBOX', 'Elsewhere', 'Third', ...children.map((path) => `Third${path.slice(1)}`)].sort(),
      );
      await expectNamesAgree();
    });

    test('F1: whoever deletes it deletes all of it, under the new name', async () => {
      const body = { mailbox: 'N/T', recursive: true };
      expect(await requestDelete(await request(), body, 'test')).toMatchObject({ mailboxes: 71 });
      expect(await paths()).toEqual(['Elsewhere', 'INBOX']);
    });
  });

  test('O3: a name that is on its way is read once for each mailbox, not once for each of all', async () => {
    const many = Array.from({ length: 600 }, (_, index) => `T/${index}`);
    await create('T', ...many);
    let gets = 0;
    const rows = new Proxy(world.rows, {
      get: (target, name) => {
        if (name === 'get') gets += 1;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    await rename('T', 'N', { ports: { ...world.ports, rows } });
    // Each mailbox when all are looked at, its new name, once more when it moves, and what the new
    // name remembers.
    expect(gets).toBeLessThan(4 * 601 + 100);
    await expectNamesAgree();
  });

  test('W2: a new name that is taken just before it begins refuses it, and nothing is on the move', async () => {
    await create('T', ...children);
    const rows = interrupted(world.rows, () => create('N/c69'));
    const late = rename('T', 'N', { ports: { ...world.ports, rows } });
    await expect(late).rejects.toMatchObject({ name: 'MailboxExistsError' });
    expect((await account()).moves).toBeUndefined();
    expect(await paths()).toEqual(['INBOX', 'N/c69', 'T', ...children].sort());
  });

  test('W2: it does not begin where another tree is on the move', async () => {
    await create('T', ...children);
    const crashes = new Crashes({ call: 2, point: 'after' });
    const dead = { ports: crashes.wrapAll({ ...world.ports }) };
    await expect(rename('T', 'N', dead)).rejects.toThrow();
    const owner = await account();
    const resolved = await readSettings(world.rows, settings, owner);
    const given = { account: owner, settings: resolved, check: () => {} };
    for (const [from, to] of [
      ['T/c69', 'Other'],
      ['INBOX', 'N/other'],
    ] as const) {
      const deadline = world.clock.now() + SECOND;
      await expect(
        renameMailbox(world.ports, { ...given, from, to }, deadline),
      ).rejects.toMatchObject({ name: 'StoreBusyError' });
    }
  });

  test('nothing moves when one of the new names is taken', async () => {
    await create('T', ...children, 'N/T/c69');
    await expect(rename('T', 'N/T')).rejects.toMatchObject({ name: 'MailboxExistsError' });
    expect(await box('T/c00')).toBeDefined();
  });

  test('X3: an account whose erasure begins meanwhile keeps its names', async () => {
    await create('T');
    const row = dictmapKeys.path(accountId, 'T');
    const fence = async () => {
      await world.rows.write({
        kind: 'update',
        key: { table: 'registry', pk: `account#${accountId}`, sk: 'account' },
        guard: { row: 'present' },
        change: { set: { state: 'deleting' } },
      });
    };
    const rows = interrupted(world.rows, fence);
    await expect(rename('T', 'N', { ports: { ...world.ports, rows } })).rejects.toMatchObject({
      name: 'AccountNotActiveError',
    });
    expect(await world.rows.get(row)).toBeDefined();
  });
});
