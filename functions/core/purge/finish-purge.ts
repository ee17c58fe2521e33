/** The last step of a purge: what went, what it cost or would cost, and who has to look at it. */
import type { Counts } from '../../contract/api.ts';
import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { FinishPurgeAnswer, FinishPurgePayload, PurgeReport } from '../../contract/purge.ts';
import { DAY_MS } from '../../contract/times.ts';
import { purgeUsage } from '../meter/purge-usage.ts';
import { shownUsage } from '../meter/usage.ts';
import { failOperation, type OperationPorts, requireOperation } from '../operations/operations.ts';
import { erasedCounts } from '../operations/progress.ts';
import { failuresNamed, partReport } from '../walks/walk-report.ts';
import { ALL_ACCOUNTS, endPurgeWrites, leftWrite, readPurge } from './purge-operation.ts';
import { asPurge, leftIn, NOTHING_PURGED, sumPurges } from './purge-report.ts';

export interface PurgeEnd {
  /** Of the functions. */
  readonly memoryMb: number;
  readonly keysPerSecond: number;
  /** Parts that the machine purges at once. */
  readonly maxWorkers: number;
  /**
   * Told how many trees of all accounts wait for a backup, and for how long the first has: none
   * for 0 days. Not after a purge of some accounts only, which does not know.
   */
  readonly onWaiting?: (trees: number, oldestWaitDays: number) => void;
}

const NEXT = 'Resume the operation, or let the next purge try again: what is due stays due.';

/**
 * Sums up the parts and ends the operation. With something that could not be purged it fails, and
 * can be resumed. Idempotent.
 */
export async function finishPurge(
  ports: OperationPorts,
  settings: PurgeEnd,
  { operation: context, purged }: FinishPurgePayload,
): Promise<FinishPurgeAnswer> {
  const { operationId } = context;
  const report = sumPurges(NOTHING_PURGED, ...purged.map((part) => asPurge(partReport(part))));
  const { dryRun, state } = await requireOperation(ports.rows, operationId);
  // What a dry run could not count in time is said in its report.
  const isLeft = report.incomplete === true && dryRun !== true;
  const isRefused = report.skipped > 0 && context.accountId !== ALL_ACCOUNTS;
  const now = ports.clock.now();
  if (dryRun !== true) await ports.rows.write(leftWrite(context, report, now));
  if (state === 'running') await tellWaits(ports, context, settings, report);
  if (report.failed > 0 || isLeft || isRefused) return await fail(ports, context, report);
  if (state === 'running') {
    const found = dryRun ? foundBy(report, settings, purged.length, now) : undefined;
    await ports.rows.transact(endPurgeWrites(context, now, found));
  }
  const counts = dryRun ? countsIn(report, now) : await erasedCounts(ports.rows, operationId);
  return { outcome: 'purged', operationId, ...(dryRun ? { dryRun } : {}), counts, report };
}

function countsIn(report: PurgeReport, now: number): Counts {
  const { trees, mailboxes, messages, bytes } = report;
  return { trees, mailboxes, messages, bytes, ...leftIn(report, now) };
}

function foundBy(report: PurgeReport, settings: PurgeEnd, parts: number, now: number) {
  const { memoryMb, keysPerSecond, maxWorkers } = settings;
  const workers = Math.max(Math.min(parts, maxWorkers), 1);
  const usage = purgeUsage({ ...report, parts, memoryMb, keysPerSecond, workers });
  return { expected: countsIn(report, now), estimatedBill: shownUsage(usage) };
}

async function fail(
  ports: OperationPorts,
  context: FinishPurgePayload['operation'],
  report: PurgeReport,
): Promise<FinishPurgeAnswer> {
  const error = ERROR_NAMES.purgeIncomplete;
  const { failed, skipped } = report;
  const what =
    failed > 0
      ? `${failed} could not be purged: ${failuresNamed(report)}`
      : skipped > 0
        ? 'the account is held or not active, or another operation has the folder'
        : 'time ran out';
  const message = `${what}. Nothing is lost: what is due stays due.`;
  await failOperation(ports, context, { name: error, message, next: NEXT });
  return { outcome: 'refused', operationId: context.operationId, error, message, report };
}

async function tellWaits(
  { rows, clock }: OperationPorts,
  context: FinishPurgePayload['operation'],
  { onWaiting }: PurgeEnd,
  { waiting, waitingSince }: PurgeReport,
): Promise<void> {
  const { user, domain, dryRun } = await readPurge(rows, context);
  if (user !== undefined || domain !== undefined || dryRun === true) return;
  const now = clock.now();
  onWaiting?.(waiting, (now - (waitingSince ?? now)) / DAY_MS);
}
