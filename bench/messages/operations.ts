/** The operations on messages that are measured, each as a request of a mail backend asks for it. */
import type { MailSettings } from '../../functions/contract/mail-settings.ts';
import type { Account } from '../../functions/core/accounts/accounts.ts';
import { requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { OWNER } from '../../functions/core/accounts/actor.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { requestCopy, requestMove } from '../../functions/core/requests/change-messages.ts';
import { requestExpunge } from '../../functions/core/requests/expunge-request.ts';
import type { MailRequest } from '../../functions/core/requests/mail-access.ts';
import { requestRestore } from '../../functions/core/requests/restore-request.ts';
import { readSettings } from '../../functions/core/settings/settings-store.ts';
import { benchMessage } from '../bench-message.ts';
import type { MeteredStores } from './metered-stores.ts';

const CLASSES = { names: ['r30'], fallback: 'r30' };
const RETENTION_DAYS = { r30: 30 };
const TEXT = 'What we agreed to do next.\r\n'.repeat(20);
const DEADLINE_MS = 120_000;
/** As many as one transaction takes. */
const BATCH_MESSAGES = 98;

export interface Bench {
  readonly stores: MeteredStores;
  readonly user: string;
  readonly account: Account;
  readonly settings: MailSettings;
}

export interface Operation {
  readonly operation: string;
  /** Dollars per million messages of S3 and DynamoDB, from the design, section 11. */
  readonly floorDollarsPerMillion: number;
  readonly settings: MailSettings;
  /** What must be there before; not measured. */
  readonly prepare: (bench: Bench, messages: number) => Promise<void>;
  readonly run: (bench: Bench, messages: number) => Promise<void>;
}

const STORAGE = '.EXPUNGED';
const LAST = { lazyExpunge: STORAGE, lazyExpungeOnlyLastInstance: true };
const EACH = { lazyExpunge: STORAGE, lazyExpungeOnlyLastInstance: false };

const nothing = async (): Promise<void> => {};

export const OPERATIONS: readonly Operation[] = [
  {
    operation: 'deliver',
    floorDollarsPerMillion: 6.3,
    settings: LAST,
    prepare: nothing,
    run: (bench, messages) => deliver(bench, messages, BATCH_MESSAGES),
  },
  {
    operation: 'deliver singly',
    floorDollarsPerMillion: 8.75,
    settings: LAST,
    prepare: nothing,
    run: (bench, messages) => deliver(bench, messages, 1),
  },
  {
    operation: 'copy',
    floorDollarsPerMillion: 3.79,
    settings: LAST,
    prepare: fill,
    run: inBatches((request, uids) => requestCopy(request, { from: 'INBOX', uids, to: 'Archive' })),
  },
  {
    operation: 'move',
    floorDollarsPerMillion: 2.55,
    settings: LAST,
    prepare: fill,
    run: inBatches((request, uids) => requestMove(request, { from: 'INBOX', uids, to: 'Archive' })),
  },
  {
    operation: 'move, each instance kept',
    floorDollarsPerMillion: 4.4,
    settings: EACH,
    prepare: fill,
    run: inBatches((request, uids) => requestMove(request, { from: 'INBOX', uids, to: 'Archive' })),
  },
  {
    operation: 'expunge',
    floorDollarsPerMillion: 1.95,
    settings: LAST,
    prepare: fill,
    run: expungeAll,
  },
  {
    operation: 'expire',
    floorDollarsPerMillion: 0,
    settings: LAST,
    prepare: async (bench, messages) => {
      await fill(bench, messages);
      await expungeAll(bench, messages);
    },
    // The end of a row is DynamoDB's, that of the bytes is S3's: neither is asked for (X2).
    run: nothing,
  },
  {
    operation: 'restore',
    floorDollarsPerMillion: 8.2,
    settings: LAST,
    prepare: async (bench, messages) => {
      await fill(bench, messages);
      await expungeAll(bench, messages);
    },
    run: inBatches((request, uids) => requestRestore(request, { mailbox: STORAGE, uids })),
  },
];

/** A new account with the settings of an operation. */
export async function benchFor(
  stores: MeteredStores,
  { settings }: Operation,
  user: string,
): Promise<Bench> {
  const account = await createAccount(stores.ports, CLASSES, { user });
  await createMailbox(stores.ports, account, 'Archive');
  return { stores, user, account, settings };
}

async function deliver(bench: Bench, messages: number, size: number): Promise<void> {
  const { stores, user, settings } = bench;
  for (let sent = 0; sent < messages; sent += size) {
    const raws = Array.from({ length: Math.min(size, messages - sent) }, (_, index) => ({
      raw: benchMessage(`Minutes of meeting ${sent + index}`, TEXT),
      flags: ['\\Seen'],
    }));
    const key = `delivery ${size} ${sent}`;
    await deliverMessages(
      stores.ports,
      {
        user,
        messages: raws,
        deployment: settings,
        idempotency: { key, requestHash: key },
      },
      stores.ports.clock.now() + DEADLINE_MS,
    );
  }
}

async function fill(bench: Bench, messages: number): Promise<void> {
  await deliver(bench, messages, BATCH_MESSAGES);
}

function expungeAll(bench: Bench, messages: number): Promise<void> {
  return inBatches((request, uids) => requestExpunge(request, { mailbox: 'INBOX', uids }, 'bench'))(
    bench,
    messages,
  );
}

/** Requests of a hundred messages each, from UID 1 on, with all that a request reads first. */
function inBatches(act: (request: MailRequest, uids: number[]) => Promise<unknown>) {
  return async ({ stores, user, settings: deployment }: Bench, messages: number): Promise<void> => {
    const { ports } = stores;
    for (let done = 0; done < messages; done += 100) {
      const size = Math.min(100, messages - done);
      const uids = Array.from({ length: size }, (_, index) => done + index + 1);
      const account = await requireActiveAccount(ports.rows, user);
      const settings = await readSettings(ports.rows, deployment, account);
      const access = { account, actor: OWNER, settings, retentionDays: RETENTION_DAYS };
      await act({ ports, access, deadline: ports.clock.now() + DEADLINE_MS }, uids);
    }
  };
}
