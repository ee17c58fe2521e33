/** An operation as callers see it. */
import type { OperationAnswer } from '../../contract/api.ts';
import { PRICES_OF } from '../meter/prices.ts';
import { shownDollars, shownUsage, type Usage, usageOf } from '../meter/usage.ts';
import type { Ports } from '../ports/ports.ts';
import { billedUsage } from './metered-step.ts';
import { executionOf, type Operation, requireOperation } from './operations.ts';
import { erasedCounts } from './progress.ts';

/**
 * An operation with what it has erased so far. One whose execution has ended without saying so
 * (stopped in the console, timed out) shows as failed: `resume` goes on from there.
 * @throws UnknownOperationError
 */
export async function showOperation(
  ports: Pick<Ports, 'rows' | 'workflows'>,
  operationId: string,
): Promise<OperationAnswer> {
  let operation = await requireOperation(ports.rows, operationId);
  if (operation.state === 'running') {
    // The first step names the execution on the row, so one that failed there has none.
    const status = await ports.workflows.status(operation.verb, executionOf(operation));
    // It may have ended properly between the two readings: the row, read again, decides.
    if (status === 'failed') operation = stopped(await requireOperation(ports.rows, operationId));
  }
  const [counts, usage] = await Promise.all([
    erasedCounts(ports.rows, operationId),
    billedUsage(ports.rows, operationId),
  ]);
  return toOperationAnswer(operation, counts, usage);
}

function stopped(operation: Operation): Operation {
  if (operation.state !== 'running') return operation;
  return {
    ...operation,
    state: 'failed',
    error: {
      name: 'ExecutionStopped',
      message: `the execution of attempt ${operation.attempt} was stopped, timed out, or could not note why it failed`,
      next: 'Resume the operation: every step is safe to repeat.',
    },
  };
}

function toOperationAnswer(
  operation: Operation,
  counts: OperationAnswer['counts'],
  usage: Usage,
): OperationAnswer {
  const {
    round: _,
    firstRound: ___,
    execution: __,
    certificate,
    createdAt,
    updatedAt,
    finishedAt,
    deleteAfter,
    done,
    estimatedBill,
    ...rest
  } = operation;
  return {
    ...rest,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
    ...(finishedAt === undefined ? {} : { finishedAt: new Date(finishedAt).toISOString() }),
    ...(deleteAfter === undefined ? {} : { deleteAfter: new Date(deleteAfter).toISOString() }),
    counts: { ...counts, ...done },
    ...goneIn(operation, counts),
    ...estimateOf(estimatedBill),
    billed: shownUsage(usage),
    costDollars: shownDollars(usage),
    pricesOf: PRICES_OF,
    certificate: operation.state === 'succeeded' && certificate !== undefined,
  };
}

/** What a purge ends comes back by nothing. */
function goneIn({ verb, dryRun, expected }: Operation, counts: OperationAnswer['counts']) {
  const found = dryRun === true ? expected : counts;
  const messages = verb === 'purge-mailboxes' ? (found?.['messages'] ?? 0) : 0;
  return messages === 0 ? {} : { goneForGood: messages };
}

function estimateOf(bill: OperationAnswer['estimatedBill']) {
  if (bill === undefined) return {};
  return { estimatedBill: bill, estimatedCostDollars: shownDollars(usageOf(bill)) };
}
