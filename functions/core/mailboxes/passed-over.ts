/** UIDs that are passed over when others are given: they rise, so nobody ever gets them. */
import { BUCKET_UIDS } from '../../contract/limits.ts';
import { bucketOf } from '../../contract/row-layout.ts';
import type { Mailbox } from './mailbox.ts';

/** First and last UID. */
export interface UidRun {
  readonly from: number;
  readonly to: number;
}

const lastOf = (bucket: number): number => (bucket + 1) * BUCKET_UIDS - 1;

/**
 * Between a UID and the last of its bucket, those that are not given. The rest of the bucket
 * counts when UIDs beyond it are given.
 * @param first UIDNEXT as read, or the first UID of the bucket
 * @param uids rising, all from the first on
 */
export function passedOver(first: number, uids: readonly number[]): UidRun[] {
  const last = lastOf(bucketOf(first));
  const runs: UidRun[] = [];
  let next = first;
  for (const uid of uids) {
    const end = Math.min(uid - 1, last);
    if (end >= next) runs.push({ from: next, to: end });
    next = uid + 1;
    if (next > last) break;
  }
  return runs;
}

/** Those of the bucket that UIDNEXT lies in, where a row of the directory names it. */
export function passedInTop(
  { uidNext }: Pick<Mailbox, 'uidNext'>,
  top: number,
  uids: readonly number[],
): UidRun[] {
  return bucketOf(uidNext) === top ? passedOver(uidNext, uids) : [];
}
