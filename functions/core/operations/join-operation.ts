/** An execution that finds an operation: its own, one that waits for it, or somebody else's. */
import type { OperationVerb } from '../../contract/machines.ts';
import type { OperationContext, RunningAnswer } from '../../contract/payloads.ts';
import { InvalidInputError, quoted } from '../errors.ts';
import type { Ports } from '../ports/ports.ts';
import { type Operation, requireOperation, updateWrite } from './operations.ts';

/**
 * An execution started for an operation that exists: by the API or by `resume`.
 * @param verb of the machine: the operation of another one is not its to carry out
 * @throws InvalidInputError, UnknownOperationError
 */
export async function joinOperation(
  ports: Pick<Ports, 'rows'>,
  verb: OperationVerb,
  input: { readonly operationId?: string; readonly attempt?: number },
  execution: string,
): Promise<RunningAnswer> {
  const operation = await requireOperation(ports.rows, input.operationId ?? '');
  requireVerb(operation, verb);
  const context = attemptContext(operation, input.attempt ?? operation.attempt);
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
    return { outcome: 'proceed', operation: attemptContext(operation, operation.attempt) };
  }
  const { operationId, state, attempt } = operation;
  return {
    outcome: 'alreadyRunning',
    operationId,
    message: `operation ${operationId} is ${state} in attempt ${attempt}; this execution does nothing`,
  };
}

/** @throws InvalidInputError */
function requireVerb({ operationId, verb }: Operation, allowed: OperationVerb): void {
  if (verb === allowed) return;
  throw InvalidInputError.of(
    'operationId',
    `got ${quoted(operationId)}, an operation of ${verb}; allowed is one of ${allowed}`,
  );
}

function attemptContext(operation: Operation, attempt: number): OperationContext {
  return { operationId: operation.operationId, attempt, accountId: operation.accountId };
}
