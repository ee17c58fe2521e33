/** Retrying what lost a race, with jitter, until a deadline. */
import { StoreBusyError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';

/** First wait; doubled each time up to the last. Full jitter, so that rivals spread out. */
const FIRST_WAIT_MS = 20;
const LAST_WAIT_MS = 1000;

/** A bound besides the deadline: at full jitter 60 tries take about 25 s. */
const TRIES_MAX = 60;

/**
 * Calls `attempt` until it answers something other than `lost`.
 * @param deadline epoch milliseconds after which no new try begins
 * @throws StoreBusyError when the deadline or the number of tries is reached (503 for callers)
 */
export async function untilWon<T>(
  ports: { readonly clock: Clock; readonly ids: Ids },
  deadline: number,
  attempt: () => Promise<T | 'lost'>,
): Promise<T> {
  let wait = FIRST_WAIT_MS;
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const result = await attempt();
    if (result !== 'lost') return result;
    const pause = Math.ceil(ports.ids.fraction() * wait);
    if (ports.clock.now() + pause > deadline) break;
    await ports.clock.sleep(pause);
    wait = Math.min(wait * 2, LAST_WAIT_MS);
  }
  throw new StoreBusyError('others kept changing the same rows until the deadline');
}
