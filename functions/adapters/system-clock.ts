import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '../core/ports/clock.ts';

/** Milliseconds from the start of this process until now; no change of the machine's date shows in it. */
export const millisecondsSinceStart = (): number => performance.now();

/** The time of this machine: the one place that asks it. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  async sleep(milliseconds: number): Promise<void> {
    await wait(milliseconds);
  }
}
