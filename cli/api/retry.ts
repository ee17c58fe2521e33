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

/** What one try came to: an answer to hand on, or a reason to try again. */
export type TryResult<T> =
  | { readonly kind: 'answer'; readonly answer: T }
  | { readonly kind: 'again'; readonly error: CliError; readonly retryAfterMs?: number };

export interface RetryPorts {
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** 0 to 1. */
  random(): number;
}

/**
 * Calls `attempt` until it answers.
 * @param attempt throws what must not be tried again
 * @throws CliError the last reason to try again, once all tries are used up
 */
export async function withRetries<T>(
  ports: RetryPorts,
  attempt: () => Promise<TryResult<T>>,
  signal?: AbortSignal,
): Promise<T> {
  for (let tried = 1; ; tried++) {
    const result = await attempt();
    if (result.kind === 'answer') return result.answer;
    if (signal?.aborted) throw result.error;
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

/** Retry-After in milliseconds: seconds or a date (RFC 9110, 10.2.3); undefined if unreadable. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
