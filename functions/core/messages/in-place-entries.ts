/**
 * What was expunged in place: rows that stay where they were and that no mailbox shows. They lie
 * among the live ones, so finding some reads the mailbox; every reading is strongly consistent.
 */
import { BUCKET_UIDS } from '../../contract/limits.ts';
import { bucketOf, messagePartition, uidKey } from '../../contract/row-layout.ts';
import { everyBucket } from '../mailboxes/bucket-directory.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import type { Clock } from '../ports/clock.ts';
import type { Row, RowStore } from '../ports/row-store.ts';
import { type Entry, type EntryPage, readUids, toEntry } from './entries.ts';

/** Rows of a query: half of them fill its megabyte. */
const PAGE_ROWS = 1000;

/**
 * The entries of these UIDs that were expunged in place, in UID order.
 * @param now epoch milliseconds: what has expired by then is hidden (X1)
 */
export async function readInPlace(
  rows: RowStore,
  { mailboxId }: Mailbox,
  { uids }: { readonly uids: readonly number[] },
  now: number,
): Promise<Entry[]> {
  const wanted = new Set(uids);
  const found: Row[] = [];
  for (const [bucket, members] of Map.groupBy([...wanted], bucketOf)) {
    const source = { table: 'dictmap', pk: messagePartition(mailboxId, bucket) } as const;
    found.push(...(await readUids(rows, source, members)));
  }
  const entries = inPlaceOf(found, now).filter(({ message }) => wanted.has(message.uid));
  return entries.toSorted((one, other) => one.message.uid - other.message.uid);
}

function inPlaceOf(rows: readonly Row[], now: number): Entry[] {
  const entries = rows.flatMap((row) => toEntry(row, now) ?? []);
  return entries.filter(({ expunged }) => expunged !== undefined && !expunged.storageId);
}

interface Finding {
  readonly afterUid: number;
  /** Entries, at most; from 1 on. */
  readonly limit: number;
  /** Epoch milliseconds after which no further page is read; the first one always is. */
  readonly deadline: number;
  /** Epoch milliseconds: what has expired by then is hidden. */
  readonly asOf: number;
  readonly wants?: (entry: Entry) => boolean;
}

/** What was expunged in place, in UID order, as far as number and time go. */
export async function findInPlace(
  { rows, clock }: { readonly rows: RowStore; readonly clock: Pick<Clock, 'now'> },
  mailbox: Mailbox,
  { afterUid, limit, deadline, asOf, wants = () => true }: Finding,
): Promise<EntryPage> {
  const entries: Entry[] = [];
  let next: number | undefined = afterUid;
  while (next !== undefined) {
    const page: EntryPage = await readPage(rows, mailbox, next, asOf);
    const wanted = page.entries.filter(wants);
    const taken = wanted.slice(0, limit - entries.length);
    entries.push(...taken);
    const last = taken.at(-1);
    if (taken.length < wanted.length && last) return { entries, nextAfterUid: last.message.uid };
    next = page.nextAfterUid;
    const isOver = entries.length >= limit || clock.now() > deadline;
    if (next !== undefined && isOver) return { entries, nextAfterUid: next };
  }
  return { entries };
}

/** One query: what is in place among its rows, often nothing. */
async function readPage(
  rows: RowStore,
  mailbox: Mailbox,
  afterUid: number,
  asOf: number,
): Promise<EntryPage> {
  const firstUid = afterUid + 1;
  const buckets = everyBucket(rows, mailbox, bucketOf(firstUid));
  const { value: bucket } = await buckets.next();
  // Nothing was expunged at or beyond UIDNEXT when it was read.
  if (bucket === undefined) return { entries: [] };
  const { rows: found, next } = await rows.query({
    table: 'dictmap',
    pk: messagePartition(mailbox.mailboxId, bucket),
    sk: { from: uidKey(firstUid) },
    limit: PAGE_ROWS,
  });
  const entries = inPlaceOf(found, asOf);
  const last = found.at(-1);
  if (next !== undefined && last !== undefined) {
    return { entries, nextAfterUid: Number(last.key.sk) };
  }
  const { done } = await buckets.next();
  if (done === true) return { entries };
  return { entries, nextAfterUid: (bucket + 1) * BUCKET_UIDS - 1 };
}
