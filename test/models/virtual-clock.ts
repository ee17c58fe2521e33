import type { Clock } from '../../functions/core/ports/clock.ts';

/** A clock that stands still until someone sleeps or a test moves it. */
export class VirtualClock implements Clock {
  #nowMs: number;

  /** `start`: ISO 8601. */
  constructor(start = '2026-11-22T00:00:00Z') {
    this.#nowMs = Date.parse(start);
    if (Number.isNaN(this.#nowMs)) throw new RangeError(`not a time: ${start}`);
  }

  now(): number {
    return this.#nowMs;
  }

  /** Sleepers who lie down at the same time get up at the same time, as real ones do. */
  async sleep(milliseconds: number): Promise<void> {
    const until = this.#nowMs + Math.max(milliseconds, 0);
    await Promise.resolve();
    this.#nowMs = Math.max(this.#nowMs, until);
  }

  advance(milliseconds: number): void {
    if (!(milliseconds >= 0)) throw new RangeError('time does not run backwards.');
    this.#nowMs += milliseconds;
  }
}
