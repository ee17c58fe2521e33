/**
 * The directory of the buckets in use: a row for each, written before or with the first row of the
 * bucket. It may name an empty bucket, it never misses a filled one, so work follows what is there
 * and not the UIDs that were ever given (docs/decisions/0018-directory-of-buckets.md).
 */
import { BUCKET_UIDS } from '../../contract/limits.ts';
import {
  accountOfMailbox,
  accountPartition,
  bucketOf,
  dictmapKeys,
  ROW_VERSION,
} from '../../contract/row-layout.ts';
import type { Attributes, Row, RowStore, Write } from '../ports/row-store.ts';
import { number } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';
import { inParallel } from '../rows/parallel.ts';
import { DeadMap } from './dead-map.ts';
import type { Mailbox } from './mailbox.ts';
import { passedOver } from './passed-over.ts';

/** Message rows, or the view of a storage. */
export const LISTINGS = ['bucket', 'lazy'] as const;
export type Listing = (typeof LISTINGS)[number];

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
 * @param now epoch milliseconds
 */
export function registration(
  mailbox: Mailbox,
  uids: readonly number[],
  now: number,
  listing: Listing = 'bucket',
): Registration {
  const mark = markOf(mailbox, listing);
  const buckets = [...new Set(uids.map(bucketOf))].filter((bucket) => bucket > mark.top);
  const known = mailbox[NAMES[listing].top] !== undefined;
  if (buckets.length === 0 && known) return { puts: [], set: {} };
  const top = Math.max(mark.top, ...buckets);
  return {
    puts: buckets.map((bucket) =>
      listing === 'lazy'
        ? viewPut(mailbox.mailboxId, bucket, now)
        : bucketPut(mailbox.mailboxId, bucket, uids),
    ),
    set: { ...markAttributes(mailbox, listing), [NAMES[listing].top]: top },
  };
}

/** With the UIDs of the bucket that are passed over, as they are once UIDNEXT is beyond them. */
function bucketPut(mailboxId: string, bucket: number, uids: readonly number[]): Write {
  const first = bucket * BUCKET_UIDS;
  const own = uids.filter((uid) => uid >= first);
  const runs = passedOver(first, own).map(({ from, to }) => ({
    from: from - first,
    to: to - first,
  }));
  const { set } = DeadMap.none()
    .with(...runs)
    .attributes();
  return {
    kind: 'put',
    key: dictmapKeys.bucket('bucket', mailboxId, bucket),
    attributes: { ...newBucket(mailboxId, bucket), ...set },
  };
}

/** With the time: by then all buckets below it have got their last entry. */
const viewPut = (mailboxId: string, bucket: number, now: number): Write => ({
  kind: 'put',
  key: dictmapKeys.bucket('lazy', mailboxId, bucket),
  attributes: { ...newBucket(mailboxId, bucket), registeredAt: now },
});

/** Attributes of the row of a bucket that comes into use. */
export const newBucket = (mailboxId: string, bucket: number): Attributes => ({
  v: ROW_VERSION,
  type: 'bucket',
  mailboxId,
  bucket,
  revision: 1,
});

/** Registers a bucket of message rows that has no row yet: none of its UIDs is known to be dead. */
export const bucketWrite = (mailboxId: string, bucket: number): Write => ({
  kind: 'put',
  key: dictmapKeys.bucket('bucket', mailboxId, bucket),
  guard: { row: 'absent' },
  attributes: newBucket(mailboxId, bucket),
});

/**
 * Registers the buckets of messages that come with UIDs below UIDNEXT, as those of a folder from
 * another account do: each row is made, or must be what was just read,
 * and says of none of them that it is dead.
 */
