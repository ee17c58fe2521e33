/** Deletions asked for over the API: opens or joins the operation and starts its execution. */

import { createHash } from 'node:crypto';
import type { EstimateAnswer } from '../../contract/api.ts';
import {
  ADDRESSES_PER_ACCOUNT_MAX,
  OPERATION_ID_BYTES,
  OPERATION_RETENTION_DAYS,
} from '../../contract/limits.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { parseAddress } from '../names/address.ts';
import { IdempotentRequest } from '../operations/idempotency.ts';
import { type Operation, openWrites, requireOperation } from '../operations/operations.ts';
import { ensureRunning, type RequestPorts } from '../operations/run-operation.ts';
import type { Write } from '../ports/row-store.ts';
import { text } from '../rows/attributes.ts';
import { untilWon } from '../rows/contention.ts';
import { everyRow } from '../rows/paging.ts';
import { type Meant, requireDeletableAccount } from './deletion-request.ts';
import type { RowPorts } from './erasure-ports.ts';
import { type EstimateSettings, estimateErasure } from './estimate-erasure.ts';
import { parseDeleteAfter, postponeWrites } from './grace.ts';

export interface DeletionRequest extends Meant {
  /** Who asks, for the operation's record. */
  readonly requestedBy: string;
  /** When the erasure begins, as it came; at once when missing. */
  readonly deleteAfter?: string;
  /** The client's key: the same request again is this one, whoever has the address by then. */
  readonly idempotencyKey?: string;
}

/**
 * Counts and cost of a deletion; changes nothing.
 * @throws InvalidInputError, UnknownUserError, AccountMismatchError, AccountHeldError
 */
export async function estimateDeletion(
  ports: RowPorts,
  settings: EstimateSettings,
  request: Meant,
): Promise<EstimateAnswer> {
  const user = parseAddress('user', request.user);
  const { accountId } = await requireDeletableAccount(ports.rows, { ...request, user });
  const estimate = await estimateErasure(ports, settings, accountId);
  const addresses = await addressesOf(ports, accountId);
  const isFreed = settings.reservationDays === 0;
  return { ...estimate, [isFreed ? 'freedAddresses' : 'reservedAddresses']: addresses };
}

async function addressesOf({ rows }: RowPorts, accountId: string): Promise<readonly string[]> {
  const { pk, sk } = registryKeys.accountAddress(accountId, '');
  const query = { pk, sk: { prefix: sk }, limit: ADDRESSES_PER_ACCOUNT_MAX };
  const addresses: string[] = [];
  for await (const row of everyRow(rows, { ...query, table: 'registry' })) {
    addresses.push(text(row, 'address'));
  }
  return addresses;
}

/**
 * Begins a deletion, or joins the one that is there: two requests for one account are one
 * operation (U5), and a request for one that failed resumes it.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @throws InvalidInputError, UnknownUserError, AccountMismatchError, AccountHeldError,
 *   ErasureBegunError when it names a time, too late, IdempotencyKeyReusedError, StoreBusyError
 */
export async function requestDeletion(
  ports: RequestPorts,
  request: DeletionRequest,
  deadline: number,
): Promise<Operation> {
  const meant = { ...request, user: parseAddress('user', request.user) };
  const repeated = repeatedRequest(meant);
  return await untilWon(ports, deadline, async () => {
    const before = await repeated?.answer<Began>(ports.rows, DELETION);
    const began = before ?? (await begin(ports, meant, repeated));
    if (began === 'lost') return 'lost';
    return await ensureRunning(ports, await requireOperation(ports.rows, began.operationId));
  });
}

/** What such an answer is about: a deletion that has begun stays what it is, whatever follows. */
const DELETION = 'deletion';

/** What a request with a key is remembered to have begun. */
interface Began {
  readonly operationId: string;
}

/**
 * Kept as long as the operation, and beside all accounts: by the time it is repeated, the address
 * can be another account's. The hash holds the client's key, without which no address can be tried
 * out on it.
 */
function repeatedRequest(request: DeletionRequest): IdempotentRequest | undefined {
  const { idempotencyKey: key, user, accountId, allowUnknownUser, deleteAfter } = request;
  if (key === undefined) return undefined;
  const later = deleteAfter === undefined ? [] : [deleteAfter];
  const asked = JSON.stringify([key, user, accountId ?? null, allowUnknownUser, ...later]);
  const requestHash = createHash('sha256').update(asked).digest('hex');
  const retentionHours = OPERATION_RETENTION_DAYS * 24;
  return new IdempotentRequest(registryKeys.deletionRequest, { key, requestHash }, retentionHours);
}

/** One that is there goes on when this request says; it leaves that alone when it says nothing. */
async function postponing(
  { rows }: RequestPorts,
  account: Account,
  time: number | undefined,
): Promise<readonly Write[]> {
  if (time === undefined || account.operationId === undefined) return [];
  return postponeWrites(account, await requireOperation(rows, account.operationId), time);
}

async function begin(
  ports: RequestPorts,
  request: DeletionRequest,
  repeated: IdempotentRequest | undefined,
): Promise<Began | 'lost'> {
  const account = await requireDeletableAccount(ports.rows, request);
  const now = ports.clock.now();
  const { operationId = `op-${ports.ids.hex(OPERATION_ID_BYTES)}` } = account;
  const { user, allowUnknownUser, requestedBy } = request;
  const time =
    request.deleteAfter === undefined ? undefined : parseDeleteAfter(request.deleteAfter, now);
  const grace = time === undefined ? {} : { deleteAfter: time };
  const opened = { operationId, user, allowUnknownUser, requestedBy, ...grace };
  const opening =
    account.operationId === undefined
      ? openWrites(account, opened, now)
      : await postponing(ports, account, time);
  const remembering =
    repeated === undefined ? [] : [repeated.write({ operationId }, DELETION, now)];
  const writes = [...opening, ...remembering];
  if (writes.length === 0) return { operationId };
  const result = await ports.rows.transact(writes);
  return result.outcome === 'written' ? { operationId } : 'lost';
}
