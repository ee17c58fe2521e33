import {
  GetObjectTaggingCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { inBatches } from './batches.ts';
import type { LifecycleContents, LifecycleUpload, LifecycleVersion } from './evaluate.ts';

/** Of 1,000 entries each: ten million, more than an embedded AWS holds. */
const PAGES_MAX = 10_000;

/** Everything in a bucket that lifecycle rules look at, through the S3 API. */
export async function readBucket(
  s3: S3Client,
  bucket: string,
  options: { readonly tags: boolean },
): Promise<LifecycleContents> {
  const listed = await readVersions(s3, bucket);
  const versions = options.tags
    ? await inBatches(listed, (version) => withTags(s3, bucket, version))
    : listed;
  return { versions, uploads: await readUploads(s3, bucket) };
}

async function readVersions(s3: S3Client, bucket: string): Promise<LifecycleVersion[]> {
  const versions: LifecycleVersion[] = [];
  let after: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket, ...after }));
    versions.push(...inOrder(answer));
    if (answer.IsTruncated !== true) return versions;
    after = { KeyMarker: answer.NextKeyMarker, VersionIdMarker: answer.NextVersionIdMarker };
  }
  throw new Error(`The bucket ${bucket} has more than ${PAGES_MAX} pages of versions.`);
}

/**
 * S3 lists versions and markers of a key mixed, newest first; the SDK gives each kind by itself.
 * They are merged again by their times, and each kind keeps its own order: versions of one moment,
 * or made while the clock was set back, stay as S3 has them.
 */
function inOrder(answer: ListObjectVersionsCommandOutput): LifecycleVersion[] {
  const kinds = [
    (answer.Versions ?? []).map((one) => ({ ...entry(one), sizeBytes: one.Size ?? 0 })),
    (answer.DeleteMarkers ?? []).map((one) => ({
      ...entry(one),
      sizeBytes: 0,
      deleteMarker: true,
    })),
  ].map((kind) => Map.groupBy(kind, ({ key }) => key));
  const keys = new Set(kinds.flatMap((kind) => [...kind.keys()]));
  return [...keys].flatMap((key) => {
    const [versions = [], markers = []] = kinds.map((kind) => kind.get(key) ?? []);
    return merged(versions, markers);
  });
}

type Entry = LifecycleVersion & { readonly latest: boolean };

function entry(one: {
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly IsLatest?: boolean | undefined;
  readonly LastModified?: Date | undefined;
}): Omit<Entry, 'sizeBytes'> {
  const { Key: key = '', VersionId: versionId = 'null', LastModified, IsLatest } = one;
  const createdMs = LastModified?.getTime() ?? 0;
  return { key, versionId, createdMs, latest: IsLatest === true, deleteMarker: false };
}

function merged(versions: readonly Entry[], markers: readonly Entry[]): LifecycleVersion[] {
  const all: Entry[] = [];
  let [version, marker] = [0, 0];
  while (version + marker < versions.length + markers.length) {
    const [left, right] = [versions[version], markers[marker]];
    if (right === undefined || (left !== undefined && isNewer(left, right))) {
      if (left !== undefined) all.push(left);
      version += 1;
    } else {
      all.push(right);
      marker += 1;
    }
  }
  return all.map(({ latest: _listedFirst, ...one }) => one);
}

function isNewer(left: Entry, right: Entry): boolean {
  if (left.latest !== right.latest) return left.latest;
  return left.createdMs > right.createdMs;
}

async function withTags(
  s3: S3Client,
  Bucket: string,
  version: LifecycleVersion,
): Promise<LifecycleVersion> {
  if (version.deleteMarker) return version;
  const { key: Key, versionId: VersionId } = version;
  const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key, VersionId }));
  const tags = (TagSet ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? ''] as const);
  return { ...version, tags: Object.fromEntries(tags) };
}

async function readUploads(s3: S3Client, bucket: string): Promise<LifecycleUpload[]> {
  const uploads: LifecycleUpload[] = [];
  let after: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer = await s3.send(new ListMultipartUploadsCommand({ Bucket: bucket, ...after }));
    for (const { Key: key = '', UploadId: uploadId = '', Initiated } of answer.Uploads ?? []) {
      uploads.push({ key, uploadId, startedMs: Initiated?.getTime() ?? 0 });
    }
    if (answer.IsTruncated !== true) return uploads;
    after = { KeyMarker: answer.NextKeyMarker, UploadIdMarker: answer.NextUploadIdMarker };
  }
  throw new Error(`The bucket ${bucket} has more than ${PAGES_MAX} pages of uploads.`);
}
