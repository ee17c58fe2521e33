/**
 * Blob rows: who uses a blob that was ever linked more than once. From the first copy on every
 * change of a link is one transaction with this row, guarded by its revision, so that "the last
 * instance" is never judged from a stale read (W8) and a blob goes only when no live or expunged
 * link names it (B1).
 */
import { dictmapKeys, linkOf, ROW_VERSION, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import { rowEnd } from '../policies/expiry.ts';
import type { Attributes, Row, RowStore, Write } from '../ports/row-store.ts';
import { number, numbers, text, textSet } from '../rows/attributes.ts';
import { inParallel } from '../rows/parallel.ts';
import type { Entry } from './entries.ts';
import type { Message } from './message.ts';

/** Links of a blob, at most: the next copy takes new bytes. 100 links are 3 KB of row. */
const BLOB_LINKS_MAX = 100;

/** An expunged link that never expires. */
const NEVER = 0;

const PARALLEL_READS = 16;

export interface Blob {
  readonly blobId: string;
  readonly retentionClass: string;
  readonly versionId: string;
  readonly sizeBytes: number;
  readonly revision: number;
  readonly live: ReadonlySet<string>;
  /** Link to the time at which it expires in epoch milliseconds; 0: never. */
  readonly expunged: Readonly<Record<string, number>>;
  /** Expunged links whose clock a hold has stopped: S3 must not hide the bytes (W6). */
  readonly kept: ReadonlySet<string>;
  readonly state: 'live' | 'purging';
  /** What this release does not know of. */
  readonly others: Attributes;
}

/** The attribute that names expunged links whose clock a hold has stopped. */
export const KEPT_LINKS = 'keptLinks';

const KNOWN: ReadonlySet<string> = new Set([
  'v',
  'type',
  'state',
  'blobId',
  'class',
  'versionId',
  'size',
  'revision',
  'live',
  'expunged',
  KEPT_LINKS,
  TTL_ATTRIBUTE,
]);

function toBlob(row: Row): Blob {
  return {
    blobId: text(row, 'blobId'),
    retentionClass: text(row, 'class'),
    versionId: text(row, 'versionId'),
    sizeBytes: number(row, 'size'),
    revision: number(row, 'revision'),
    live: textSet(row, 'live'),
    expunged: numbers(row, 'expunged'),
    kept: textSet(row, KEPT_LINKS),
    state: text(row, 'state') as Blob['state'],
    others: Object.fromEntries(Object.entries(row.attributes).filter(([name]) => !KNOWN.has(name))),
  };
}

/** Blobs by id, strongly consistent. */
export async function readBlobs(
  rows: RowStore,
  accountId: string,
  blobIds: readonly string[],
): Promise<ReadonlyMap<string, Blob>> {
  const distinct = [...new Set(blobIds)];
  const found = await inParallel(distinct, PARALLEL_READS, (blobId) =>
    rows.get(dictmapKeys.blob(accountId, blobId)),
  );
  return new Map(
    found.flatMap((row) => (row === undefined ? [] : [[text(row, 'blobId'), toBlob(row)]])),
  );
}

/**
 * Whether the row of links, read after an entry that says it was copied, still fits it. If not,
 * somebody has ended or expunged it between the two readings: its blob must not gain a live link
 * then, for S3 may have hidden or removed the bytes already (B1, W4).
 */
export function agreesWith(blobs: ReadonlyMap<string, Blob>, entry: Entry): boolean {
  const { copied, expunged, home, message } = entry;
  if (!copied) return true;
  const blob = blobs.get(message.blobId);
  if (blob === undefined) return false;
  return expunged !== undefined || blob.live.has(linkOf(home.mailboxId, home.uid));
}

/** The links of one blob as a transaction is about to leave them. */
export class BlobDraft {
  readonly #before: Blob | undefined;
  readonly #message: Message;
  readonly #live: Set<string>;
  readonly #expunged: Map<string, number>;
  readonly #kept: Set<string>;

  /**
   * Links that have expired are forgotten at every change: they count no more.
   * @param before missing: the blob has had one link so far, which is live
   */
  constructor(message: Message, before: Blob | undefined, now: number, soleLink?: string) {
    this.#before = before;
    this.#message = message;
    this.#live = new Set(before?.live ?? (soleLink === undefined ? [] : [soleLink]));
    const lasting = Object.entries(before?.expunged ?? {}).filter(
      ([, endsAt]) => endsAt === NEVER || endsAt > now,
    );
    this.#expunged = new Map(lasting);
    this.#kept = new Set(before?.kept);
  }

  /** No further link has room: the next instance takes new bytes. */
  get isFull(): boolean {
    return this.#live.size + this.#expunged.size >= BLOB_LINKS_MAX;
  }

  /** Live links other than this one. */
  liveBut(link: string): string[] {
    return [...this.#live].filter((other) => other !== link);
  }

  addLive(link: string): void {
    this.#live.add(link);
  }

  end(link: string): void {
    this.#live.delete(link);
    this.#expunged.delete(link);
    this.#kept.delete(link);
  }

  expunge(link: string, endsAt: number | undefined): void {
    this.#live.delete(link);
    this.#expunged.set(link, endsAt ?? NEVER);
    this.#kept.delete(link);
  }

  /** Stops the clock of an expunged link (W6). */
  keep(link: string): void {
    this.expunge(link, undefined);
    this.#kept.add(link);
  }

  write(accountId: string): Write {
    const key = dictmapKeys.blob(accountId, this.#message.blobId);
    const attributes = this.#attributes();
    if (this.#before === undefined) {
      return { kind: 'put', key, guard: { row: 'absent' }, attributes };
    }
    const { revision } = this.#before;
    const guard = { row: 'present', equals: { state: 'live', revision } } as const;
    return { kind: 'put', key, guard, attributes };
  }

  #attributes(): Attributes {
    const { blobId, retentionClass, versionId, sizeBytes } = this.#message;
    const ends = [...this.#expunged.values()];
    const ended = this.#live.size === 0 && ends.length > 0 && !ends.includes(NEVER);
    return {
      ...this.#before?.others,
      v: ROW_VERSION,
      type: 'blob',
      state: 'live',
      blobId,
      class: retentionClass,
      versionId,
      size: sizeBytes,
      revision: (this.#before?.revision ?? 0) + 1,
      ...(this.#live.size === 0 ? {} : { live: this.#live }),
      ...(this.#expunged.size === 0 ? {} : { expunged: Object.fromEntries(this.#expunged) }),
      ...(this.#kept.size === 0 ? {} : { [KEPT_LINKS]: this.#kept }),
      // What TTL takes is only the row: S3's own clock takes the bytes.
      ...(ended ? { [TTL_ATTRIBUTE]: rowEnd(Math.max(...ends)) } : {}),
    };
  }
}
