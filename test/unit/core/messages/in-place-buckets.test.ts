/** Mail that is expunged in place, in a bucket in which nothing lives. */
import { expect, test } from 'vitest';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { changeUids } from '../../../../functions/core/mailboxes/mailbox-uids.ts';
import { requireMailbox } from '../../../../functions/core/mailboxes/mailboxes.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import { expungeMessages } from '../../../../functions/core/messages/expunge-messages.ts';
import { findInPlace } from '../../../../functions/core/messages/in-place-entries.ts';
import type { RowStore } from '../../../../functions/core/ports/row-store.ts';
import { resolveSettings } from '../../../../functions/core/settings/resolve-settings.ts';
import { mail } from '../../../simulation/mail.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

const USER = 'john@example.com';
const DEADLINE = Number.POSITIVE_INFINITY;
const FIRST_UID = 9_990;

test('W1: is found beside a bucket that a delivery has noted and never filled', async () => {
  const world = new World();
  const account = await createAccount(world.ports, CLASSES, { user: USER });
  const inbox = () => requireMailbox(world.rows, account, 'INBOX');
  const { mailboxId } = await inbox();
  await changeUids(world.ports, account, mailboxId, { uidNext: FIRST_UID }, DEADLINE);
  const mails = (count: number) => Array.from({ length: count }, () => ({ raw: mail('x') }));
  const { uids } = await deliverMessages(
    world.ports,
    { user: USER, messages: mails(10) },
    DEADLINE,
  );
  const settings = resolveSettings({ lazyExpunge: 'in-place' });
  const context = { account, settings, retentionDays: { r30: 30 } };
  await expungeMessages(
    { ports: world.ports, context, deadline: DEADLINE },
    await inbox(),
    uids,
    {},
  );
  // The next UID begins a bucket. Its row, and one for \Deleted, do not fit beside 98 messages: they
  // go before, and the delivery dies there.
  const transact: RowStore['transact'] = async (writes) => {
    const result = await world.rows.transact(writes);
    if (writes.some(({ key }) => key.sk.startsWith('bucket#'))) throw new Error('died');
    return result;
  };
  const rows = new Proxy<RowStore>(world.rows, {
    get: (target, name) =>
      name === 'transact' ? transact : Reflect.get(target, name).bind(target),
  });
  const messages = mails(98).map((one) => ({ ...one, flags: ['\\Deleted'] }));
  const dying = deliverMessages({ ...world.ports, rows }, { user: USER, messages }, DEADLINE);
  await expect(dying).rejects.toThrow('died');
  const finding = { afterUid: 0, limit: 100, deadline: DEADLINE, asOf: world.clock.now() };
  const { entries } = await findInPlace(world.ports, await inbox(), finding);
  expect(entries.map(({ message }) => message.uid)).toEqual(uids);
});
