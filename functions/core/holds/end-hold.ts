/** The end of the operations of holds. */
import type { Counts } from '../../contract/api.ts';
import type { OperationContext } from '../../contract/payloads.ts';
import { expireRecords } from '../operations/expire-records.ts';
import { type OperationPorts, requireOperation } from '../operations/operations.ts';
import { endHoldWrites } from './hold-operation.ts';

interface Done {
  readonly outcome: 'done';
  readonly operationId: string;
  readonly dryRun?: true;
  readonly counts: Counts;
}

/** Whether it has ended before: a late delivery. */
export async function isOver(
  { rows }: Pick<OperationPorts, 'rows'>,
  { operationId }: OperationContext,
): Promise<boolean> {
  return (await requireOperation(rows, operationId)).state === 'succeeded';
}

/** Idempotent. */
export async function endHold(ports: OperationPorts, context: OperationContext): Promise<Done> {
  await expireRecords(ports, context.operationId);
  await ports.rows.transact(endHoldWrites(context, ports.clock.now()));
  return await doneHold(ports, context);
}

export async function doneHold(
  { rows }: Pick<OperationPorts, 'rows'>,
  { operationId }: OperationContext,
): Promise<Done> {
  const { done = {}, dryRun } = await requireOperation(rows, operationId);
  return {
    outcome: 'done',
    operationId,
    counts: done,
    ...(dryRun === true ? { dryRun } : {}),
  };
}
