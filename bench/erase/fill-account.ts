/** Accounts as deliveries leave them: bodies in S3, rows in transactions, a few of everything. */

import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { recordCache } from '../../functions/core/caches/caches.ts';
import { setDict } from '../../functions/core/dicts/dicts.ts';
import { createMailbox } from '../../functions/core/mailboxes/create-mailbox.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import { putObject } from '../../functions/core/objects/opaque-objects.ts';
import { inParallel } from '../../functions/core/rows/parallel.ts';
import { benchMessage } from '../bench-message.ts';
import type { BenchStores } from './stores.ts';

const CLASSES = { names: ['r7', 'r30', 'r365', 'keep'], fallback: 'r30' };
/** INBOX holds most of the mail, as it does in life. */
const MAILBOXES = [
  { path: 'INBOX', share: 0.7 },
  { path: 'Sent', share: 0.2 },
  { path: 'Archive/2025', share: 0.1 },
] as const;
const BATCH_MESSAGES = 98;
const DELIVERY_MS = 120_000;

const TEXT = 'The minutes of the meeting, and what we agreed to do next.\r\n'.repeat(10);

/** @returns the address of a new account with so many messages, and its id */
export async function fillAccount(
  { ports }: BenchStores,
  messages: number,
): Promise<{ readonly user: string; readonly accountId: string }> {
  const user = `bench-${messages}@example.com`;
  const account = await createAccount(ports, CLASSES, { user });
  for (const { path } of MAILBOXES.slice(1)) await createMailbox(ports, account, path);
  const counts = MAILBOXES.map(({ share }) => Math.floor(messages * share));
  counts[0] = messages - counts.slice(1).reduce((sum, count) => sum + count, 0);
  await inParallel(MAILBOXES, MAILBOXES.length, async ({ path }, index) => {
    await deliver(ports, user, path, counts[index] ?? 0);
  });
  const deadline = ports.clock.now() + DELIVERY_MS;
  for (const kind of ['index', 'fts', 'sieve'] as const) {
    await putObject(
      ports,
      account,
      { kind, name: 'bundle', body: benchMessage(kind, TEXT) },
      deadline,
    );
  }
  for (const name of ['quota_clone', 'last_login']) {
    await setDict(ports, account, { name, value: '42' }, deadline);
  }
  await recordCache(ports, account, 'backend-1.example.org', deadline);
  return { user, accountId: account.accountId };
}

async function deliver(
  ports: BenchStores['ports'],
  user: string,
  mailbox: string,
  count: number,
): Promise<void> {
  for (let sent = 0; sent < count; sent += BATCH_MESSAGES) {
    const size = Math.min(BATCH_MESSAGES, count - sent);
    const messages = Array.from({ length: size }, (_, index) => ({
      raw: benchMessage(`Minutes of meeting ${mailbox} ${sent + index}`, TEXT),
      flags: index % 3 === 0 ? [] : ['\\Seen'],
    }));
    const deadline = ports.clock.now() + DELIVERY_MS;
    await deliverMessages(ports, { user, mailbox, messages }, deadline);
  }
}
