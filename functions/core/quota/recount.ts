/**
 * Counting again. Counters change in the transactions that change messages, so they are exact; a
 * recount proves it, and repairs what a restored table or a fault of ours left behind. It may run
 * beside anything: a counter is corrected only if nothing touched it while messages were read.
 */
import type { QuotaDrift } from '../../contract/mail-api.ts';
import { dictmapKeys, messagePartition } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { StoreBusyError } from '../errors.ts';
import { everyBucket } from '../mailboxes/bucket-directory.ts';
import { everyMailboxRow } from '../mailboxes/every-mailbox.ts';
import { type Mailbox, readMailbox } from '../mailboxes/mailboxes.ts';
import { toEntry } from '../messages/entries.ts';
import { type FlagCounts, flagCountsOf, NO_FLAGS, plus } from '../messages/flag-counts.ts';
import type { Ports } from '../ports/ports.ts';
import { everyRow } from '../rows/paging.ts';
import { ExpiryRecount } from './expiry-recount.ts';
import type { Usage } from './quota.ts';
import { forgetBound } from './quota-bound.ts';

const PAGE_ROWS = 1000;

/** How often a mailbox is counted in which somebody is at work. */
const TRIES_MAX = 3;

type RecountPorts = Pick<Ports, 'rows' | 'clock'>;

export interface Recount {
  /** What was wrong and has been corrected: what was counted too much, or too little. */
  readonly drift: readonly QuotaDrift[];
  /** Time ran out: the mailboxes after this id are still to be counted. */
  readonly next?: string;
}

/**
 * Counts the messages of an account and corrects its counters. What the expunge storage counts by
 * day is corrected when all mailboxes were counted in one go.
 * @param after id of the mailbox that an earlier call ended with
 * @param deadline epoch milliseconds after which nothing more is counted
 * @throws StoreBusyError when time is too short for a single mailbox
 */
export async function recount(
  ports: RecountPorts,
  account: Account,
  after: string | undefined,
  deadline: number,
): Promise<Recount> {
  const drift: QuotaDrift[] = [];
  const mailboxes: Mailbox[] = [];
  // Deleted folders too: what was expunged in them before is still shown by the storage.
  for await (const one of everyMailboxRow(ports.rows, account.accountId)) mailboxes.push(one);
  const left = mailboxes.filter(({ mailboxId }) => after === undefined || mailboxId > after);
  const storages = mailboxes.filter(({ role, state }) => role === 'storage' && state === 'active');
  const days = await ExpiryRecount.begin(ports, storages);
  let last: string | undefined;
  for (const mailbox of left) {
    const found = await recountMailbox(ports, mailbox, days, deadline);
    if (found === 'late' && last !== undefined) return { drift, next: last };
    if (found === 'late') {
      throw new StoreBusyError(`time is too short to count mailbox ${mailbox.mailboxId}`);
    }
    if (found !== undefined) drift.push(found);
    last = mailbox.mailboxId;
  }
  const found = after === undefined ? [...drift, ...(await days.repair())] : drift;
  if (found.length > 0) await forgetBound(ports, account.accountId);
  return { drift: found };
}

async function recountMailbox(
  ports: RecountPorts,
  { mailboxId }: Mailbox,
  days: ExpiryRecount,
  deadline: number,
): Promise<QuotaDrift | 'late' | undefined> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const before = await readMailbox(ports.rows, mailboxId);
    if (before === undefined) return undefined;
    const counted = await countMessages(ports, before, days, deadline);
    if (counted === undefined) return 'late';
    if (before.state !== 'active') return undefined;
    const drift = {
      mailbox: before.path,
      messages: before.messages - counted.messages,
      bytes: before.bytes - counted.bytes,
    };
    const isCounted = before.unseen === counted.unseen && before.deleted === counted.deleted;
    if (drift.messages === 0 && drift.bytes === 0 && isCounted) return undefined;
    const { uidNext, messages, bytes, flagChanges } = before;
    // Whatever adds a message raises UIDNEXT, and whatever ends one lowers the counter: while both
    // stand, nothing has happened; and whatever changes a counted flag says so on the row.
    const result = await ports.rows.write({
      kind: 'update',
      key: dictmapKeys.mailbox(mailboxId),
      guard: {
        row: 'present',
        equals: {
          ...{ state: 'active', uidNext, messages, bytes },
          ...(flagChanges === undefined ? {} : { flagChanges }),
        },
        without: flagChanges === undefined ? ['flagChanges'] : [],
      },
      change: { set: { ...counted } },
    });
    if (result.outcome === 'written') {
      return drift.messages === 0 && drift.bytes === 0 ? undefined : drift;
    }
  }
  return undefined;
}

/**
 * Live messages of a mailbox, from strongly consistent reads; expunged ones go to the days.
 * Undefined when time ran out.
 */
async function countMessages(
  { rows, clock }: RecountPorts,
  mailbox: Mailbox,
  days: ExpiryRecount,
  deadline: number,
): Promise<(Usage & FlagCounts) | undefined> {
  let [messages, bytes] = [0, 0];
  let flags = NO_FLAGS;
  days.forget(mailbox.mailboxId);
  for await (const bucket of everyBucket(rows, mailbox)) {
    const pk = messagePartition(mailbox.mailboxId, bucket);
    for await (const row of everyRow(rows, { table: 'dictmap', pk, limit: PAGE_ROWS })) {
      const entry = toEntry(row, Number.NEGATIVE_INFINITY);
      if (entry?.expunged !== undefined) days.count(mailbox.mailboxId, entry);
      else if (entry !== undefined) {
        messages += 1;
        bytes += entry.message.sizeBytes;
        flags = plus(flags, flagCountsOf(entry.message.flags), 1);
      }
    }
    if (clock.now() > deadline) return undefined;
  }
  return { messages, bytes, ...flags };
}
