/** Randomness, as the core sees it. */
export interface Ids {
  /** This many random bytes as lower-case hex digits. */
  hex(bytes: number): string;
  /** A random number from 0 (included) to 1 (excluded), for jitter. */
  fraction(): number;
}
