/** Where the lists of the object store in memory go on. */
import { decodeCursor, encodeCursor } from '../../functions/adapters/cursors.ts';
import type {
  ListedVersion,
  ListPage,
  ObjectVersion,
} from '../../functions/core/ports/object-store.ts';
import { comparePlaces, placeOf } from './ordered-entries.ts';

/** Before every key: where a list goes on after empty pages at its head. */
export const HEAD_OF_VERSIONS = encodeCursor({ key: '', versionId: '' });
export const HEAD_OF_UPLOADS = encodeCursor({ key: '', uploadId: '' });

/**
 * Where a list goes on. When the version that the cursor names has been removed since, what is
 * left of its key is skipped: S3 promises nothing there, so the model does the worst.
 */
export function positionAfter(all: readonly ObjectVersion[], after: string): number {
  const place = decodeCursor(after, ['key', 'versionId']);
  const named = all.findIndex(
    ({ key, versionId }) => key === place.key && versionId === place.versionId,
  );
  if (named >= 0) return named + 1;
  const last = placeOf(place.key);
  const beyond = all.findIndex(({ key }) => comparePlaces(placeOf(key), last) > 0);
  return beyond < 0 ? all.length : beyond;
}

/** The folders at the top of a bucket, from a place on. */
export function pageOfFolders(
  all: readonly ObjectVersion[],
  pageEntries: number,
  after: string | undefined,
): ListPage<string> {
  const last = after === undefined ? '' : decodeCursor(after, ['folder']).folder;
  const names = all.flatMap(({ key }) => /^(.*?)\//s.exec(key)?.[1] ?? []);
  const rest = [...new Set(names)].filter((name) => last === '' || name > last);
  const entries = rest.slice(0, pageEntries);
  if (entries.length >= rest.length) return { entries };
  return { entries, next: encodeCursor({ folder: entries.at(-1) ?? last }) };
}

export function folder(prefix: string): string {
  if (!prefix.endsWith('/')) {
    throw new RangeError(`prefix ${JSON.stringify(prefix)} does not end in a slash.`);
  }
  return prefix;
}

export interface StoredVersion {
  readonly key: string;
  readonly versionId: string;
  /** Missing for a delete marker. */
  readonly body?: Uint8Array;
  readonly createdMs: number;
}

/** A version as lists show it; the last of a key is the latest. */
export function listedVersion(
  version: StoredVersion,
  index: number,
  versions: readonly StoredVersion[],
): ListedVersion {
  return {
    key: version.key,
    versionId: version.versionId,
    deleteMarker: version.body === undefined,
    latest: index === versions.length - 1,
    sizeBytes: version.body?.byteLength ?? 0,
  };
}
