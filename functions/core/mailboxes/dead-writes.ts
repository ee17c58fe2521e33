/** The writes that mark UIDs as dead, for the transaction that makes them so. */
import { BUCKET_UIDS } from '../../contract/limits.ts';
import { bucketOf, dictmapKeys } from '../../contract/row-layout.ts';
import type { RowStore, Write } from '../ports/row-store.ts';
import { number } from '../rows/attributes.ts';
import { inParallel } from '../rows/parallel.ts';
import { newBucket } from './bucket-directory.ts';
import { DeadMap, type OffsetRun } from './dead-map.ts';
import type { UidRun } from './passed-over.ts';

const PARALLEL_READS = 16;

/** Writes that one bucket takes, at most: a spent one leaves its place and takes another. */
export const DEAD_WRITES = 2;

/**
 * Each bucket's row must still be what is read here. One in which nothing is left alive becomes a
 * spent one. Where there is no row, the bucket only counts as in use, and gets one.
 */
export async function deadWrites(
  rows: RowStore,
  mailboxId: string,
  uids: readonly UidRun[],
): Promise<Write[]> {
  const buckets = [...Map.groupBy(uids.flatMap(inBuckets), ({ bucket }) => bucket)];
  const writes = await inParallel(buckets, PARALLEL_READS, ([bucket, parts]) =>
    bucketWrites(rows, mailboxId, bucket, parts),
  );
  return writes.flat();
}

interface DeadPart extends OffsetRun {
  readonly bucket: number;
}

function inBuckets({ from, to }: UidRun): DeadPart[] {
  const parts: DeadPart[] = [];
  for (let uid = from; uid <= to; ) {
    const bucket = bucketOf(uid);
    const first = bucket * BUCKET_UIDS;
    const last = Math.min(to, first + BUCKET_UIDS - 1);
    parts.push({ bucket, from: uid - first, to: last - first });
    uid = last + 1;
  }
  return parts;
}

async function bucketWrites(
  rows: RowStore,
  mailboxId: string,
  bucket: number,
  parts: readonly OffsetRun[],
): Promise<Write[]> {
  const key = dictmapKeys.bucket('bucket', mailboxId, bucket);
  const row = await rows.get(key);
  const map = DeadMap.of(row).with(...parts);
  const { set, unset } = map.attributes();
  if (row === undefined) {
    const attributes = { ...newBucket(mailboxId, bucket), ...set };
    return [{ kind: 'put', key, guard: { row: 'absent' }, attributes }];
  }
  const revision = number(row, 'revision');
  const guard = { row: 'present', equals: { revision } } as const;
  if (map.isFull) {
    const spent = dictmapKeys.bucket('spent', mailboxId, bucket);
    return [
      { kind: 'remove', key, guard },
      {
        kind: 'put',
        key: spent,
        // No two rows of one bucket, spent twice, look alike to who drops them.
        attributes: { ...newBucket(mailboxId, bucket), revision: revision + 1 },
      },
    ];
  }
  return [{ kind: 'update', key, guard, change: { set, unset, add: { revision: 1 } } }];
}
