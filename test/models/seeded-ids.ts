import type { Ids } from '../../functions/core/ports/ids.ts';

const WORD = 2 ** 32;

/** sfc32 (Chris Doty-Humphrey's PractRand): small, fast, 128 bits of state. Not for secrets. */
function sfc32(seed: number): () => number {
  let [a, b, c, counter] = [0x9e3779b9, 0x243f6a88, seed | 0, 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  // The first outputs still show the seed.
  for (let round = 0; round < 15; round += 1) next();
  return next;
}

/** The same ids and fractions for the same seed. */
export class SeededIds implements Ids {
  readonly #next: () => number;

  constructor(seed = 1) {
    this.#next = sfc32(seed);
  }

  hex(bytes: number): string {
    let digits = '';
    while (digits.length < bytes * 2) digits += this.#next().toString(16).padStart(8, '0');
    return digits.slice(0, bytes * 2);
  }

  fraction(): number {
    return this.#next() / WORD;
  }
}
