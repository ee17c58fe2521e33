/**
 * Pages of the message rows of an account, whatever their state and whatever the state of their
 * mailboxes, from the base table and strongly consistent: no index is asked, which may be late, and
 * no map of what is dead, for expunged rows count as that. Memory holds a page.
 */
import { BUCKET_UIDS } from '../../contract/limits.ts';
import { messagePartition, uidKey } from '../../contract/row-layout.ts';
import { accountBuckets } from '../erasure/account-buckets.ts';
import type { Row, RowStore } from '../ports/row-store.ts';
import type { HoldPlace } from './hold-operation.ts';

const PAGE_ROWS = 500;

export interface RowsPage {
  readonly mailboxId: string;
  readonly bucket: number;
  readonly rows: readonly Row[];
  /** Where the walk goes on after this page. */
  readonly next: HoldPlace;
}

/**
 * From a place on, to the end of the account. Rows that come behind the walk are no matter: while
 * an account is held nothing of it is expunged, and expunged rows stay where they are.
 */
export async function* messagePages(
  rows: RowStore,
  accountId: string,
  place: HoldPlace,
): AsyncGenerator<RowsPage> {
  for await (const met of accountBuckets(rows, accountId, place.mailboxId)) {
    if (!('run' in met)) continue;
    const { mailboxId, run } = met;
    const isFirst = mailboxId === place.mailboxId;
    const first = isFirst ? Math.max(run.from, place.bucket) : run.from;
    for (let bucket = first; bucket <= run.to; bucket += 1) {
      const afterUid = isFirst && bucket === place.bucket ? place.afterUid : 0;
      yield* bucketPages(rows, mailboxId, bucket, afterUid);
    }
  }
}

async function* bucketPages(
  rows: RowStore,
  mailboxId: string,
  bucket: number,
  afterUid: number,
): AsyncGenerator<RowsPage> {
  const last = (bucket + 1) * BUCKET_UIDS - 1;
  const first = Math.max(afterUid + 1, bucket * BUCKET_UIDS);
  if (first > last) return;
  let reached = first - 1;
  let after: string | undefined;
  do {
    const page = await rows.query({
      table: 'dictmap',
      pk: messagePartition(mailboxId, bucket),
      sk: { from: uidKey(first), to: uidKey(last) },
      limit: PAGE_ROWS,
      ...(after === undefined ? {} : { after }),
    });
    const end = page.rows.at(-1);
    if (page.next === undefined) reached = last;
    else if (end !== undefined) reached = Number(end.key.sk);
    yield { mailboxId, bucket, rows: page.rows, next: { mailboxId, bucket, afterUid: reached } };
    after = page.next;
  } while (after !== undefined);
}
