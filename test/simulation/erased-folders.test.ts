/** Accounts that are erased while deleted folders wait in them, some of them still on their way. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { MailSettings } from '../../functions/contract/mail-settings.ts';
import { type Account, requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { deleteNow } from '../../functions/core/folders/delete-now.ts';
import { AT_ONCE_MAILBOXES, deleteTree } from '../../functions/core/folders/delete-tree.ts';
import { finishMoves } from '../../functions/core/folders/finish-move.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { everyMailboxRow } from '../../functions/core/mailboxes/every-mailbox.ts';
import { requireMailbox } from '../../functions/core/mailboxes/mailboxes.ts';
import { subscribe } from '../../functions/core/mailboxes/subscriptions.ts';
import { copyMessages } from '../../functions/core/messages/copy-messages.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';
import { resolveSettings } from '../../functions/core/settings/resolve-settings.ts';
import { Crashes } from '../models/faulty.ts';
import { interrupted } from '../unit/core/interrupted.ts';
import { makeDoomed, NEIGHBOUR, USER } from './doomed-account.ts';
import { leftOf } from './leftovers.ts';
import { mail } from './mail.ts';
import type { World } from './world.ts';

const SETTINGS: MailSettings = { lazyExpunge: '.EXPUNGED', lazyExpungeOnlyLastInstance: true };
const settings = resolveSettings(SETTINGS);

let world: World;
let accountId: string;

const until = () => world.clock.now() + 20_000;
const account = (): Promise<Account> => requireActiveAccount(world.rows, USER);

beforeEach(async () => {
  const doomed = await makeDoomed();
  ({ world } = doomed);
  ({ accountId } = doomed.account);
  for (const path of ['Small', 'Small/a', 'Gone', 'Gone/a']) await fill(path);
  await createMailbox(world.ports, await account(), 'Large');
  for (let at = 0; at < AT_ONCE_MAILBOXES + 20; at += 1) await fill(`Large/${at}`, at % 10 === 0);
  await subscribe(world.ports, await account(), 'Small', until());
  await removeTree('Small');
  await removeNow('Gone');
  await removeNow('Gone/a');
});

async function fill(path: string, withMail = true): Promise<void> {
  const owner = await account();
  const made = await createMailbox(world.ports, owner, path);
  if (!withMail) return;
  await deliverMessages(
    world.ports,
    { user: USER, mailbox: path, messages: [{ raw: mail(path) }] },
    until(),
  );
  const inbox = await requireMailbox(world.rows, owner, 'INBOX');
  const context = { account: owner, settings, retentionDays: {} };
  await copyMessages({ ports: world.ports, context, deadline: until() }, inbox, [1], made);
}

async function removeTree(path: string, ports: Ports = world.ports): Promise<unknown> {
  const deletion = {
    account: await account(),
    settings,
    path,
    scope: 'tree',
    requestedBy: 'test',
    keepInbox: false,
    check: () => {},
  } as const;
  return await deleteTree(ports, deletion, until());
}

async function removeNow(path: string): Promise<void> {
  const owner = await account();
  const mailbox = await requireMailbox(world.rows, owner, path);
  const context = { account: owner, settings, retentionDays: {} };
  await deleteNow(world.ports, context, { mailbox }, until());
}

/** Begins the deletion of the large tree, and dies after some of its rows have been moved. */
async function leaveOnItsWay(transactions: number): Promise<void> {
  const crashes = new Crashes({ call: transactions, point: 'after' });
  await expect(removeTree('Large', crashes.wrapAll({ ...world.ports }))).rejects.toThrow('after');
}

/** Kinds of rows in the partition of the account, and states of its mailboxes. */
async function kinds(): Promise<Set<string>> {
  const found = new Set<string>();
  for (const { key } of world.rows.rows('dictmap')) {
    if (key.pk === `account#${accountId}`) found.add(key.sk.slice(0, key.sk.indexOf('#')));
  }
  for await (const { state } of everyMailboxRow(world.rows, accountId)) found.add(state);
  return found;
}

describe('an account with deleted folders', () => {
  test('X4, X3: trees that wait, one on its way, and shells are erased to nothing', async () => {
    await leaveOnItsWay(2);
    expect((await account()).moves).toBeDefined();
    const before = await kinds();
    for (const kind of ['tree', 'deleted', 'subscription', 'path', 'active', 'deleted', 'shell']) {
      expect(before).toContain(kind);
    }
    expect(leftOf(world, accountId).length).toBeGreaterThan(150);
    expect(await world.run({ user: USER })).toMatchObject({ status: 'SUCCEEDED' });
    expect(leftOf(world, accountId)).toEqual([]);
    expect(
      leftOf(world, (await requireActiveAccount(world.rows, NEIGHBOUR)).accountId),
    ).not.toEqual([]);
  });

  test.each([1, 2, 3])(
    'X3, X4: a move that goes on after the erasure, from its transaction %i on, writes nothing',
    async (transactions) => {
      await leaveOnItsWay(transactions);
      const owner = await account();
      const rows = interrupted(world.rows, async () => {
        expect(await world.run({ user: USER })).toMatchObject({ status: 'SUCCEEDED' });
      });
      const late = finishMoves(
        { ...world.ports, rows },
        { account: owner, settings },
        until() + 1e10,
      );
      await late.catch((error) => expect(error).toMatchObject({ name: 'AccountNotActiveError' }));
      expect(leftOf(world, accountId)).toEqual([]);
    },
  );

  test('X3: a deletion whose last transaction comes after the erasure leaves no shell', async () => {
    await fill('Last');
    const owner = await account();
    const mailbox = await requireMailbox(world.rows, owner, 'Last');
    const rows = interrupted(world.rows, async () => {
      expect(await world.run({ user: USER })).toMatchObject({ status: 'SUCCEEDED' });
    });
    const context = { account: owner, settings, retentionDays: {} };
    const late = deleteNow({ ...world.ports, rows }, context, { mailbox }, until() + 1e10);
    await expect(late).rejects.toMatchObject({ name: 'AccountNotActiveError' });
    expect(leftOf(world, accountId)).toEqual([]);
  });
});
