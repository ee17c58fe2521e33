/**
 * The directory of the buckets in use: a row for each, written before or with the first row of the
 * bucket. It may name an empty bucket, it never misses a filled one, so work follows what is there
 * and not the UIDs that were ever given (docs/decisions/0018-directory-of-buckets.md).
 */
import {
  accountOfMailbox,
  accountPartition,
  bucketOf,
  bucketPrefix,
  dictmapKeys,
  ROW_VERSION,
} from '../../contract/row-layout.ts';
import type { Attributes, Row, RowStore, Write } from '../ports/row-store.ts';
import { number } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';
import { inParallel } from '../rows/parallel.ts';
import type { Mailbox } from './mailboxes.ts';

/** Message rows, or the view of a storage. */
export type Listing = 'bucket' | 'lazy';

type Marked = Pick<
  Mailbox,
  'uidNext' | 'topBucket' | 'unlistedBuckets' | 'topLazyBucket' | 'unlistedLazyBuckets'
>;

export interface Mark {
  /** The highest bucket that can hold a row; -1: none can. */
  readonly top: number;
  /** Buckets below this one count as in use, whether or not the directory names them. */
  readonly unlisted: number;
}

const NAMES = {
  bucket: { top: 'topBucket', unlisted: 'unlistedBuckets' },
  lazy: { top: 'topLazyBucket', unlisted: 'unlistedLazyBuckets' },
} as const;

/**
 * Up to where the directory of a mailbox can be relied on. A row without a mark that has given
 * UIDs is older than the directory: all its buckets count as in use.
 */
export function markOf(mailbox: Marked, listing: Listing = 'bucket'): Mark {
  const names = NAMES[listing];
  const top = mailbox[names.top];
  if (top !== undefined) return { top, unlisted: mailbox[names.unlisted] ?? 0 };
  if (mailbox.uidNext <= 1) return { top: -1, unlisted: 0 };
  const last = bucketOf(mailbox.uidNext - 1);
  return { top: last, unlisted: last + 1 };
}

/** The mark as attributes of a mailbox row, to be written when UIDNEXT rises. */
function markAttributes(mailbox: Marked, listing: Listing): Record<string, number> {
  const { top, unlisted } = markOf(mailbox, listing);
  const names = NAMES[listing];
  return { [names.top]: top, ...(unlisted === 0 ? {} : { [names.unlisted]: unlisted }) };
}

/** Both marks, for a mailbox whose UIDNEXT is raised and that gets no message: no bucket comes in. */
export const bothMarks = (mailbox: Marked): Record<string, number> => ({
  ...markAttributes(mailbox, 'bucket'),
  ...markAttributes(mailbox, 'lazy'),
});

export interface Registration {
  /** Rows of buckets that come into use; safe to repeat while UIDNEXT stands. */
  readonly puts: readonly Write[];
  /** What the mailbox row says from then on. */
  readonly set: Record<string, number>;
}

/**
 * Registers the buckets that these UIDs are the first of. The mailbox row must still have the
 * UIDNEXT that was read: UIDs only rise, so nothing of these buckets is known to anybody.
 */
export function registration(
  mailbox: Mailbox,
  uids: readonly number[],
  listing: Listing = 'bucket',
): Registration {
  const mark = markOf(mailbox, listing);
  const buckets = [...new Set(uids.map(bucketOf))].filter((bucket) => bucket > mark.top);
  const known = mailbox[NAMES[listing].top] !== undefined;
  if (buckets.length === 0 && known) return { puts: [], set: {} };
  const top = Math.max(mark.top, ...buckets);
  return {
    puts: buckets.map((bucket) => bucketPut(mailbox.mailboxId, bucket, listing)),
    set: { ...markAttributes(mailbox, listing), [NAMES[listing].top]: top },
  };
}

function bucketPut(mailboxId: string, bucket: number, listing: Listing): Write {
  return {
    kind: 'put',
    key: dictmapKeys.bucket(listing, mailboxId, bucket),
    attributes: newBucket(mailboxId, bucket),
  };
}

/** Attributes of the row of a bucket that comes into use. */
export const newBucket = (mailboxId: string, bucket: number): Attributes => ({
  v: ROW_VERSION,
  type: 'bucket',
  mailboxId,
  bucket,
  revision: 1,
});

