/** The holds of an account as callers see them. */
import type { HoldAnswer, HoldsAnswer } from '../../contract/holds.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import { parseAddress } from '../names/address.ts';
import { toOperation } from '../operations/operations.ts';
import type { Ports } from '../ports/ports.ts';
import type { RowStore } from '../ports/row-store.ts';
import { inParallel } from '../rows/parallel.ts';
import { type HoldCase, requireHeld } from './holds.ts';

const PARALLEL_READS = 10;

/** @throws InvalidInputError, UnknownUserError */
export async function listHolds(
  { rows, clock }: Pick<Ports, 'rows' | 'clock'>,
  address: string,
): Promise<HoldsAnswer> {
  const { accountId, isHeld, cases } = await requireHeld(rows, parseAddress('user', address));
  const now = clock.now();
  const sorted = cases.toSorted((one, other) => one.placedAt - other.placedAt);
  const holds = await inParallel(sorted, PARALLEL_READS, (one) => toAnswer(rows, one, now));
  return { accountId, held: isHeld, holds };
}

async function toAnswer(
  rows: RowStore,
  { caseId, reason, placedBy, placedAt, until, operationId }: HoldCase,
  now: number,
): Promise<HoldAnswer> {
  const row = await rows.get(registryKeys.operation(operationId));
  return {
    caseId,
    reason,
    placedBy,
    placedAt: new Date(placedAt).toISOString(),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    ...(until === undefined || until > now ? {} : { overdue: true }),
    operationId,
    ...(row === undefined ? {} : { protection: toOperation(row).state }),
  };
}
