import type { Catcher, Retrier } from './asl-definition.ts';
import { StatesError } from './asl-error.ts';
import type { Json, JsonObject } from './asl-paths.ts';

/** AWS's defaults for a retrier that does not say. */
const INTERVAL_SECONDS = 1;
const BACKOFF_RATE = 2;
const MAX_ATTEMPTS = 3;

/**
 * Whether a Retry or Catch names an error. States.ALL and States.TaskFailed are wildcards, the
 * latter for all but States.Timeout. Neither matches States.Runtime and States.DataLimitExceeded,
 * says the developer guide; the service has been seen to let States.ALL catch a result that is too
 * large, and what rests on the guide holds in both cases.
 */
function errorMatches(errorEquals: readonly string[], error: StatesError): boolean {
  if (error.terminal || error.error === 'States.Runtime') return false;
  if (errorEquals.includes(error.error)) return true;
  if (error.error === 'States.DataLimitExceeded') return false;
  if (errorEquals.includes('States.ALL')) return true;
  return errorEquals.includes('States.TaskFailed') && error.error !== 'States.Timeout';
}

/**
 * Seconds before the next attempt. `JitterStrategy` FULL draws from zero to this number; here the
 * whole interval is waited, so that runs repeat exactly and show the longest time a retry takes.
 * @param retries how often this retrier has retried before
 */
function retryDelaySeconds(retrier: Retrier, retries: number): number {
  const interval = retrier.IntervalSeconds ?? INTERVAL_SECONDS;
  const delay = interval * (retrier.BackoffRate ?? BACKOFF_RATE) ** retries;
  return Math.min(delay, retrier.MaxDelaySeconds ?? delay);
}

/** Counts the retries of one visit of a state; every retrier has its own count. */
export class RetryBudget {
  readonly #retriers: readonly Retrier[];
  readonly #used = new Map<Retrier, number>();

  constructor(retriers: readonly Retrier[] | undefined) {
    this.#retriers = retriers ?? [];
  }

  /** Seconds until the retry; undefined when the error is not retried, or no longer. */
  next(error: StatesError): number | undefined {
    const retrier = this.#retriers.find(({ ErrorEquals }) => errorMatches(ErrorEquals, error));
    if (!retrier) return undefined;
    const used = this.#used.get(retrier) ?? 0;
    if (used >= (retrier.MaxAttempts ?? MAX_ATTEMPTS)) return undefined;
    this.#used.set(retrier, used + 1);
    return retryDelaySeconds(retrier, used);
  }
}

export function findCatcher(
  catchers: readonly Catcher[] | undefined,
  error: StatesError,
): Catcher | undefined {
  return catchers?.find(({ ErrorEquals }) => errorMatches(ErrorEquals, error));
}

/** What a catcher's next state is given. */
export function errorOutput(error: StatesError): JsonObject {
  return { Error: error.error, Cause: error.reason };
}

/**
 * What a function's exception becomes: the class name, and a JSON text as Cause. The service's
 * text has a stack trace too; no machine should look at it.
 */
export function errorOfException(thrown: unknown): StatesError {
  const errorType = thrown instanceof Error ? thrown.name : typeof thrown;
  const errorMessage = thrown instanceof Error ? thrown.message : String(thrown);
  const cause: Json = { errorType, errorMessage };
  return new StatesError(errorType, JSON.stringify(cause));
}
