/** Placing a hold, and releasing it: case, flag and operation in one transaction each (W6). */

import { registryKeys } from '../../contract/row-layout.ts';
import { StoreBusyError } from '../errors.ts';
import type { Ports } from '../ports/ports.ts';
import type { RowStore } from '../ports/row-store.ts';
import { type OpenHoldRequest, openHoldWrites } from './hold-operation.ts';
import type { PlaceRequest, ReleaseRequest } from './hold-request.ts';
import {
  type HoldCase,
  holdConflict,
  placeWrite,
  releaseWrite,
  requireHeld,
  requireHoldable,
  unchangedCheck,
  unknownHold,
} from './holds.ts';

export interface HoldOpening extends Pick<OpenHoldRequest, 'operationId' | 'execution'> {
  readonly requestedBy: string;
}

type PlacePorts = Pick<Ports, 'rows' | 'clock'>;

/**
 * Places a case on an account. Asked for again with the same words, it is the same.
 * @returns the id of the operation that protects for it; `lost` when others changed the holds
 * @throws UnknownUserError, AccountNotActiveError once erasure has begun, HoldConflictError,
 *   InvalidInputError
 */
export async function placeHold(
  { rows, clock }: PlacePorts,
  { user, caseId, reason, until, dryRun }: PlaceRequest,
  opening: HoldOpening,
): Promise<string | 'lost'> {
  const held = await requireHeld(rows, user);
  requireHoldable(held);
  const now = clock.now();
  const { accountId } = held;
  const { operationId, requestedBy } = opening;
  const there = held.cases.find((one) => one.caseId === caseId);
  if (there !== undefined) {
    if (there.reason !== reason || there.until !== until) throw holdConflict(caseId);
    if (dryRun !== true && (await isKnown(rows, there))) return there.operationId;
  }
  const request = { verb: 'hold-account', caseId, user, ...opening } as const;
  if (dryRun === true) {
    const writes = openHoldWrites(accountId, { ...request, dryRun }, now);
    return await opened(rows, [unchangedCheck(held), ...writes], operationId);
  }
  const added: HoldCase = {
    caseId,
    reason,
    placedBy: there?.placedBy ?? requestedBy,
    placedAt: there?.placedAt ?? now,
    ...(until === undefined ? {} : { until }),
    operationId,
  };
  const writes = openHoldWrites(accountId, request, now);
  return await opened(rows, [placeWrite(held, added), ...writes], operationId);
}

/** Operations are kept for 400 days; a case may last longer, and is verified anew then. */
const isKnown = async (rows: RowStore, { operationId }: HoldCase): Promise<boolean> =>
  (await rows.get(registryKeys.operation(operationId))) !== undefined;

/**
 * Releases a case. Asked for again, the last release is the same one.
 * @returns the id of the operation that restarts what was protected, once no case is left
 * @throws UnknownUserError, AccountNotActiveError, UnknownHoldError
 */
export async function releaseHold(
  { rows, clock }: PlacePorts,
  { user, caseId, dryRun }: ReleaseRequest,
  opening: HoldOpening,
): Promise<string | 'lost'> {
  const held = await requireHeld(rows, user);
  const { accountId, lastRelease } = held;
  const { operationId } = opening;
  if (!held.cases.some((one) => one.caseId === caseId)) {
    if (lastRelease?.caseId === caseId && dryRun !== true) return lastRelease.operationId;
    throw unknownHold(caseId);
  }
  requireHoldable(held);
  const request = { verb: 'release-hold', caseId, user, ...opening } as const;
  const first = dryRun === true ? unchangedCheck(held) : releaseWrite(held, caseId, operationId);
  const writes = openHoldWrites(
    accountId,
    { ...request, ...(dryRun === true ? { dryRun } : {}) },
    clock.now(),
  );
  return await opened(rows, [first, ...writes], operationId);
}

async function opened(
  rows: RowStore,
  writes: Parameters<RowStore['transact']>[0],
  operationId: string,
): Promise<string | 'lost'> {
  const result = await rows.transact(writes);
  if (result.outcome === 'conflict') throw new StoreBusyError('another change of the account');
  if (result.outcome === 'written') return operationId;
  // A first try whose answer was lost has written all of it.
  const isThere = (await rows.get(registryKeys.operation(operationId))) !== undefined;
  return isThere ? operationId : 'lost';
}
