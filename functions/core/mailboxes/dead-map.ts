/**
 * Which UIDs of a bucket are dead: their messages have ended, or they were passed over and never
 * given. Life runs one way, so a UID that is dead stays dead. A bit that is missing costs a read;
 * one that is wrong hides mail, so it is set only in the transaction that makes it true
 * (docs/decisions/0018-directory-of-buckets.md).
 */
import { BUCKET_UIDS } from '../../contract/limits.ts';
import type { Attributes, Row } from '../ports/row-store.ts';
import { optionalText } from '../rows/attributes.ts';

const MAP_BYTES = BUCKET_UIDS / 8;

/** 1,250 bytes in base64: runs are written while they are shorter. */
const BITS_LENGTH = Math.ceil(MAP_BYTES / 3) * 4;

/** First and last offset in the bucket. */
export interface OffsetRun {
  readonly from: number;
  readonly to: number;
}

export class DeadMap {
  readonly #bits: Uint8Array;

  private constructor(bits: Uint8Array) {
    this.#bits = bits;
  }

  static none(): DeadMap {
    return new DeadMap(new Uint8Array(MAP_BYTES));
  }

  /** The map of a bucket's row; none are dead where the row, or its map, is missing. */
  static of(row: Row | undefined): DeadMap {
    const runs = row && optionalText(row, 'dead');
    if (runs !== undefined) {
      const map = DeadMap.none();
      for (const run of runs.split(',')) {
        const [from = '', to = from] = run.split('-');
        map.#fill({ from: Number(from), to: Number(to) });
      }
      return map;
    }
    const bits = row && optionalText(row, 'deadBits');
    if (bits === undefined) return DeadMap.none();
    const bytes = new Uint8Array(Buffer.from(bits, 'base64'));
    if (bytes.length !== MAP_BYTES) throw new TypeError('damaged bucket row: its map is cut');
    return new DeadMap(bytes);
  }

  has(offset: number): boolean {
    return ((this.#bits[offset >> 3] ?? 0) & (1 << (offset & 7))) !== 0;
  }

  get isFull(): boolean {
    return this.#bits.every((byte) => byte === 0xff);
  }

  with(...runs: readonly OffsetRun[]): DeadMap {
    const map = new DeadMap(this.#bits.slice());
    for (const run of runs) map.#fill(run);
    return map;
  }

  without(offsets: readonly number[]): DeadMap {
    const bits = this.#bits.slice();
    for (const offset of offsets) {
      bits[offset >> 3] = (bits[offset >> 3] ?? 0) & ~(1 << (offset & 7));
    }
    return new DeadMap(bits);
  }

  /** Runs of offsets that are dead, or that are not, in order. */
  runs(dead: boolean, from = 0, to = BUCKET_UIDS - 1): OffsetRun[] {
    const runs: OffsetRun[] = [];
    let begun: number | undefined;
    for (let offset = from; offset <= to; offset += 1) {
      if (this.has(offset) === dead) begun ??= offset;
      else if (begun !== undefined) {
        runs.push({ from: begun, to: offset - 1 });
        begun = undefined;
      }
    }
    if (begun !== undefined) runs.push({ from: begun, to });
    return runs;
  }

  /** The shorter form; the other one is removed by who writes it. */
  attributes(): { readonly set: Attributes; readonly unset: readonly string[] } {
    const runs = this.runs(true).map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`));
    if (runs.length === 0) return { set: {}, unset: ['dead', 'deadBits'] };
    const text = runs.join(',');
    return text.length <= BITS_LENGTH
      ? { set: { dead: text }, unset: ['deadBits'] }
      : { set: { deadBits: Buffer.from(this.#bits).toString('base64') }, unset: ['dead'] };
  }

  #fill({ from, to }: OffsetRun): void {
    for (let offset = from; offset <= to; offset += 1) {
      this.#bits[offset >> 3] = (this.#bits[offset >> 3] ?? 0) | (1 << (offset & 7));
    }
  }
}
