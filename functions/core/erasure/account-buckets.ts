/**
 * All partitions of message rows of an account, from its directory of buckets: read in the order
 * of mailbox ids, so that memory holds a page of it, however many there are.
 */
import { accountPartition, type BucketKind } from '../../contract/row-layout.ts';
import { type BucketName, markOf, toBucketName } from '../mailboxes/bucket-directory.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { toMailbox } from '../mailboxes/mailbox.ts';
import type { RowStore } from '../ports/row-store.ts';
import { everyRow } from '../rows/paging.ts';

const PAGE_ROWS = 500;

/** Neighbouring buckets of a mailbox, both ends included. */
export interface BucketRun {
  readonly from: number;
  readonly to: number;
}

/** A mailbox, then its runs in order. */
type Met =
  | { readonly mailboxId: string; readonly mailbox: Mailbox }
  | { readonly mailboxId: string; readonly run: BucketRun };

/**
 * Walks the account partition, strongly consistent. Rows of the directory that no mailbox row
 * belongs to are met as well: what nobody knows is not passed over.
 * @param firstMailboxId where an earlier walk stopped; that mailbox is met again
 */
export async function* accountBuckets(
  rows: RowStore,
  accountId: string,
  firstMailboxId = '',
): AsyncGenerator<Met> {
  // In use before spent: a bucket only ever turns from the one into the other.
  const mailboxes = new Peekable(mailboxesFrom(rows, accountId, firstMailboxId));
  const used = new Peekable(namesFrom(rows, accountId, 'bucket', firstMailboxId));
  const spent = new Peekable(namesFrom(rows, accountId, 'spent', firstMailboxId));
  for (;;) {
    const heads = [await mailboxes.peek(), await used.peek(), await spent.peek()];
    const mailboxId = heads
      .flatMap((head) => head?.mailboxId ?? [])
      .toSorted()
      .at(0);
    if (mailboxId === undefined) return;
    const mailbox = heads[0]?.mailboxId === mailboxId ? await mailboxes.take() : undefined;
    if (mailbox !== undefined) yield { mailboxId, mailbox };
    const unlisted = mailbox === undefined ? 0 : markOf(mailbox).unlisted;
    let run: { from: number; to: number } | undefined =
      unlisted > 0 ? { from: 0, to: unlisted - 1 } : undefined;
    for (;;) {
      const bucket = await nextBucket(mailboxId, used, spent);
      if (bucket === undefined) break;
      if (run !== undefined && bucket <= run.to + 1) run.to = Math.max(run.to, bucket);
      else {
        if (run !== undefined) yield { mailboxId, run };
        run = { from: bucket, to: bucket };
      }
    }
    if (run !== undefined) yield { mailboxId, run };
  }
}

/** The lower one of both heads that belong to this mailbox. */
async function nextBucket(
  mailboxId: string,
  ...sources: readonly Peekable<BucketName>[]
): Promise<number | undefined> {
  let lowest: Peekable<BucketName> | undefined;
  let bucket: number | undefined;
  for (const source of sources) {
    const head = await source.peek();
    if (head?.mailboxId !== mailboxId) continue;
    if (bucket !== undefined && head.bucket >= bucket) continue;
    lowest = source;
    bucket = head.bucket;
  }
  await lowest?.take();
  return bucket;
}

async function* mailboxesFrom(
  rows: RowStore,
  accountId: string,
  firstMailboxId: string,
): AsyncGenerator<Mailbox> {
  for await (const row of everyRow(rows, {
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { from: `mailbox#${firstMailboxId}`, to: `mailbox${AFTER_HASH}` },
    limit: PAGE_ROWS,
  })) {
    yield toMailbox(row);
  }
}

async function* namesFrom(
  rows: RowStore,
  accountId: string,
  kind: BucketKind,
  firstMailboxId: string,
): AsyncGenerator<BucketName> {
  for await (const row of everyRow(rows, {
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { from: `${kind}#${firstMailboxId}`, to: `${kind}${AFTER_HASH}` },
    limit: PAGE_ROWS,
    keysOnly: true,
  })) {
    yield toBucketName(row);
  }
}

/** Follows `#`: no key of another kind lies between. */
const AFTER_HASH = '$';

/** A generator whose next value can be looked at before it is taken. */
class Peekable<T> {
  readonly #source: AsyncGenerator<T>;
  #head: Promise<IteratorResult<T>> | undefined;

  constructor(source: AsyncGenerator<T>) {
    this.#source = source;
  }

  async peek(): Promise<T | undefined> {
    this.#head ??= this.#source.next();
    const { done, value } = await this.#head;
    return done === true ? undefined : value;
  }

  async take(): Promise<T | undefined> {
    const value = await this.peek();
    if (value !== undefined) this.#head = undefined;
    return value;
  }
}