/**
 * Registers the buckets of messages that come with UIDs below UIDNEXT, as those of a folder from
 * another account do: each row is made, or must be what was just read.
 */
export async function arrivalWrites(
  rows: RowStore,
  { mailboxId }: Mailbox,
  uids: readonly number[],
): Promise<Write[]> {
  const buckets = [...new Set(uids.map(bucketOf))];
  return await inParallel(buckets, PARALLEL_READS, async (bucket): Promise<Write> => {
    const key = dictmapKeys.bucket('bucket', mailboxId, bucket);
    const row = await rows.get(key);
    if (row === undefined) {
      return {
        kind: 'put',
        key,
        guard: { row: 'absent' },
        attributes: newBucket(mailboxId, bucket),
      };
    }
    const revision = number(row, 'revision');
    return { kind: 'check', key, guard: { row: 'present', equals: { revision } } };
  });
}

const PARALLEL_READS = 16;

/** The mailbox and the number of the bucket that a row of the directory, or a plan, names. */
export interface BucketName {
  readonly mailboxId: string;
  readonly bucket: number;
}

export function toBucketName({ key: { sk } }: Pick<Row, 'key'>): BucketName {
  const [, mailboxId = '', bucket = ''] = sk.split('#');
  return { mailboxId, bucket: Number(bucket) };
}

interface Bucket {
  readonly bucket: number;
  /** Missing: it only counts as in use. */
  readonly row?: Row;
}

/** Rows of the directory in one page: 8 of at most 1.8 KB are four read units. */
const PAGE_ROWS = 8;

/** Sorts behind every bucket. */
const LAST = 999_999;

/** Buckets in use from this one on, in order; read as they are asked for, strongly consistent. */
async function* bucketsFrom(
  rows: RowStore,
  mailbox: Mailbox,
  listing: Listing,
  first: number,
): AsyncGenerator<Bucket> {
  const { top, unlisted } = markOf(mailbox, listing);
  const { mailboxId } = mailbox;
  for (let from = first; from < unlisted; from += PAGE_ROWS) {
    const to = Math.min(from + PAGE_ROWS, unlisted) - 1;
    const found = new Map<number, Row>();
    for await (const row of everyRow(rows, directoryQuery(listing, mailboxId, from, to))) {
      found.set(toBucketName(row).bucket, row);
    }
    for (let bucket = from; bucket <= to; bucket += 1) {
      const row = found.get(bucket);
      yield row === undefined ? { bucket } : { bucket, row };
    }
  }
  const from = Math.max(first, unlisted);
  if (from > top) return;
  for await (const row of everyRow(rows, directoryQuery(listing, mailboxId, from, LAST))) {
    yield { bucket: toBucketName(row).bucket, row };
  }
}

function directoryQuery(kind: Listing | 'spent', mailboxId: string, first: number, last: number) {
  const from = dictmapKeys.bucket(kind, mailboxId, first).sk;
  const to = dictmapKeys.bucket(kind, mailboxId, last).sk;
  const pk = accountPartition(accountOfMailbox(mailboxId));
  return { table: 'dictmap', pk, sk: { from, to }, limit: PAGE_ROWS } as const;
}

/**
 * Every bucket that may hold a row of the mailbox, spent ones included, each once and in no order.
 * Those in use are read first: a bucket that is spent meanwhile is not missed.
 */
export async function* everyBucket(rows: RowStore, mailbox: Mailbox): AsyncGenerator<number> {
  const { top, unlisted } = markOf(mailbox);
  const met = new Set<number>();
  for await (const { bucket } of bucketsFrom(rows, mailbox, 'bucket', 0)) {
    if (bucket >= unlisted) met.add(bucket);
    yield bucket;
  }
  // Only a bucket below the highest one is ever spent.
  if (top <= 0) return;
  const pk = accountPartition(accountOfMailbox(mailbox.mailboxId));
  const sk = { prefix: bucketPrefix('spent', mailbox.mailboxId) };
  for await (const row of everyRow(rows, { table: 'dictmap', pk, sk, limit: SPENT_ROWS })) {
    const { bucket } = toBucketName(row);
    if (bucket >= unlisted && !met.has(bucket)) yield bucket;
  }
}

/** Rows of spent buckets are small. */
const SPENT_ROWS = 100;
