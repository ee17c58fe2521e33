/** Runs in a worker whose heap is small: erases what `workerData` names. */
import { parentPort, workerData } from 'node:worker_threads';
import { UID_MAX } from '../../functions/contract/limits.ts';
import { dictmapKeys } from '../../functions/contract/row-layout.ts';
import type { Account } from '../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { changeUids } from '../../functions/core/mailboxes/mailbox-uids.ts';
import { SOAK } from '../soak-sizes.ts';
import { CLASSES, World } from './world.ts';

const USER = 'a@x.co';
const MAILBOXES_WITH_UIDS = 20;
const MAILBOXES = SOAK.erasedMailboxes;

/** Mailboxes that the store they came from had given all UIDs of. */
async function raiseUids(world: World, account: Account): Promise<void> {
  const deadline = Number.POSITIVE_INFINITY;
  for (let index = 0; index < MAILBOXES_WITH_UIDS; index += 1) {
    const { mailboxId } = await createMailbox(world.ports, account, `M${index}`);
    for (let uidNext = 0; uidNext < UID_MAX; ) {
      uidNext = Math.min(uidNext + 2 ** 24, UID_MAX);
      await changeUids(world.ports, account, mailboxId, { uidNext }, deadline);
    }
  }
}

async function addMailboxes(world: World, { accountId }: Account): Promise<void> {
  for (let index = 0; index < MAILBOXES; index += 1) {
    const mailboxId = `${accountId}.${index.toString(16).padStart(16, '0')}`;
    const attributes = { v: 1, type: 'mailbox', mailboxId, path: `M${index}`, state: 'active' };
    const counted = { uidValidity: 1, uidNext: 1, messages: 0, bytes: 0 };
    const key = dictmapKeys.mailbox(mailboxId);
    await world.rows.write({ kind: 'put', key, attributes: { ...attributes, ...counted } });
  }
}

const world = new World({ pageEntries: 1000 });
const account = await createAccount(world.ports, CLASSES, { user: USER });
await (workerData === 'UIDs' ? raiseUids(world, account) : addMailboxes(world, account));
const { status } = await world.run({ user: USER });
parentPort?.postMessage({ status, rowsLeft: world.rows.rows('dictmap').length });
