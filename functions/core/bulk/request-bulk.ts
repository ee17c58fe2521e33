/** Bulk verbs asked for over the API: opens an operation and starts its execution. */

import type { BulkInput } from '../../contract/bulk.ts';
import { OPERATION_ID_BYTES } from '../../contract/limits.ts';
import type { BulkVerb } from '../../contract/machines.ts';
import { requireActiveAccount, whyProtected } from '../accounts/accounts.ts';
import { StoreBusyError } from '../errors.ts';
import { type Operation, requireOperation } from '../operations/operations.ts';
import { ensureRunning, type RequestPorts } from '../operations/run-operation.ts';
import type { Ports } from '../ports/ports.ts';
import { untilWon } from '../rows/contention.ts';
import { openBulkWrites } from './bulk-operation.ts';
import { parseBulkRequest } from './bulk-request.ts';

export interface BulkOpening {
  readonly verb: BulkVerb;
  readonly input: BulkInput;
  /** Who asks, for the operation's record. */
  readonly requestedBy: string;
  readonly operationId: string;
  readonly execution?: string;
}

/**
 * Opens an operation, unless it is there.
 * @throws InvalidInputError, InvalidQueryError, QueryLacksMailboxError, UnknownUserError,
 *   AccountNotActiveError, AccountHeldError, StoreBusyError
 */
export async function openBulk(
  ports: Pick<Ports, 'rows' | 'clock'>,
  { verb, input, ...rest }: BulkOpening,
): Promise<void> {
  const now = ports.clock.now();
  const { user, request } = parseBulkRequest(verb, input, now);
  const account = await requireActiveAccount(ports.rows, user);
  const writes = openBulkWrites(account, { ...rest, verb, user, request }, now);
  const result = await ports.rows.transact(writes);
  if (result.outcome === 'conflict') throw new StoreBusyError('another change of the account');
  if (result.outcome === 'written') return;
  const isAccount = result.refusals.some(({ index }) => index === 0);
  if (isAccount) throw await whyProtected(ports.rows, account);
}

interface BulkWish {
  readonly verb: BulkVerb;
  /** `user` and `query`, and what else the verb takes. */
  readonly input: BulkInput;
  readonly requestedBy: string;
}

/**
 * Begins to expunge or restore by query: for more messages than a request takes at once.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws as openBulk
 */
export async function requestBulk(
  ports: RequestPorts,
  wish: BulkWish,
  deadline: number,
): Promise<Operation> {
  const operationId = `op-${ports.ids.hex(OPERATION_ID_BYTES)}`;
  await openBulk(ports, { ...wish, operationId });
  return await untilWon(ports, deadline, async () =>
    ensureRunning(ports, await requireOperation(ports.rows, operationId)),
  );
}
