/** Deletions asked for over the API: opens or joins the operation and starts its execution. */

import type { EstimateAnswer } from '../../contract/api.ts';
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { parseAddress } from '../accounts/address.ts';
import { LetheError } from '../errors.ts';
import {
  executionName,
  executionOf,
  type Operation,
  openWrites,
  requireOperation,
  takeOver,
} from '../operations/operations.ts';
import type { Ports } from '../ports/ports.ts';
import { untilWon } from '../rows/contention.ts';
import { OPERATION_ID_BYTES, requireDeletable } from './deletion-request.ts';
import type { ErasureSettings } from './erasure-ports.ts';
import { estimateErasure } from './estimate-erasure.ts';

export type RequestPorts = Pick<Ports, 'rows' | 'workflows' | 'clock' | 'ids'>;

export interface DeletionRequest {
  readonly user: string;
  readonly allowUnknownUser: boolean;
  /** Who asks, for the operation's record. */
  readonly requestedBy: string;
}

/**
 * Counts and cost of a deletion; changes nothing.
 * @throws InvalidInputError, UnknownUserError, AccountHeldError
 */
export async function estimateDeletion(
  rows: Ports['rows'],
  settings: ErasureSettings,
  request: Pick<DeletionRequest, 'user' | 'allowUnknownUser'>,
): Promise<EstimateAnswer> {
  const user = parseAddress('user', request.user);
  const account = await requireDeletable(rows, user, request.allowUnknownUser);
  return await estimateErasure(rows, settings, account.accountId);
}

/**
 * Begins a deletion, or joins the one that is there: two requests for one account are one
 * operation (U5), and a request for one that failed resumes it.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws InvalidInputError, UnknownUserError, AccountHeldError, StoreBusyError
 */
export async function requestDeletion(
  ports: RequestPorts,
  request: DeletionRequest,
  deadline: number,
): Promise<Operation> {
  const user = parseAddress('user', request.user);
  return await untilWon(ports, deadline, async () => {
    const account = await requireDeletable(ports.rows, user, request.allowUnknownUser);
    if (account.operationId !== undefined) {
      return await ensureRunning(ports, await requireOperation(ports.rows, account.operationId));
    }
    const operationId = `op-${ports.ids.hex(OPERATION_ID_BYTES)}`;
    const opening = { ...request, user, operationId };
    const result = await ports.rows.transact(openWrites(account, opening, ports.clock.now()));
    if (result.outcome !== 'written') return 'lost';
    return await ensureRunning(ports, await requireOperation(ports.rows, operationId));
  });
}

/**
 * Starts the next attempt of a deletion that failed, or whose execution was stopped.
 * @throws UnknownOperationError, OperationFinishedError, StoreBusyError
 */
export async function resumeOperation(
  ports: RequestPorts,
  operationId: string,
  deadline: number,
): Promise<Operation> {
  return await untilWon(ports, deadline, async () => {
    const operation = await requireOperation(ports.rows, operationId);
    if (operation.state !== 'succeeded') return await ensureRunning(ports, operation);
    throw new LetheError(
      ERROR_NAMES.operationFinished,
      `operation ${operationId} has succeeded`,
      'Nothing to do: fetch its certificate.',
    );
  });
}

/** Makes sure that an execution works on the operation; safe to call at any time by anyone. */
async function ensureRunning(
  ports: RequestPorts,
  operation: Operation,
): Promise<Operation | 'lost'> {
  const { operationId, attempt, state } = operation;
  if (state === 'succeeded') return operation;
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
