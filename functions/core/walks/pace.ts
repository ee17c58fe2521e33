/** Keeping a purge slow enough for the mail of users, which shares the tables and their throughput. */
import type { Clock } from '../ports/clock.ts';

const SECOND_MS = 1000;

/**
 * Messages that one transaction ends: of its 100 items account, tree and count are fixed, and the
 * last message needs room for itself, its mailbox and the row of its links: 100 - 3 - 3, the
 * mailbox counted once.
 */
export const CHUNK_MESSAGES = 94;

/**
 * One worker's share of the keys per second that a whole execution may end. A chunk is at most what
 * a second allows, so a worker sleeps for a second at most, and with less than one key a second for
 * as long as that key takes: with 4 workers and 1 key per second 4 s, far below the 45 s that a step
 * keeps in reserve (runtime/step-handler.ts).
 */
export class Pace {
  readonly #clock: Clock;
  readonly #perSecond: number;
  #free: number;

  /**
   * @param keysPerSecond message rows of all workers together
   * @param workers how many run at once
   */
  constructor(clock: Clock, keysPerSecond: number, workers: number) {
    this.#clock = clock;
    this.#perSecond = keysPerSecond / Math.max(workers, 1);
    this.#free = clock.now();
  }

  /** Rows that may be ended before the next look at the pace. */
  get chunkRows(): number {
    return Math.min(Math.max(Math.floor(this.#perSecond), 1), CHUNK_MESSAGES);
  }

  /** Sleeps until so many rows are within the pace; time that the rows took counts. */
  async spend(rows: number): Promise<void> {
    this.#free += (rows / this.#perSecond) * SECOND_MS;
    const now = this.#clock.now();
    if (this.#free > now) await this.#clock.sleep(this.#free - now);
    // What was not used is not saved up for a burst.
    else this.#free = now;
  }
}
