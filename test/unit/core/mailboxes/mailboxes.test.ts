import { beforeEach, describe, expect, test } from 'vitest';
import { dictmapKeys, registryKeys } from '../../../../functions/contract/row-layout.ts';
import type { Account } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { createMailbox } from '../../../../functions/core/mailboxes/create-mailbox.ts';
import {
  listMailboxes,
  readMailbox,
  requireMailbox,
} from '../../../../functions/core/mailboxes/mailboxes.ts';
import { CRASH_POINTS, Crashes } from '../../../models/faulty.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

let world: World;
let account: Account;

beforeEach(async () => {
  world = new World();
  account = await createAccount(world.ports, CLASSES, { user: 'a@x.org' });
});

const create = (path: string, specialUse?: string) =>
  createMailbox(world.ports, account, path, specialUse === undefined ? {} : { specialUse });

const mailboxRows = () =>
  world.rows.rows('dictmap').filter(({ attributes }) => attributes['type'] === 'mailbox');

describe('a new mailbox', () => {
  test('begins empty, at UID 1, with a UIDVALIDITY of its time (RFC 3501)', async () => {
    const mailbox = await create('Archive/2026', '\\Archive');
    expect(mailbox).toEqual({
      mailboxId: expect.stringMatching(new RegExp(`^${account.accountId}\\.[0-9a-f]{16}$`)),
      path: 'Archive/2026',
      state: 'active',
      uidValidity: Date.parse('2026-11-22T00:00:00Z') / 1000,
      uidNext: 1,
      messages: 0,
      bytes: 0,
      unseen: 0,
      deleted: 0,
      specialUse: '\\Archive',
    });
    expect(await requireMailbox(world.rows, account, 'Archive/2026')).toEqual(mailbox);
    expect(await readMailbox(world.rows, mailbox.mailboxId)).toEqual(mailbox);
  });

  test('is found under its own path only', async () => {
    await create('Archive');
    for (const path of ['archive', 'Archiv', 'Archive/2026']) {
      await expect(requireMailbox(world.rows, account, path)).rejects.toMatchObject({
        name: 'UnknownMailboxError',
      });
    }
  });

  test('a path row without its mailbox is no mailbox', async () => {
    const { mailboxId } = await create('Archive');
    await world.rows.removeAll([dictmapKeys.mailbox(mailboxId)]);
    await expect(requireMailbox(world.rows, account, 'Archive')).rejects.toMatchObject({
      name: 'UnknownMailboxError',
    });
  });
});

describe('what is refused', () => {
  test.each(['Archive', 'INBOX'])('O2: %s is not made twice', async (path) => {
    if (path !== 'INBOX') await create(path);
    const before = world.rows.rows();
    await expect(create(path)).rejects.toMatchObject({ name: 'MailboxExistsError' });
    expect(world.rows.rows()).toEqual(before);
  });

  test('W2: of many requests for one path exactly one makes it', async () => {
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => create('Archive')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(mailboxRows()).toHaveLength(2);
  });

  test.each(['disabled', 'deleting', 'erased'])(
    'X3: no mailbox appears in an account that is %s',
    async (state) => {
      await world.rows.write({
        kind: 'update',
        key: registryKeys.account(account.accountId),
        guard: { row: 'present' },
        change: { set: { state } },
      });
      const before = world.rows.rows();
      // The account as a late writer read it, when it was active.
      await expect(create('Late')).rejects.toMatchObject({
        name: 'AccountNotActiveError',
        message: `account ${account.accountId} is no longer active`,
      });
      expect(world.rows.rows()).toEqual(before);
    },
  );

  test('X3: nor in an account that is gone', async () => {
    await world.rows.removeAll([registryKeys.account(account.accountId)]);
    await expect(create('Late')).rejects.toMatchObject({ name: 'AccountNotActiveError' });
  });

  test('O3: a conflict is retried, until the deadline and no longer', async () => {
    world.rows.conflictNext(2);
    expect(await create('Archive')).toMatchObject({ path: 'Archive' });
    world.rows.conflictNext(1000);
    await expect(create('Sent')).rejects.toMatchObject({ name: 'StoreBusyError' });
  });

  test.each(CRASH_POINTS)(
    'W2: a crash %s the write leaves a whole mailbox or none',
    async (point) => {
      const ports = new Crashes({ call: 1, point }).wrapAll({ ...world.ports });
      await expect(createMailbox(ports, account, 'Archive')).rejects.toThrow();
      const found = requireMailbox(world.rows, account, 'Archive');
      if (point === 'after') expect(await found).toMatchObject({ uidNext: 1 });
      else await expect(found).rejects.toMatchObject({ name: 'UnknownMailboxError' });
      expect(mailboxRows()).toHaveLength(point === 'after' ? 2 : 1);
    },
  );
});

describe('the list of mailboxes', () => {
  test('O3: has pages, and together they hold every mailbox once', async () => {
    const paths = Array.from({ length: 23 }, (_, index) => `Folder ${index}`);
    for (const path of paths) await create(path);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await listMailboxes(world.rows, account.accountId, {
        limit: 5,
        ...(after === undefined ? {} : { after }),
      });
      expect(page.mailboxes.length).toBeLessThanOrEqual(5);
      seen.push(...page.mailboxes.map(({ path }) => path));
      after = page.next;
    } while (after !== undefined);
    expect(seen.sort()).toEqual(['INBOX', ...paths].sort());
  });

  test('X6: holds nothing of another account', async () => {
    const other = await createAccount(world.ports, CLASSES, { user: 'b@x.org' });
    await createMailbox(world.ports, other, 'Theirs');
    const { mailboxes, next } = await listMailboxes(world.rows, account.accountId, { limit: 100 });
    expect(mailboxes.map(({ path }) => path)).toEqual(['INBOX']);
    expect(next).toBeUndefined();
  });

  test('O2: a cursor of another list is refused by name', async () => {
    const other = await createAccount(world.ports, CLASSES, { user: 'b@x.org' });
    for (const path of ['A', 'B']) await createMailbox(world.ports, other, path);
    const { next = '' } = await listMailboxes(world.rows, other.accountId, { limit: 1 });
    for (const after of [next, 'nonsense', '']) {
      const page = listMailboxes(world.rows, account.accountId, { limit: 1, after });
      await expect(page).rejects.toMatchObject({ problems: [{ field: 'cursor' }] });
    }
  });
});
