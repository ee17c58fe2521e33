import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { withFileLock } from './file-lock.ts';
import { instanceStatus } from './instance.ts';
import { instanceFiles } from './instance-files.ts';
import { LocalEnvironmentError } from './local-environment-error.ts';
import { machineNow } from './machine-clock.ts';

/** Longer than functions take an offset for the present one (worker-clock.mjs). */
const SEEN_BY_ALL_MILLISECONDS = 10;
const IDLE_POLL_MILLISECONDS = 50;
/** A change is with its function within 1 s; on a busy machine, and in batches, later. */
const IDLE_DEADLINE_SECONDS = 60;
/** Moving it over many due times of large buckets. */
const LOCK_DEADLINE_SECONDS = 1800;
const ANSWER_DEADLINE_MILLISECONDS = 60_000;

/** The clock of an embedded AWS, by which all of it lives, its functions included. */
export interface InstanceClock {
  readonly nowMs: number;
  /** How far it is ahead of the machine's clock. */
  readonly offsetSeconds: number;
  /** False while a function has yet to see a change of a row or a message. */
  readonly idle: boolean;
  /** When the next message that waits becomes visible to a function; null without one. */
  readonly nextMessageMs: number | null;
}

/** @throws LocalEnvironmentError when the instance does not run. */
export async function readClock(directory: string): Promise<InstanceClock> {
  return (await call(directory, 'GET', '/_lethe/clock')) as InstanceClock;
}

/**
 * Sets how far the instance's clock is ahead of the machine's, in seconds (negative: behind), for
 * good: it survives stop and start. No rule and no time to live is applied by it. Schedules that
 * pass run once, unless they are to be kept.
 */
export async function setClockOffset(
  directory: string,
  offsetSeconds: number,
  options: { readonly keepSchedules?: boolean } = {},
): Promise<InstanceClock> {
  const clock = await call(directory, 'POST', '/_lethe/clock', { offsetSeconds, ...options });
  await sleep(SEEN_BY_ALL_MILLISECONDS);
  return clock as InstanceClock;
}

/**
 * Does something at another time, `seconds` from the instance's present (negative: earlier), and
 * sets the clock back. What functions do about it is done at that other time too.
 */
export async function atOtherTime<T>(
  directory: string,
  seconds: number,
  act: () => Promise<T>,
): Promise<T> {
  return withClockLock(directory, async () => {
    const { offsetSeconds } = await readClock(directory);
    await setClockOffset(directory, offsetSeconds + seconds, { keepSchedules: true });
    try {
      return await act();
    } finally {
      await waitUntilIdle(directory);
      await setClockOffset(directory, offsetSeconds, { keepSchedules: true });
    }
  });
}

/** Keeps others from moving the clock of an instance meanwhile. */
export function withClockLock<T>(directory: string, act: () => Promise<T>): Promise<T> {
  return withFileLock(instanceFiles(directory).clockLock, LOCK_DEADLINE_SECONDS, () => {}, act);
}

/**
 * Waits until functions have seen every change of a row and every message that is visible.
 *
 * @returns whether they have; false after a minute, for instance while one fails again and again.
 */
export async function waitUntilIdle(directory: string): Promise<boolean> {
  const deadline = machineNow() + IDLE_DEADLINE_SECONDS * 1000;
  while (machineNow() < deadline) {
    if ((await readClock(directory)).idle) return true;
    await sleep(IDLE_POLL_MILLISECONDS);
  }
  return false;
}

/** Removes the rows whose time to live is over; answers how many. */
export async function expireRows(directory: string): Promise<number> {
  const { rows } = (await call(directory, 'POST', '/_lethe/expire-rows')) as { rows: number };
  return rows;
}

/** The paths that clock_endpoints.py puts in front of MiniStack. */
function call(directory: string, method: string, path: string, body?: object): Promise<unknown> {
  const run = instanceStatus(directory);
  if (run === undefined) {
    throw new LocalEnvironmentError(
      `The embedded AWS of ${directory} does not run, so its clock stands still.`,
      'npm run local -- start',
    );
  }
  const ca = readFileSync(instanceFiles(directory).caFile);
  const options = { method, ca, agent: false, timeout: ANSWER_DEADLINE_MILLISECONDS };
  return new Promise((resolve, reject) => {
    const sent = request(`${run.endpoint}${path}`, options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${method} ${path} answered ${response.statusCode}: ${text}`));
      });
    });
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${path} was not answered in time`)));
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
