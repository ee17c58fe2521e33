import { paginateListBuckets, S3Client } from '@aws-sdk/client-s3';
import { clientOptions, ROOT_CREDENTIALS } from './aws-environment.ts';
import { instanceStatus } from './instance.ts';
import {
  expireRows,
  readClock,
  setClockOffset,
  waitUntilIdle,
  withClockLock,
} from './instance-clock.ts';
import { instanceFiles } from './instance-files.ts';
import { added, applyLifecycle, type LifecycleCounts, NO_COUNTS } from './lifecycle/apply.ts';

/** Two centuries of midnights. */
const STOPS_MAX = 73_000;
/** Stops for messages that are retried: a message that fails for ever must not be waited for. */
const MESSAGE_STOPS_MAX = 200;

export interface AdvanceOptions {
  readonly directory: string;
  /** How far the clock goes forward: whole or not, not negative. */
  readonly seconds: number;
  /** Takes notices, a line at a time. */
  readonly log?: (line: string) => void;
}

/** What happened while the clock went forward. */
export interface AdvanceReport extends LifecycleCounts {
  readonly rowsExpired: number;
  /** The time of the instance now. */
  readonly nowMs: number;
}

/**
 * Moves the clock of an embedded AWS forward, for good, and does what AWS would have done in that
 * time by itself: it applies the lifecycle rules of every bucket and the time to live of every
 * table. It stops at each time at which a rule finds something due, because what a rule does at
 * one midnight starts the clock of another, and waits before each leap until functions have seen
 * what is under way, which on AWS takes seconds. A schedule that has passed runs once.
 *
 * @throws LocalEnvironmentError when the instance does not run.
 */
export function advance(options: AdvanceOptions): Promise<AdvanceReport> {
  const { directory, seconds } = options;
  if (!(seconds >= 0)) throw new RangeError(`the clock goes forward only, not ${seconds} s.`);
  return withClockLock(directory, async () => {
    const { offsetSeconds } = await readClock(directory);
    const s3 = rootS3(directory);
    try {
      return await goTo(s3, options, offsetSeconds + seconds);
    } finally {
      s3.destroy();
    }
  });
}

/** Applies the lifecycle rules of every bucket as of now, without moving the clock. */
async function applyAllRules(
  s3: S3Client,
  nowMs: number,
): Promise<{ readonly counts: LifecycleCounts; readonly nextDueMs: number }> {
  let counts = NO_COUNTS;
  let nextDueMs = Number.POSITIVE_INFINITY;
  for await (const page of paginateListBuckets({ client: s3 }, {})) {
    for (const { Name } of page.Buckets ?? []) {
      if (Name === undefined) continue;
      const outcome = await applyLifecycle(s3, Name, nowMs);
      counts = added(counts, outcome.counts);
      nextDueMs = Math.min(nextDueMs, outcome.nextDueMs ?? nextDueMs);
    }
  }
  return { counts, nextDueMs };
}

async function goTo(
  s3: S3Client,
  { directory, log = () => {} }: AdvanceOptions,
  targetSeconds: number,
): Promise<AdvanceReport> {
  let total = NO_COUNTS;
  let rowsExpired = 0;
  let messageStops = 0;
  for (let stop = 0; stop < STOPS_MAX; stop += 1) {
    if (!(await waitUntilIdle(directory))) {
      log('Functions still fail or have much to do; going on without waiting for them.');
    }
    const clock = await readClock(directory);
    const { counts, nextDueMs } = await applyAllRules(s3, clock.nowMs);
    total = { ...added(total, counts), keptByLock: counts.keptByLock };
    rowsExpired += await expireRows(directory);
    const leftSeconds = targetSeconds - clock.offsetSeconds;
    if (leftSeconds <= 0) return { ...total, rowsExpired, nowMs: clock.nowMs };
    const messageMs = messageStops < MESSAGE_STOPS_MAX ? clock.nextMessageMs : null;
    const dueSeconds = (Math.min(nextDueMs, messageMs ?? nextDueMs) - clock.nowMs) / 1000;
    if (messageMs !== null && messageMs < nextDueMs && dueSeconds < leftSeconds) messageStops += 1;
    await setClockOffset(
      directory,
      dueSeconds < leftSeconds ? clock.offsetSeconds + Math.max(dueSeconds, 0.001) : targetSeconds,
    );
  }
  throw new Error(`The clock has not arrived after ${STOPS_MAX} stops.`);
}

/** An S3 client that may do what S3 itself does. */
function rootS3(directory: string): S3Client {
  const endpoint = instanceStatus(directory)?.endpoint ?? '';
  return new S3Client(clientOptions(instanceFiles(directory), endpoint, ROOT_CREDENTIALS));
}
