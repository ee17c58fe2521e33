/** Deletions asked for over the API: opens or joins the operation and starts its execution. */

import type { EstimateAnswer } from '../../contract/api.ts';
import { parseAddress } from '../accounts/address.ts';
import { type Operation, openWrites, requireOperation } from '../operations/operations.ts';
import { ensureRunning, type RequestPorts } from '../operations/run-operation.ts';
import type { Ports } from '../ports/ports.ts';
import { untilWon } from '../rows/contention.ts';
import { OPERATION_ID_BYTES, requireDeletable } from './deletion-request.ts';
import type { ErasureSettings } from './erasure-ports.ts';
import { estimateErasure } from './estimate-erasure.ts';

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
