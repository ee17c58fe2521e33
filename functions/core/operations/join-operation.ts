/** An execution that finds an operation: its own, one that waits for it, or somebody else's. */
import type { OperationContext, RunningAnswer } from '../../contract/payloads.ts';
import type { Ports } from '../ports/ports.ts';
import { type Operation, requireOperation, updateWrite } from './operations.ts';

/** An execution started for an operation that exists: by the API or by `resume`. */
export async function joinOperation(
  ports: Pick<Ports, 'rows'>,
  input: { readonly operationId?: string; readonly attempt?: number },
  execution: string,
): Promise<RunningAnswer> {
  const operation = await requireOperation(ports.rows, input.operationId ?? '');
  const context = contextOf(operation, input.attempt ?? operation.attempt);
  // The attempt is taken by the first execution that names itself on it; a retry finds its name.
  const write = updateWrite(context, { execution });
  const result = await ports.rows.write({
    ...write,
    guard: { ...write.guard, without: ['execution'] },
  });
  if (result.outcome === 'written') return { outcome: 'proceed', operation: context };
  return ownOrRunning(await requireOperation(ports.rows, operation.operationId), execution);
}

/** A repeated delivery of the first step finds its own execution on the operation and goes on. */
export function ownOrRunning(operation: Operation, execution: string): RunningAnswer {
  if (operation.execution === execution && operation.state === 'running') {
    return { outcome: 'proceed', operation: contextOf(operation, operation.attempt) };
  }
  const { operationId, state, attempt } = operation;
  return {
    outcome: 'alreadyRunning',
    operationId,
    message: `operation ${operationId} is ${state} in attempt ${attempt}; this execution does nothing`,
  };
}

function contextOf(operation: Operation, attempt: number): OperationContext {
  return { operationId: operation.operationId, attempt, accountId: operation.accountId };
}
