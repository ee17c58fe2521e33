/** Whether a mailbox holds what its source holds: counted, weighed and digested on both sides. */
import { createHash } from 'node:crypto';
import { DIGEST_BYTES } from '../../functions/contract/limits.ts';

/** In hex. Made from the bytes: a part of the longer text would keep all of it in memory. */
export const digestOf = (raw: Uint8Array): string =>
  createHash('sha256').update(raw).digest().toString('hex', 0, DIGEST_BYTES);

export interface Side {
  readonly messages: number;
  readonly bytes: number;
  /** SHA-256 over the sorted digests of the messages, each on a line. */
  readonly digest: string;
}

export interface Parity {
  readonly source: Side;
  readonly target: Side;
  /** Messages of the source that the target lacks; two equal ones count as two. */
  readonly missing: number;
  /** Messages of the target that the source lacks. */
  readonly extra: number;
  /** Messages that have another UID than in the source; undefined where it had none to keep. */
  readonly otherUids?: number;
  /** Messages that had no UID yet, in a source that gives some. */
  readonly withoutUid?: number;
}

/**
 * Whether all that was read for a mailbox is there; what else is there is no difference. No mailbox is
 * said to be equal by that: what was left out may have been meant for it. Equal is said of the
 * whole import alone, where nothing was left out.
 */
export const isAllThere = ({ missing, otherUids = 0 }: Parity): boolean =>
  missing === 0 && otherUids === 0;

/** The messages of one side, as they come. About 100 bytes of memory for each. */
export class Holdings {
  readonly #digests: string[] = [];
  #bytes = 0;
  readonly #byUid = new Map<number, string>();

  add(digest: string, sizeBytes: number, uid?: number): void {
    this.#digests.push(digest);
    this.#bytes += sizeBytes;
    if (uid !== undefined) this.#byUid.set(uid, digest);
  }

  get messages(): number {
    return this.#digests.length;
  }

  side(): Side {
    const hash = createHash('sha256');
    for (const digest of this.#digests.sort()) hash.update(`${digest}\n`);
    return { messages: this.messages, bytes: this.#bytes, digest: hash.digest('hex') };
  }

  /** @param keptUids whether UIDs of this side are to be found again in the target */
  compare(target: Holdings, keptUids: boolean): Parity {
    const sides = { source: this.side(), target: target.side() };
    const both = common(this.#digests, target.#digests);
    const missing = this.messages - both;
    const extra = target.messages - both;
    if (!keptUids) return { ...sides, missing, extra };
    const moved = [...this.#byUid].filter(([uid, digest]) => target.#byUid.get(uid) !== digest);
    const otherUids = moved.length;
    const withoutUid = this.messages - this.#byUid.size;
    return { ...sides, missing, extra, otherUids, withoutUid };
  }
}

/** How many entries two sorted lists have in common. */
function common(a: readonly string[], b: readonly string[]): number {
  let [i, j, found] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const [left = '', right = ''] = [a[i], b[j]];
    if (left === right) found += 1;
    if (left <= right) i += 1;
    if (right <= left) j += 1;
  }
  return found;
}

/** Counts digests, so that of two equal messages both are kept. */
export class Multiset {
  readonly #counts = new Map<string, number>();

  add(digest: string): void {
    this.#counts.set(digest, (this.#counts.get(digest) ?? 0) + 1);
  }

  /** Takes one out; false when there is none. */
  take(digest: string): boolean {
    const count = this.#counts.get(digest) ?? 0;
    if (count === 0) return false;
    if (count === 1) this.#counts.delete(digest);
    else this.#counts.set(digest, count - 1);
    return true;
  }
}
