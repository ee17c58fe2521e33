/** What wakes reconcile-objects: many rows of a stream, or messages of the retry queue. */
import { type RowOutcomes, rowOfRetryBody } from '../../contract/reconcile.ts';
import type { RowKey } from '../../contract/row-layout.ts';
import type { Ids } from '../ports/ids.ts';
import type { RetryQueue } from '../ports/retry-queue.ts';
import { inParallel } from '../rows/parallel.ts';
import { type Reconciled, type ReconcilePorts, reconcileObjects } from './reconcile-objects.ts';

/**
 * Rows under way at a time: each takes one read and one or two requests to S3, some 50 ms, so a
 * batch of 100 takes a third of a second.
 */
const PARALLEL_ROWS = 16;

/** No wait is longer: SQS would allow twelve hours, but nobody wants to wait for that. */
const WAIT_SECONDS_MAX = 3600;

/** Told of every row that could not be followed, and why; without a fault time was up. */
export type ReportRow = (key: RowKey | undefined, fault: unknown) => void;

export interface RetryMessage {
  readonly id: string;
  readonly receipt: string;
  readonly body: string;
  /** How often it was received, this time included. */
  readonly receives: number;
}

/**
 * Follows rows; those that cannot be followed now, or not before `until`, go to the retry queue.
 * @param until epoch milliseconds after which no further row is begun
 * @throws what the queue throws: then the caller must come again with the same rows
 */
export async function reconcileOrPostpone(
  ports: ReconcilePorts & { readonly retries: RetryQueue },
  keys: readonly RowKey[],
  until: number,
  report: ReportRow,
): Promise<RowOutcomes> {
  const outcomes = { marked: 0, lifted: 0, removed: 0, nothing: 0, postponed: 0 };
  const left: RowKey[] = [];
  await inParallel(keys, PARALLEL_ROWS, async (key) => {
    if (await followed(ports, key, { until, outcomes, report })) return;
    left.push(key);
  });
  if (left.length > 0) await ports.retries.add(left);
  return { ...outcomes, postponed: left.length };
}

/**
 * Follows the rows that messages of the retry queue name. A message whose row cannot be followed
 * comes again later and later, until the queue gives it up to the dead-letter queue.
 * @param firstWaitSeconds before the second try; doubled each time
 * @returns ids of the messages that must stay in the queue
 */
export async function retryRows(
  ports: ReconcilePorts & { readonly retries: RetryQueue; readonly ids: Ids },
  messages: readonly RetryMessage[],
  { firstWaitSeconds, until }: { readonly firstWaitSeconds: number; readonly until: number },
  report: ReportRow,
): Promise<{ readonly outcomes: RowOutcomes; readonly stay: readonly string[] }> {
  const outcomes = { marked: 0, lifted: 0, removed: 0, nothing: 0, postponed: 0 };
  const stay: string[] = [];
  await inParallel(messages, PARALLEL_ROWS, async ({ id, receipt, body, receives }) => {
    if (await followed(ports, body, { until, outcomes, report })) return;
    stay.push(id);
    const seconds = waitSeconds(firstWaitSeconds, receives, ports.ids.fraction());
    try {
      await ports.retries.postpone(receipt, seconds);
    } catch (fault) {
      // It comes again all the same, when the queue no longer hides it.
      report(undefined, fault);
    }
  });
  return { outcomes: { ...outcomes, postponed: stay.length }, stay };
}

/** Half of the doubled wait is drawn, so that what failed at once does not come back at once. */
function waitSeconds(first: number, receives: number, fraction: number): number {
  const longest = Math.min(first * 2 ** (receives - 1), WAIT_SECONDS_MAX);
  return Math.ceil((longest * (1 + fraction)) / 2);
}

interface Following {
  /** Epoch milliseconds after which no further row is begun. */
  readonly until: number;
  readonly outcomes: Record<Reconciled, number>;
  readonly report: ReportRow;
}

/** Whether S3 follows the row, given by its key or by the body of a message, and counts it. */
async function followed(
  ports: ReconcilePorts,
  row: RowKey | string,
  { until, outcomes, report }: Following,
): Promise<boolean> {
  let key: RowKey | undefined;
  try {
    key = typeof row === 'string' ? rowOfRetryBody(row) : row;
    if (ports.clock.now() >= until) {
      report(key, undefined);
      return false;
    }
    outcomes[await reconcileObjects(ports, key)] += 1;
    return true;
  } catch (fault) {
    report(key, fault);
    return false;
  }
}
