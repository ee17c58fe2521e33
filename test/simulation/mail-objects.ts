/** Versions and delete markers of the bucket against the reference model. */
import type { ListedVersion } from '../../functions/core/ports/object-store.ts';
import type { Row } from '../../functions/core/ports/row-store.ts';
import type { ReferenceMail } from '../models/reference-mail.ts';
import { NO_INSTANCES } from '../models/reference-messages.ts';
import type { KnownNames } from './mail-names.ts';

export interface SeenObjects {
  /** By the blob id at the end of the key, newest first. */
  readonly versions: ReadonlyMap<string, readonly ListedVersion[]>;
  /** Blobs with a record or retry on its way: S3 has not followed yet. */
  readonly waiting: ReadonlySet<string>;
}

export function byBlob(versions: readonly ListedVersion[]): Map<string, ListedVersion[]> {
  return Map.groupBy(versions, ({ key }) => key.slice(key.lastIndexOf('/') + 1));
}

/** The blobs that the rows of these keys name. */
export function blobsOf(
  rows: readonly Row[],
  keys: readonly { readonly pk: string; readonly sk: string }[],
): Set<string> {
  const wanted = new Set(keys.map(({ pk, sk }) => `${pk} ${sk}`));
  const named = rows.filter(({ key }) => wanted.has(`${key.pk} ${key.sk}`));
  return new Set(named.map(({ attributes }) => String(attributes['blobId'])));
}

/**
 * W1, B1, X5: live bytes have no marker; stored ones are behind one once S3 has followed; bytes
 * whose last message was ended are gone, and no marker stays on their key.
 */
export function objectProblems(
  model: ReferenceMail,
  { versions, waiting }: SeenObjects,
  { blobs }: KnownNames,
): string[] {
  const problems: string[] = [];
  const instances = model.everyInstance();
  for (const [label, blobId] of blobs.all()) {
    const { live, stored } = instances.get(label) ?? NO_INSTANCES;
    const shape = shapeOf(versions.get(blobId));
    const allowed = allowedShapes({
      live: live.length > 0,
      stored: stored.length > 0,
      over: model.bytes.get(label)?.over === true,
      followed: !waiting.has(blobId),
    });
    if (!allowed.includes(shape)) {
      problems.push(`object of blob ${blobId} is '${shape}', may be ${JSON.stringify(allowed)}`);
    }
  }
  for (const [blobId, listed] of versions) {
    if (blobs.labelOf(blobId) !== undefined || shapeOf(listed) === 'v') continue;
    problems.push(`object ${blobId}, which no message names, is '${shapeOf(listed)}'`);
  }
  return problems;
}

/** Newest first: `m` a marker, `v` bytes. */
const shapeOf = (versions: readonly ListedVersion[] = []): string =>
  versions.map(({ deleteMarker }) => (deleteMarker ? 'm' : 'v')).join('');

function allowedShapes(bytes: {
  readonly live: boolean;
  readonly stored: boolean;
  readonly over: boolean;
  readonly followed: boolean;
}): string[] {
  if (bytes.live) return ['v'];
  const late = bytes.followed ? [] : ['v'];
  if (bytes.stored) return ['mv', ...late];
  // What expired goes by S3's own clock: first the bytes, then the marker.
  if (!bytes.over) return ['mv', 'm', '', ...late];
  // A marker that hides nothing is gone with the next run of lifecycle.
  return bytes.followed ? ['', 'm'] : ['', 'm', 'mv', 'v'];
}

/** Objects that no message ever named: bodies whose transaction never came. */
export function orphans({ versions }: SeenObjects, { blobs }: KnownNames): string[] {
  return [...versions.keys()].filter((blobId) => blobs.labelOf(blobId) === undefined);
}
