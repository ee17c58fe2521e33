/** Trying again: bounded, with exponential backoff and jitter, never before Retry-After. */

import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

/**
 * With the waits below, seven tries take at most 0.2 + 0.4 + 0.8 + 1.6 + 3.2 + 6.4 = 12.6
 * seconds of waiting, unless the server asks for more.
 */
export const TRIES_MAX = 7;
const FIRST_WAIT_MS = 200;

/** A longer Retry-After than this is told to the user instead of waited for. */
const RETRY_AFTER_MAX_MS = 30_000;

/**
 * A server that has answered before, and does not listen any more, is being started again or
 * replaced. It is waited for so long; the embedded AWS takes half a minute.
 */
export const AWAY_SECONDS_MAX = 120;
const AWAY_WAIT_MS = 2000;

/** What one try came to: an answer to hand on, or a reason to try again. */
export type TryResult<T> =
  | { readonly kind: 'answer'; readonly answer: T }
  | { readonly kind: 'again'; readonly error: CliError; readonly retryAfterMs?: number }
  /** Nobody listens where somebody did: nothing of the request has arrived. */
  | { readonly kind: 'away'; readonly error: CliError };

export interface RetryPorts {
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** 0 to 1. */
  random(): number;
  /** Says that the server is waited for. @returns aborted when that is to end */
  onAway(error: CliError): AbortSignal;
}

/**
 * Calls `attempt` until it answers.
 * @param attempt throws what must not be tried again
 * @throws CliError the last reason to try again, once all tries are used up; 130 when interrupted
 *   while the server is away
 */
export async function withRetries<T>(
  ports: RetryPorts,
  attempt: () => Promise<TryResult<T>>,
  signal?: AbortSignal,
): Promise<T> {
  let awayMs = 0;
  for (let tried = 1; ; tried++) {
    const result = await attempt();
    if (result.kind === 'answer') return result.answer;
    if (signal?.aborted) throw result.error;
    if (result.kind === 'away') {
      if (awayMs >= AWAY_SECONDS_MAX * 1000) throw result.error;
      await waitForServer(ports, result.error);
      awayMs += AWAY_WAIT_MS;
      tried -= 1;
      continue;
    }
    const { error, retryAfterMs = 0 } = result;
    if (retryAfterMs > RETRY_AFTER_MAX_MS) {
      const seconds = Math.ceil(retryAfterMs / 1000);
      throw new CliError(EXIT.retryLater, error.message, {
        hint: `Try again in ${seconds} seconds.`,
        cause: error,
      });
    }
    if (tried >= TRIES_MAX) throw error;
    const backoffMs = FIRST_WAIT_MS * 2 ** (tried - 1);
    // Half fixed, half random: clients that failed together do not return together.
    await ports.sleep(Math.max(retryAfterMs, backoffMs * (0.5 + ports.random() / 2)), signal);
  }
}

async function waitForServer(ports: RetryPorts, error: CliError): Promise<void> {
  const interruption = ports.onAway(error);
  if (!interruption.aborted) await ports.sleep(AWAY_WAIT_MS, interruption);
  if (!interruption.aborted) return;
  throw new CliError(EXIT.interrupted, `interrupted while the server was away: ${error.message}`, {
    cause: error,
  });
}

/** Retry-After in milliseconds: seconds or a date (RFC 9110, 10.2.3); undefined if unreadable. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
