/** Lists as S3 answers them, in the words of the port. */
import {
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { OBJECT_PAGE_KEYS } from '../contract/limits.ts';
import type { ListedVersion } from '../core/ports/object-store.ts';

export function folder(prefix: string): string {
  if (!prefix.endsWith('/')) {
    throw new RangeError(`prefix ${JSON.stringify(prefix)} does not end in a slash.`);
  }
  return prefix;
}

export function present(value: string | undefined): string {
  if (value === undefined) throw new Error('S3 answered a list entry or marker without its name.');
  return value;
}

/**
 * S3 lists versions and delete markers in one order; the client splits them into two lists. They
 * are put together again by key, the latest first, then by time. Times have whole seconds only:
 * a version and a marker of one key and second may change places, which no caller minds.
 */
export function listedVersions(answer: ListObjectVersionsCommandOutput): readonly ListedVersion[] {
  const versions = (answer.Versions ?? []).map((one) => ({ one, sizeBytes: one.Size ?? 0 }));
  const markers = (answer.DeleteMarkers ?? []).map((one) => ({ one, sizeBytes: -1 }));
  return [...versions, ...markers]
    .map(({ one, sizeBytes }) => ({
      time: one.LastModified?.getTime() ?? 0,
      keyBytes: Buffer.from(present(one.Key)),
      version: {
        key: present(one.Key),
        versionId: present(one.VersionId),
        deleteMarker: sizeBytes < 0,
        latest: one.IsLatest === true,
        sizeBytes: Math.max(sizeBytes, 0),
      },
    }))
    .sort(
      (a, b) =>
        Buffer.compare(a.keyBytes, b.keyBytes) ||
        Number(b.version.latest) - Number(a.version.latest) ||
        b.time - a.time,
    )
    .map(({ version }) => version);
}

/**
 * What there is of one key, in one page: only a key that was written a thousand times has more, and
 * none of ours is. Keys that go on after this one sort behind it.
 */
export async function versionsOf(
  client: S3Client,
  bucket: string,
  key: string,
): Promise<readonly ListedVersion[]> {
  const command = new ListObjectVersionsCommand({
    Bucket: bucket,
    Prefix: key,
    MaxKeys: OBJECT_PAGE_KEYS,
  });
  return listedVersions(await client.send(command)).filter((version) => version.key === key);
}
