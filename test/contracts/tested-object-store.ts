import { expect } from 'vitest';
import type {
  ListPage,
  ObjectStore,
  PresignedPut,
} from '../../functions/core/ports/object-store.ts';

/** The port, and what a test needs besides it. */
export interface TestedObjectStore {
  readonly store: ObjectStore;
  /** Writes a version, whatever there is, as a PUT without a condition does. */
  addVersion(key: string, body: Uint8Array): Promise<{ readonly versionId: string }>;
  /** Whether its copies look at what the target has: MiniStack takes no notice of the condition. */
  readonly copiesOnce: boolean;
  /** Places a delete marker, as a DELETE without a version does. */
  placeMarker(key: string): Promise<void>;
  /** Begins a multipart upload that nobody completes. */
  startUpload(key: string): Promise<void>;
  /** Sends bytes to a presigned URL without credentials; whether they were taken. */
  send(put: PresignedPut, body: Uint8Array): Promise<boolean>;
  /** What a presigned URL leads to without credentials; undefined when it is refused. */
  open(url: string): Promise<Uint8Array | undefined>;
}

/** Far more than any list of these tests has. */
const PAGES_MAX = 200;

/** All of a list: a page may be short, or empty, and yet have a successor. */
export async function allPages<T>(
  list: (after?: string) => Promise<ListPage<T>>,
): Promise<{ readonly entries: readonly T[]; readonly pages: number }> {
  const entries: T[] = [];
  let after: string | undefined;
  for (let pages = 1; pages <= PAGES_MAX; pages += 1) {
    const page = await list(after);
    expect(page.entries.length).toBeLessThanOrEqual(1000);
    entries.push(...page.entries);
    if (page.next === undefined) return { entries, pages };
    after = page.next;
  }
  throw new Error(`the list has not ended after ${PAGES_MAX} pages`);
}
