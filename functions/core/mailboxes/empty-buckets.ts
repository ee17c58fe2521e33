/**
 * Rows of the directory that name an empty bucket go when another bucket comes into use: so their
 * number follows what is there, and not the UIDs that were ever given. A filled bucket that loses
 * its row would escape erasure (X3) or a storage's lists (W1), so a row goes only when nothing can
 * be in its bucket, and nothing can come into it any more.
 */
import {
  accountOfMailbox,
  accountPartition,
  dictmapKeys,
  lazyPartition,
  messagePartition,
} from '../../contract/row-layout.ts';
import type { Row, RowStore, Write } from '../ports/row-store.ts';
import { number, optionalNumber } from '../rows/attributes.ts';
import { inParallel } from '../rows/parallel.ts';
import { type Listing, markOf, toBucketName } from './bucket-directory.ts';
import type { Mailbox } from './mailbox.ts';

/** Rows looked at with each bucket that comes into use: a query of one read unit at most for each. */
const LOOK_ROWS = 64;
const PARALLEL_READS = 16;

/** How long the index of a storage may take to show an entry: it is late by seconds as a rule. */
const INDEX_SETTLES_MS = 86_400_000;

/** The fraction of the golden ratio: its multiples spread evenly, however many there are. */
const SPREAD = (Math.sqrt(5) - 1) / 2;

/** What turns into rows that may go: a bucket of the view is never spent, it only empties. */
const KINDS = { bucket: 'spent', lazy: 'lazy' } as const;

/**
 * Drops rows of empty buckets below the highest one. UIDs of those were given long ago, and only the
 * next UIDs are given in a mailbox that is active: nothing comes into them while it is (one whose
 * mail arrives from another account with UIDs below UIDNEXT is not). What is read as empty, strongly
 * consistent, therefore stays empty until the row is gone. The index of a storage is late: there the
 * next bucket must have been in use for a day.
 * @param mailbox as just read; its highest bucket only rises
 * @param now epoch milliseconds
 */
export async function dropEmptyBuckets(
  rows: RowStore,
  mailbox: Mailbox,
  listing: Listing,
  now: number,
): Promise<void> {
  const { mailboxId } = mailbox;
  const { top, unlisted } = markOf(mailbox, listing);
  const found = await someRows(rows, mailbox, listing);
  // A bucket below `unlisted` counts as in use by itself: its row says that it is not.
  const settled = found.filter((row, index) => {
    const { bucket } = toBucketName(row);
    if (bucket >= top || bucket < unlisted) return false;
    return listing === 'bucket' || isSettled(found[index + 1], now);
  });
  const looked = await inParallel(settled, PARALLEL_READS, async (row) => ({
    row,
    isEmpty: await isEmpty(rows, mailboxId, listing, toBucketName(row).bucket),
  }));
  const removals = looked
    .filter((one) => one.isEmpty)
    .map(({ row }): Write => {
      const equals = { revision: number(row, 'revision') };
      return { kind: 'remove', key: row.key, guard: { row: 'present', equals } };
    });
  if (removals.length === 0) return;
  const guard = { row: 'present', equals: { state: 'active' } } as const;
  // Refused, they stay until the next bucket comes.
  await rows.transact([{ kind: 'check', key: dictmapKeys.mailbox(mailboxId), guard }, ...removals]);
}

/**
 * Whether the bucket before this one, a row of the view, has got its last entry so long ago that the
 * index shows it: this one's row came with its first entry. Unknown is no.
 */
function isSettled(next: Row | undefined, now: number): boolean {
  const since = next && optionalNumber(next, 'registeredAt');
  return since !== undefined && since + INDEX_SETTLES_MS <= now;
}

/** Some rows below the highest bucket and its own, in order: others each time, if there are many. */
async function someRows(rows: RowStore, mailbox: Mailbox, listing: Listing): Promise<Row[]> {
  const { mailboxId } = mailbox;
  const { top } = markOf(mailbox, listing);
  if (top < 1) return [];
  const kind = KINDS[listing];
  const pk = accountPartition(accountOfMailbox(mailboxId));
  const skOf = (bucket: number) => dictmapKeys.bucket(kind, mailboxId, bucket).sk;
  const start = Math.floor(((top * SPREAD) % 1) * top);
  const query = { table: 'dictmap', pk } as const;
  const upper = await rows.query({
    ...query,
    sk: { from: skOf(start), to: skOf(top) },
    limit: LOOK_ROWS,
  });
  const left = LOOK_ROWS - upper.rows.length;
  if (left === 0 || start === 0) return [...upper.rows];
  const lower = await rows.query({
    ...query,
    sk: { from: skOf(0), to: skOf(start - 1) },
    limit: left,
  });
  return [...lower.rows, ...upper.rows];
}

async function isEmpty(
  rows: RowStore,
  mailboxId: string,
  listing: Listing,
  bucket: number,
): Promise<boolean> {
  const query =
    listing === 'lazy'
      ? ({ table: 'dictmap', index: 'lazy', pk: lazyPartition(mailboxId, bucket) } as const)
      : ({ table: 'dictmap', pk: messagePartition(mailboxId, bucket) } as const);
  // A page may be empty and yet have a successor: then the row stays.
  const { rows: found, next } = await rows.query({ ...query, limit: 1, keysOnly: true });
  return found.length === 0 && next === undefined;
}
