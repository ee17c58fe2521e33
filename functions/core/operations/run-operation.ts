/** Making sure that an execution works on an operation, whoever asks and how often. */

import { ERROR_NAMES } from '../../contract/error-names.ts';
import { LetheError } from '../errors.ts';
import type { Ports } from '../ports/ports.ts';
import { untilWon } from '../rows/contention.ts';
import { executionName, executionOf, type Operation, requireOperation } from './operations.ts';
import { takeOver } from './take-over.ts';

export type RequestPorts = Pick<Ports, 'rows' | 'workflows' | 'clock' | 'ids'>;

/**
 * Starts the next attempt of an operation that failed, or whose execution was stopped.
 * @throws UnknownOperationError, OperationFinishedError, StoreBusyError
 */
export async function resumeOperation(
  ports: RequestPorts,
  operationId: string,
  deadline: number,
): Promise<Operation> {
  return await untilWon(ports, deadline, async () => {
    const operation = await requireOperation(ports.rows, operationId);
    if (operation.state === 'undone') {
      throw new LetheError(
        ERROR_NAMES.operationFinished,
        `operation ${operationId} was undone`,
        'Begin a new one if it is wanted after all.',
      );
    }
    if (operation.state !== 'succeeded') return await ensureRunning(ports, operation);
    throw new LetheError(
      ERROR_NAMES.operationFinished,
      `operation ${operationId} has succeeded`,
      `Nothing to do: ${operation.verb === 'delete-account' ? 'fetch its certificate' : 'look at what it did'}.`,
    );
  });
}

/** Makes sure that an execution works on the operation; safe to call at any time by anyone. */
export async function ensureRunning(
  ports: RequestPorts,
  operation: Operation,
): Promise<Operation | 'lost'> {
  const { operationId, attempt, state, deleteAfter = 0 } = operation;
  if (state === 'succeeded' || state === 'undone') return operation;
  if (state === 'waiting' && deleteAfter > ports.clock.now()) return operation;
  const name = executionOf(operation);
  if (state === 'running') {
    const status = await ports.workflows.status(operation.verb, name);
    if (status === 'running') return operation;
    if (status === undefined) {
      await ports.workflows.start(operation.verb, name, { operationId, attempt });
      return operation;
    }
    // Ended without saying so on the operation: stopped in the console, or timed out. Read again,
    // because it may have finished between the two readings.
    const now = await requireOperation(ports.rows, operationId);
    if (now.state !== 'running' || now.attempt !== attempt) return 'lost';
  }
  const next = await takeOver(ports, operation);
  if (next === undefined) return 'lost';
  const { attempt: nextAttempt } = next;
  await ports.workflows.start(operation.verb, executionName(operationId, nextAttempt), {
    operationId,
    attempt: nextAttempt,
  });
  return await requireOperation(ports.rows, operationId);
}
