import { randomBytes } from 'node:crypto';
import type { Ids } from '../core/ports/ids.ts';

/** 48 random bits: exact in a double, and more than jitter needs. */
const FRACTION_BYTES = 6;
const FRACTIONS = 2 ** (8 * FRACTION_BYTES);

/** Randomness of the operating system, fit for ids that must not be guessed. */
export class CryptoIds implements Ids {
  hex(bytes: number): string {
    return randomBytes(bytes).toString('hex');
  }

  fraction(): number {
    return randomBytes(FRACTION_BYTES).readUIntBE(0, FRACTION_BYTES) / FRACTIONS;
  }
}