export async function arrivalWrites(
  rows: RowStore,
  { mailboxId }: Mailbox,
  uids: readonly number[],
): Promise<Write[]> {
  const buckets = [...Map.groupBy(uids, bucketOf)];
  return await inParallel(buckets, PARALLEL_READS, async ([bucket, members]): Promise<Write> => {
    const key = dictmapKeys.bucket('bucket', mailboxId, bucket);
    const row = await rows.get(key);
    if (row === undefined) return bucketWrite(mailboxId, bucket);
    const guard = { row: 'present', equals: { revision: number(row, 'revision') } } as const;
    const dead = DeadMap.of(row);
    const offsets = members.map((uid) => uid - bucket * BUCKET_UIDS);
    if (!offsets.some((offset) => dead.has(offset))) return { kind: 'check', key, guard };
    // What a purge had taken of the copy comes once more.
    const { set, unset } = dead.without(offsets).attributes();
    return { kind: 'update', key, guard, change: { set, unset, add: { revision: 1 } } };
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

/** A bucket in use; `row` is missing where it only counts as in use. */
export interface Bucket {
  readonly bucket: number;
  readonly row?: Row;
}

/** Rows of the directory in one page: 8 of at most 1.8 KB are four read units. */
const PAGE_ROWS = 8;

/** Rows of spent buckets are small. */
const SPENT_ROWS = 100;

/** Sorts behind every bucket. */
const LAST = 999_999;

/** Buckets in use from this one on, in order; read as they are asked for, strongly consistent. */
export async function* bucketsFrom(
  rows: RowStore,
  mailbox: Mailbox,
  listing: Listing,
  first: number,
): AsyncGenerator<Bucket> {
  const { top, unlisted } = markOf(mailbox, listing);
  for (let from = first; from <= top; ) {
    const { to, found } =
      from < unlisted
        ? await unlistedWindow(rows, mailbox, listing, { from, unlisted })
        : await listedWindow(rows, mailbox, listing, from);
    yield* found;
    from = to + 1;
  }
}

/** Neighbouring buckets, from the one asked for to the last that the window covers. */
interface Window {
  readonly to: number;
  readonly found: readonly Bucket[];
}

async function listedWindow(
  rows: RowStore,
  { mailboxId }: Mailbox,
  listing: Listing,
  from: number,
): Promise<Window> {
  const found: Bucket[] = [];
  let after: string | undefined;
  do {
    const query = directoryQuery(listing, mailboxId, from, LAST);
    const page = await rows.query(after === undefined ? query : { ...query, after });
    found.push(...page.rows.map((row) => ({ bucket: toBucketName(row).bucket, row })));
    after = page.next;
    // A page may be empty, and yet have a successor.
  } while (found.length === 0 && after !== undefined);
  return { to: after === undefined ? LAST : (found.at(-1)?.bucket ?? LAST), found };
}

/** All of them, whether or not they have a row, but for those that are known to be spent. */
async function unlistedWindow(
  rows: RowStore,
  { mailboxId }: Mailbox,
  listing: Listing,
  { from, unlisted }: { readonly from: number; readonly unlisted: number },
): Promise<Window> {
  const to = Math.min(from + PAGE_ROWS, unlisted) - 1;
  const named = new Map<number, Row>();
  for await (const row of everyRow(rows, directoryQuery(listing, mailboxId, from, to))) {
    named.set(toBucketName(row).bucket, row);
  }
  const spent = new Set<number>();
  if (listing === 'bucket') {
    for await (const row of everyRow(rows, directoryQuery('spent', mailboxId, from, to))) {
      spent.add(toBucketName(row).bucket);
    }
  }
  const found: Bucket[] = [];
  for (let bucket = from; bucket <= to; bucket += 1) {
    const row = named.get(bucket);
    if (row !== undefined) found.push({ bucket, row });
    else if (!spent.has(bucket)) found.push({ bucket });
  }
  return { to, found };
}

function directoryQuery(kind: Listing | 'spent', mailboxId: string, first: number, last: number) {
  const from = dictmapKeys.bucket(kind, mailboxId, first).sk;
  const to = dictmapKeys.bucket(kind, mailboxId, last).sk;
  const pk = accountPartition(accountOfMailbox(mailboxId));
  const limit = kind === 'spent' ? SPENT_ROWS : PAGE_ROWS;
  return { table: 'dictmap', pk, sk: { from, to }, limit } as const;
}

/** Every bucket that may hold a row of the mailbox, spent ones included, each once and in order. */
export async function* everyBucket(
  rows: RowStore,
  mailbox: Mailbox,
  first = 0,
): AsyncGenerator<number> {
  const { top, unlisted } = markOf(mailbox);
  let from = first;
  for (; from < unlisted; from += 1) yield from;
  while (from <= top) {
    // In use before spent: a bucket only ever turns from the one into the other.
    const { to, found } = await listedWindow(rows, mailbox, 'bucket', from);
    const last = Math.min(to, top);
    // Beyond the top lies what was noted for a delivery that is to come, or never came.
    const buckets = new Set(found.map(({ bucket }) => bucket).filter((bucket) => bucket <= last));
    if (buckets.size <= last - from) {
      const query = directoryQuery('spent', mailbox.mailboxId, from, last);
      for await (const row of everyRow(rows, query)) buckets.add(toBucketName(row).bucket);
    }
    yield* [...buckets].toSorted((one, other) => one - other);
    from = to + 1;
  }
}
