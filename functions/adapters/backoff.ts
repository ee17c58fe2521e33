import type { Clock } from '../core/ports/clock.ts';
import type { Ids } from '../core/ports/ids.ts';

const FIRST_WAIT_MS = 25;
const LONGEST_WAIT_MS = 1000;

/**
 * Tries of one call. The waits double from 25 ms to 1 s, each drawn evenly from 0 to that ("full
 * jitter"): nine waits take 2.3 s on average and 4.6 s at most, on top of the client's own
 * retries, so that a request still has time to answer 503.
 */
export const REQUEST_TRIES_MAX = 10;

/** Waits between tries so that writers who met once do not meet again. */
export class Backoff {
  readonly #clock: Clock;
  readonly #ids: Ids;

  constructor(clock: Clock, ids: Ids) {
    this.#clock = clock;
    this.#ids = ids;
  }

  /** Waits after the try with this number; the first is 0. */
  async wait(tryNumber: number): Promise<void> {
    const longestMs = Math.min(FIRST_WAIT_MS * 2 ** tryNumber, LONGEST_WAIT_MS);
    await this.#clock.sleep(Math.floor(this.#ids.fraction() * longestMs));
  }
}
