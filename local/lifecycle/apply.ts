import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  type S3Client,
} from '@aws-sdk/client-s3';
import { inBatches } from './batches.ts';
import { readBucket } from './bucket-contents.ts';
import { type LifecycleAction, lifecycleActions } from './evaluate.ts';
import { looksAtTags } from './filter.ts';

/** S3 takes as many in one request. */
const REMOVALS_MAX = 1000;
/** A marker, the version under it, then the marker alone: three, and one that finds nothing. */
const PASSES_MAX = 10;

type Removal = Extract<LifecycleAction, { readonly versionId: string }>;

/** What lifecycle rules have done. */
export interface LifecycleCounts {
  /** Delete markers placed; in a bucket that was never versioned, objects removed. */
  readonly objectsExpired: number;
  readonly versionsRemoved: number;
  readonly markersRemoved: number;
  readonly uploadsAborted: number;
  /** Versions that are due, but that Object Lock keeps. */
  readonly keptByLock: number;
}

export const NO_COUNTS: LifecycleCounts = {
  objectsExpired: 0,
  versionsRemoved: 0,
  markersRemoved: 0,
  uploadsAborted: 0,
  keptByLock: 0,
};

export interface LifecycleOutcome {
  readonly counts: LifecycleCounts;
  /** When something will be due next, as things are now; missing: never. */
  readonly nextDueMs?: number;
}

/** The lifecycle rules of a bucket, as S3 keeps them; none when it has none. */
async function readRules(s3: S3Client, bucket: string): Promise<readonly LifecycleRule[]> {
  try {
    const command = new GetBucketLifecycleConfigurationCommand({ Bucket: bucket });
    return (await s3.send(command)).Rules ?? [];
  } catch (error) {
    if ((error as Error).name === 'NoSuchLifecycleConfiguration') return [];
    throw error;
  }
}

/**
 * Applies a bucket's lifecycle rules as of a time (milliseconds since 1970), through the S3 API,
 * again and again until a pass finds nothing due.
 */
export async function applyLifecycle(
  s3: S3Client,
  bucket: string,
  nowMs: number,
): Promise<LifecycleOutcome> {
  const rules = await readRules(s3, bucket);
  if (!rules.some(({ Status }) => Status === 'Enabled')) return { counts: NO_COUNTS };
  const locked = new Set<string>();
  let counts = NO_COUNTS;
  for (let pass = 0; pass < PASSES_MAX; pass += 1) {
    const contents = await readBucket(s3, bucket, { tags: looksAtTags(rules) });
    const actions = lifecycleActions(rules, contents).filter(
      (action) => !('versionId' in action && locked.has(idOf(action))),
    );
    const due = actions.filter(({ dueMs }) => dueMs <= nowMs);
    if (due.length === 0) return outcome({ ...counts, keptByLock: locked.size }, actions);
    counts = added(counts, await carryOut(s3, bucket, due, locked));
  }
  throw new Error(`The rules of ${bucket} still find something after ${PASSES_MAX} passes.`);
}

/** The sum of both, member by member. */
export function added(left: LifecycleCounts, right: LifecycleCounts): LifecycleCounts {
  return {
    objectsExpired: left.objectsExpired + right.objectsExpired,
    versionsRemoved: left.versionsRemoved + right.versionsRemoved,
    markersRemoved: left.markersRemoved + right.markersRemoved,
    uploadsAborted: left.uploadsAborted + right.uploadsAborted,
    keptByLock: left.keptByLock + right.keptByLock,
  };
}

function outcome(counts: LifecycleCounts, later: readonly LifecycleAction[]): LifecycleOutcome {
  const times = later.map(({ dueMs }) => dueMs);
  return times.length === 0 ? { counts } : { counts, nextDueMs: Math.min(...times) };
}

const idOf = ({ key, versionId }: { key: string; versionId: string }) => `${versionId} ${key}`;

/** @param locked takes the versions that cannot be removed now */
async function carryOut(
  s3: S3Client,
  Bucket: string,
  due: readonly LifecycleAction[],
  locked: Set<string>,
): Promise<LifecycleCounts> {
  const expired = due.filter(({ kind }) => kind === 'expire');
  await inBatches(expired, ({ key: Key }) => s3.send(new DeleteObjectCommand({ Bucket, Key })));
  const aborted = due.filter((action) => action.kind === 'abort-upload');
  await inBatches(aborted, ({ key: Key, uploadId: UploadId }) =>
    s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId })),
  );
  const removals = due.filter((action) => 'versionId' in action);
  for (let start = 0; start < removals.length; start += REMOVALS_MAX) {
    await remove(s3, Bucket, removals.slice(start, start + REMOVALS_MAX), locked);
  }
  const removed = removals.filter((removal) => !locked.has(idOf(removal)));
  return {
    objectsExpired: expired.length,
    versionsRemoved: removed.filter(({ kind }) => kind === 'remove-version').length,
    markersRemoved: removed.filter(({ kind }) => kind === 'remove-marker').length,
    uploadsAborted: aborted.length,
    keptByLock: 0,
  };
}

async function remove(
  s3: S3Client,
  Bucket: string,
  removals: readonly Removal[],
  locked: Set<string>,
): Promise<void> {
  const Objects = removals.map(({ key: Key, versionId: VersionId }) => ({ Key, VersionId }));
  const answer = await s3.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Quiet: true, Objects } }),
  );
  for (const { Key = '', VersionId = '', Code, Message } of answer.Errors ?? []) {
    if (Code !== 'AccessDenied') throw new Error(`S3 did not remove ${Key}: ${Code} ${Message}`);
    locked.add(idOf({ key: Key, versionId: VersionId }));
  }
}
