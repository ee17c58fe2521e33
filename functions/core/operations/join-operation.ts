/** An execution that finds an operation: its own, one that waits for it, or somebody else's. */
import { createHash } from 'node:crypto';
import { OPERATION_ID_BYTES } from '../../contract/limits.ts';
import type { OperationVerb } from '../../contract/machines.ts';
import type { OperationContext, RunningAnswer } from '../../contract/payloads.ts';
import { registryKeys } from '../../contract/row-layout.ts';
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

/**
 * The first step of an execution that somebody else than the API started: opens its operation. The
 * id follows from the execution, whose name is unique: repeated, the step finds its own.
 * @param open writes the operation's row; whatever it throws is thrown
 */
export async function openForExecution(
  ports: Pick<Ports, 'rows'>,
  verb: OperationVerb,
  execution: string,
  open: (operationId: string, requestedBy: string) => Promise<void>,
): Promise<RunningAnswer> {
  const hash = createHash('sha256').update(`${verb} ${execution}`).digest('hex');
  const operationId = `op-${hash.slice(0, 2 * OPERATION_ID_BYTES)}`;
  const there = await ports.rows.get(registryKeys.operation(operationId));
  if (there === undefined) await open(operationId, `execution ${execution}`);
  return ownOrRunning(await requireOperation(ports.rows, operationId), execution);
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
  const { operationId, accountId, deleteAfter } = operation;
  return { operationId, attempt, accountId, ...(deleteAfter === undefined ? {} : { grace: true }) };
}
