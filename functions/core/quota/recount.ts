/**
 * Counting again. Counters change in the transactions that change messages, so they are exact; a
 * recount proves it, and repairs what a restored table or a fault of ours left behind. It may run
 * beside anything: a counter is corrected only if nothing touched it while messages were read.
 */
import type { QuotaDrift } from '../../contract/mail-api.ts';
import { dictmapKeys, messagePartition } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { everyBucket } from '../mailboxes/bucket-directory.ts';
import { everyMailboxRow } from '../mailboxes/every-mailbox.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { readMailbox } from '../mailboxes/mailboxes.ts';
import { toEntry } from '../messages/entries.ts';
import { flagCountsOf, NO_FLAGS, plus } from '../messages/flag-counts.ts';
import type { Ports } from '../ports/ports.ts';
import { everyRow } from '../rows/paging.ts';
import { ExpiryRecount } from './expiry-recount.ts';
import { forgetBound } from './quota-bound.ts';
import {
  noteProgress,
  type RecountedMailbox,
  type RecountProgress,
  readProgress,
  untouched,
} from './recount-progress.ts';

const PAGE_ROWS = 1000;

/** How often a mailbox is counted in which somebody is at work. */
const TRIES_MAX = 3;

type RecountPorts = Pick<Ports, 'rows' | 'clock'>;

export interface Recount {
  /** What was wrong and has been corrected: what was counted too much, or too little. */
  readonly drift: readonly QuotaDrift[];
  /** Time ran out: where the rest is still to be counted. */
  readonly next?: string;
}

/**
 * Counts the messages of an account and corrects its counters. What the expunge storage counts by
 * day is corrected when all mailboxes were counted in one go. A mailbox that takes longer than a
 * request is gone on with in the next, as long as nothing happens in it; else it is left as it is.
 * @param after `next` of an earlier call
 * @param deadline epoch milliseconds after which nothing more is counted
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
  const storages = mailboxes.filter(({ role, state }) => role === 'storage' && state === 'active');
  const days = after === undefined ? await ExpiryRecount.begin(ports, storages) : undefined;
  const place = after === undefined ? undefined : placeOf(after);
  let last: string | undefined;
  for (const { mailboxId } of mailboxes) {
    if (place !== undefined && isBehind(place, mailboxId)) continue;
    if (last !== undefined && ports.clock.now() > deadline) {
      return await ended(ports, account, drift, last);
    }
    const bucket = place?.mailboxId === mailboxId ? (place.bucket ?? 0) : 0;
    const found = await recountMailbox(ports, { mailboxId, bucket }, days, deadline);
    if (typeof found === 'number') {
      return await ended(ports, account, drift, `${mailboxId}${WITHIN}${found}`);
    }
    if (found !== undefined) drift.push(found);
    last = mailboxId;
  }
  return await ended(ports, account, [...drift, ...((await days?.repair()) ?? [])]);
}

async function ended(
  ports: RecountPorts,
  { accountId }: Account,
  drift: readonly QuotaDrift[],
  next?: string,
): Promise<Recount> {
  if (drift.length > 0) await forgetBound(ports, accountId);
  return next === undefined ? { drift } : { drift, next };
}

/** Between the id of a mailbox and the bucket that its count goes on with. */
const WITHIN = '#';

interface CountPlace {
  readonly mailboxId: string;
  /** Missing: the mailbox is counted. */
  readonly bucket?: number;
}

function placeOf(cursor: string): CountPlace {
  const [mailboxId = '', bucket] = cursor.split(WITHIN);
  return bucket === undefined ? { mailboxId } : { mailboxId, bucket: Number(bucket) };
}

const isBehind = (place: CountPlace, mailboxId: string): boolean =>
  place.bucket === undefined ? mailboxId <= place.mailboxId : mailboxId < place.mailboxId;

/**
 * @param from the bucket to go on with; 0: from the beginning
 * @returns what was corrected; when time is over, the bucket to go on with
 */
async function recountMailbox(
  ports: RecountPorts,
  from: Required<CountPlace>,
  days: ExpiryRecount | undefined,
  deadline: number,
): Promise<QuotaDrift | number | undefined> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const before = await readMailbox(ports.rows, from.mailboxId);
    // Of what is no mailbox any more, only the days count.
    if (before === undefined || (before.state !== 'active' && days === undefined)) return undefined;
    const progress =
      from.bucket > 0 ? await readProgress(ports.rows, before, from.bucket) : NOTHING_COUNTED;
    // Somebody is at work in it: it would be begun anew for ever.
    if (progress === undefined) return undefined;
    const { bucket, counted } = await countMessages(ports, before, { progress, days }, deadline);
    if (before.state !== 'active') return bucket;
    if (bucket !== undefined) {
      if (await noteProgress(ports, before, { bucket, counted })) return bucket;
      return undefined;
    }
    const drift = {
      mailbox: before.path,
      messages: before.messages - counted.messages,
      bytes: before.bytes - counted.bytes,
    };
    const isCounted = before.unseen === counted.unseen && before.deleted === counted.deleted;
    if (drift.messages === 0 && drift.bytes === 0 && isCounted) return undefined;
    const result = await ports.rows.write({
      kind: 'update',
      key: dictmapKeys.mailbox(from.mailboxId),
      guard: untouched(before),
      change: { set: { ...counted } },
    });
    if (result.outcome === 'written') {
      return drift.messages === 0 && drift.bytes === 0 ? undefined : drift;
    }
    if (from.bucket > 0) return undefined;
  }
  return undefined;
}

const NOTHING_COUNTED: RecountProgress = {
  bucket: 0,
  counted: { messages: 0, bytes: 0, ...NO_FLAGS },
};

/**
 * Live messages of a mailbox, from strongly consistent reads; expunged ones go to the days.
 * @returns also the bucket to go on with, when time ran out
 */
async function countMessages(
  { rows, clock }: RecountPorts,
  mailbox: Mailbox,
  {
    progress,
    days,
  }: { readonly progress: RecountProgress; readonly days: ExpiryRecount | undefined },
  deadline: number,
): Promise<{ readonly bucket?: number; readonly counted: RecountedMailbox }> {
  const { mailboxId } = mailbox;
  let { messages, bytes, ...flags } = progress.counted;
  days?.forget(mailboxId);
  let isFirst = true;
  for await (const bucket of everyBucket(rows, mailbox, progress.bucket)) {
    // At least one bucket, however late it is: else no request would ever get further.
    if (!isFirst && clock.now() > deadline) {
      return { bucket, counted: { messages, bytes, ...flags } };
    }
    isFirst = false;
    const pk = messagePartition(mailboxId, bucket);
    for await (const row of everyRow(rows, { table: 'dictmap', pk, limit: PAGE_ROWS })) {
      const entry = toEntry(row, Number.NEGATIVE_INFINITY);
      if (entry?.expunged !== undefined) days?.count(mailboxId, entry);
      else if (entry !== undefined) {
        messages += 1;
        bytes += entry.message.sizeBytes;
        flags = plus(flags, flagCountsOf(entry.message.flags), 1);
      }
    }
  }
  return { counted: { messages, bytes, ...flags } };
}
