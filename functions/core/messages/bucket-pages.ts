/**
 * Pages of what lies in the buckets of a mailbox, or in the view of a storage. Only UIDs that may
 * be alive are asked for, so a page costs what it shows and not what has ended before it.
 */
import { BUCKET_UIDS } from '../../contract/limits.ts';
import { bucketOf, lazyPartition, messagePartition, uidKey } from '../../contract/row-layout.ts';
import { type Bucket, bucketsFrom, type Listing } from '../mailboxes/bucket-directory.ts';
import { DeadMap } from '../mailboxes/dead-map.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import type { Page, Row, RowStore } from '../ports/row-store.ts';
import { text } from '../rows/attributes.ts';
import { inParallel } from '../rows/parallel.ts';

/**
 * Dead rows read along rather than asking twice: a query costs half a read unit for 8 rows, and
 * time.
 */
const GAP_UIDS = 16;

/** Runs asked for side by side. */
const PARALLEL_READS = 16;

/** Turns of queries for one page: then it ends, however little it shows. */
const TURNS_MAX = 16;

/** Rows asked for at least, more with each turn. */
const TURN_ROWS = 32;

/** UIDs that may be alive, all in one bucket. */
interface Span {
  readonly from: number;
  readonly to: number;
}

export interface BucketPart {
  readonly rows: readonly Row[];
  /** Everything up to this UID has been looked at; missing: there is nothing beyond. */
  readonly upTo?: number;
}

export interface PartRequest {
  readonly listing: Listing;
  readonly firstUid: number;
  /** Rows to show, from 1 on. */
  readonly limit: number;
  /** Whether a row counts as one. */
  readonly shows: (row: Row) => boolean;
}

/** One page, in UID order. It may show fewer rows than asked for, and yet have a successor. */
export async function readPart(
  rows: RowStore,
  mailbox: Mailbox,
  { listing, firstUid, limit, shows }: PartRequest,
): Promise<BucketPart> {
  const spans = new Spans(bucketsFrom(rows, mailbox, listing, bucketOf(firstUid)), firstUid);
  const found: Row[] = [];
  let shown = 0;
  let upTo = firstUid - 1;
  for (let turn = 0; turn < TURNS_MAX && shown < limit; turn += 1) {
    // Rows that do not show, of which no map tells, are not to be met one by one.
    const wanted = Math.max(limit - shown, turn * TURN_ROWS);
    const some = await spans.take(wanted);
    if (some.length === 0) return { rows: found };
    const pages = await inParallel(some, PARALLEL_READS, (span) =>
      readSpan(rows, { mailboxId: mailbox.mailboxId, listing }, span, wanted),
    );
    for (const [index, page] of pages.entries()) {
      found.push(...page.rows);
      shown += page.rows.filter(shows).length;
      const last = page.rows.at(-1);
      upTo = some[index]?.to ?? upTo;
      if (page.next === undefined) continue;
      upTo = last === undefined ? (some[index]?.from ?? 1) - 1 : uidIn(listing, last);
      spans.goBackTo(upTo + 1, some.slice(index));
      break;
    }
  }
  return (await spans.isOver()) ? { rows: found } : { rows: found, upTo };
}

async function readSpan(
  rows: RowStore,
  { mailboxId, listing }: { readonly mailboxId: string; readonly listing: Listing },
  { from, to }: Span,
  limit: number,
): Promise<Page> {
  const bucket = bucketOf(from);
  const sk = { from: uidKey(from), to: uidKey(to) };
  return await rows.query(
    listing === 'lazy'
      ? { table: 'dictmap', index: 'lazy', pk: lazyPartition(mailboxId, bucket), sk, limit }
      : { table: 'dictmap', pk: messagePartition(mailboxId, bucket), sk, limit },
  );
}

/** The UID under which a row was found: of its own mailbox, or of the storage's view. */
export const uidIn = (listing: Listing, row: Row): number =>
  Number(listing === 'lazy' ? text(row, 'lazySk') : row.key.sk);

/** Spans in order, made as they are asked for. */
class Spans {
  readonly #buckets: AsyncGenerator<Bucket>;
  readonly #firstUid: number;
  #waiting: Span[] = [];

  constructor(buckets: AsyncGenerator<Bucket>, firstUid: number) {
    this.#buckets = buckets;
    this.#firstUid = firstUid;
  }

  /** So many that they have that many UIDs, if there are. */
  async take(uids: number): Promise<readonly Span[]> {
    const taken: Span[] = [];
    for (let sum = 0; sum < uids && taken.length < PARALLEL_READS; ) {
      const next = (await this.#fill()) ? this.#waiting.shift() : undefined;
      if (next === undefined) break;
      taken.push(next);
      sum += next.to - next.from + 1;
    }
    return taken;
  }

  /** Puts back what was not read to its end. */
  goBackTo(uid: number, [cut, ...others]: readonly Span[]): void {
    const rest = cut === undefined || uid > cut.to ? [] : [{ from: uid, to: cut.to }];
    this.#waiting.unshift(...rest, ...others);
  }

  async isOver(): Promise<boolean> {
    return !(await this.#fill());
  }

  /** @returns whether there is one */
  async #fill(): Promise<boolean> {
    while (this.#waiting.length === 0) {
      const { done, value } = await this.#buckets.next();
      if (done === true) return false;
      this.#waiting = spansOf(value, this.#firstUid);
    }
    return true;
  }
}

function spansOf({ bucket, row }: Bucket, firstUid: number): Span[] {
  const first = bucket * BUCKET_UIDS;
  const spans: { from: number; to: number }[] = [];
  for (const run of DeadMap.of(row).runs(false, Math.max(firstUid - first, 0))) {
    const [from, to] = [first + run.from, first + run.to];
    const before = spans.at(-1);
    if (before !== undefined && from - before.to <= GAP_UIDS) before.to = to;
    else spans.push({ from, to });
  }
  return spans;
}
