/** What EXPUNGE finds after changes of `\Deleted` that meet on one row of notes. */
import { beforeEach, describe, expect, test } from 'vitest';
import type { Account } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import { changeFlags, type FlagChanges } from '../../../../functions/core/messages/change-flags.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import { flaggedEntries } from '../../../../functions/core/messages/flagged-entries.ts';
import { mail } from '../../../simulation/mail.ts';
import { CLASSES, World } from '../../../simulation/world.ts';
import { interrupted } from '../interrupted.ts';

const USER = 'john@example.com';
const NONE: FlagChanges = { flags: new Set(), keywords: new Set() };
const DELETED: FlagChanges = { ...NONE, flags: new Set(['\\Deleted']) };

let world: World;
let account: Account;

beforeEach(async () => {
  world = new World();
  account = await createAccount(world.ports, CLASSES, { user: USER });
  const messages = Array.from({ length: 9 }, () => ({ raw: mail('x') }));
  await deliverMessages(world.ports, { user: USER, messages }, Number.POSITIVE_INFINITY);
});

const inbox = () => requireMailbox(world.rows, account, 'INBOX');

async function flag(uid: number, rows = world.rows as typeof world.ports.rows): Promise<void> {
  await changeFlags({ ...world.ports, rows }, await inbox(), [uid], { add: DELETED, remove: NONE });
}

async function unflag(uid: number): Promise<void> {
  await changeFlags(world.ports, await inbox(), [uid], { add: NONE, remove: DELETED });
}

async function found(): Promise<number[]> {
  const uids: number[] = [];
  const walk = { afterUid: 0, passOver: () => undefined };
  for await (const { entries } of flaggedEntries(world.rows, await inbox(), world.clock, walk)) {
    const own = entries.filter(({ message }) => message.flags.has('\\Deleted'));
    uids.push(...own.map(({ message }) => message.uid));
  }
  return uids;
}

describe('notes of which messages have \\Deleted', () => {
  test('W2: miss none that was flagged while another row of notes took the place of the one read', async () => {
    await flag(5);
    const rows = interrupted(world.rows, async () => {
      await unflag(5);
      await flag(7);
    });
    await flag(6, rows);
    expect(await found()).toEqual([6, 7]);
  });
});
