/** A purge asked for over the API: opens an operation and starts its execution. */

import { OPERATION_ID_BYTES } from '../../contract/limits.ts';
import { accountHeld, requireActiveAccount } from '../accounts/accounts.ts';
import { requireTree } from '../folders/tree.ts';
import { type Operation, requireOperation } from '../operations/operations.ts';
import { ensureRunning, type RequestPorts } from '../operations/run-operation.ts';
import type { Ports } from '../ports/ports.ts';
import { untilWon } from '../rows/contention.ts';
import { openPurge } from './purge-operation.ts';
import { parsePurgeInput, parsePurgeRequest } from './purge-request.ts';

interface Opening {
  /** A PurgeRequest, as it came. */
  readonly input: unknown;
  /** Who asks, for the operation's record. */
  readonly requestedBy: string;
  readonly operationId: string;
  readonly execution?: string;
}

/**
 * Opens an operation, unless it is there.
 * @throws InvalidInputError, UnknownUserError, UnknownMailboxError for a deletion that is not
 *   there, AccountNotActiveError, AccountHeldError, StoreBusyError
 */
export async function checkAndOpen(
  ports: Pick<Ports, 'rows' | 'clock'>,
  { input, ...opening }: Opening,
): Promise<void> {
  const request = parsePurgeRequest(parsePurgeInput(input));
  const { user, deletionId } = request;
  if (user === undefined) {
    await openPurge(ports, { ...opening, request });
    return;
  }
  const account = await requireActiveAccount(ports.rows, user);
  if (account.held) throw accountHeld(account.accountId);
  if (deletionId !== undefined) await requireTree(ports.rows, account.accountId, deletionId);
  await openPurge(ports, { ...opening, request, account });
}

/**
 * Begins to purge deleted folders: of a user, of a domain, or all.
 * @param input a PurgeRequest, as it came
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws as checkAndOpen
 */
export async function requestPurge(
  ports: RequestPorts,
  input: unknown,
  requestedBy: string,
  deadline: number,
): Promise<Operation> {
  const operationId = `op-${ports.ids.hex(OPERATION_ID_BYTES)}`;
  await checkAndOpen(ports, { input, requestedBy, operationId });
  return await untilWon(ports, deadline, async () =>
    ensureRunning(ports, await requireOperation(ports.rows, operationId)),
  );
}
