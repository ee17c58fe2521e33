/**
 * The time in which a deletion can be undone: the user is disabled and disconnected at once, and
 * nothing is erased before it is over (U6).
 */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { BeginGraceAnswer, OperationContext } from '../../contract/payloads.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import { timeInSeconds } from '../../contract/seed-mail-settings.ts';
import { DAY_MS, DAYS_MAX, parseMoment } from '../../contract/times.ts';
import type { Account } from '../accounts/accounts.ts';
import { InvalidInputError, LetheError, quoted } from '../errors.ts';
import {
  enterStep,
  type Operation,
  requireOperation,
  updateWrite,
} from '../operations/operations.ts';
import type { Write } from '../ports/row-store.ts';
import type { RowPorts } from './erasure-ports.ts';

/** Operations that wait, by the time at which they go on. */
export const GRACE_PARTITION = 'due#grace';

const ALLOWED = 'allowed is a time from now such as 30d or 12h, or a time in ISO 8601';

/**
 * When a deletion is to go on.
 * @param given a time from now (`30d`, 0 is at once), or a moment in ISO 8601
 * @param now epoch milliseconds
 * @returns epoch milliseconds, not before now
 * @throws InvalidInputError
 */
export function parseDeleteAfter(given: string, now: number): number {
  const seconds = timeInSeconds(given);
  const time = seconds === undefined ? parseMoment(given) : now + seconds * 1000;
  if (time === undefined) {
    throw InvalidInputError.of('deleteAfter', `got ${quoted(given)}, ${ALLOWED}`);
  }
  if (time > now + DAYS_MAX * DAY_MS) {
    throw InvalidInputError.of('deleteAfter', `got ${quoted(given)}, at most ${DAYS_MAX} days`);
  }
  return Math.max(time, now);
}

const waitingAt = (time: number) => ({
  duePk: GRACE_PARTITION,
  dueSk: new Date(time).toISOString(),
});

/**
 * Lets the operation wait for the end of its grace period, or go on where that is over. Safe to
 * repeat.
 * @throws SupersededError
 */
export async function beginGrace(
  ports: RowPorts,
  context: OperationContext,
): Promise<BeginGraceAnswer> {
  const { deleteAfter = 0, ...before } = await requireOperation(ports.rows, context.operationId);
  const now = ports.clock.now();
  if (before.state === 'waiting' && before.attempt === context.attempt) {
    return { outcome: 'waiting', deleteAfter: new Date(deleteAfter).toISOString() };
  }
  if (deleteAfter <= now) {
    await enterStep(ports, context, 'Grace period');
    return { outcome: 'proceed' };
  }
  // By the time as it was read: a request that brings it forward meanwhile is not passed over.
  const result = await ports.rows.write(
    updateWrite(
      context,
      { state: 'waiting', step: 'Grace period', updatedAt: now, ...waitingAt(deleteAfter) },
      { deleteAfter },
    ),
  );
  if (result.outcome === 'written') {
    return { outcome: 'waiting', deleteAfter: new Date(deleteAfter).toISOString() };
  }
  // Another time, or another attempt: the step is entered again, or refused as superseded.
  await enterStep(ports, context, 'Grace period');
  return await beginGrace(ports, context);
}

/**
 * The writes by which a deletion that has not begun to erase goes on at another time.
 * @throws AccountNotActiveError when it has begun
 */
export function postponeWrites(account: Account, operation: Operation, time: number): Write[] {
  const { operationId, state, attempt } = operation;
  if (!isUndoable(account, operation)) throw erasureBegun(account.accountId, operationId);
  return [
    beforeFence(account.accountId, operationId),
    {
      kind: 'update',
      key: registryKeys.operation(operationId),
      guard: { row: 'present', equals: { state, attempt } },
      change: { set: { deleteAfter: time, ...(state === 'waiting' ? waitingAt(time) : {}) } },
    },
  ];
}

/** Whether nothing can have been erased yet, by rows that were read; a transaction says it for good. */
export const isUndoable = (account: Account, { verb, state }: Operation): boolean =>
  verb === 'delete-account' &&
  state !== 'succeeded' &&
  state !== 'undone' &&
  (account.state === 'active' || account.state === 'disabled');

/** The fence has not been raised: the same row, the same condition, so one of the two wins. */
const beforeFence = (accountId: string, operationId: string): Write => ({
  kind: 'check',
  key: registryKeys.account(accountId),
  guard: { row: 'present', equals: { operationId }, oneOf: { state: ['active', 'disabled'] } },
});

export function erasureBegun(accountId: string, operationId: string): LetheError {
  return new LetheError(
    ERROR_NAMES.erasureBegun,
    `the erasure of account ${accountId} has begun by operation ${operationId}`,
    'It cannot be undone any more: what is erased does not come back.',
  );
}
