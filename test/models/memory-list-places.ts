/** Where the lists of the object store in memory go on. */
import { decodeCursor, encodeCursor } from '../../functions/adapters/cursors.ts';
import type { ObjectVersion } from '../../functions/core/ports/object-store.ts';
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
