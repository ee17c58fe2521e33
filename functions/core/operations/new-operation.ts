/** The row of an operation as it begins. */
import type { OperationVerb } from '../../contract/machines.ts';
import { ROW_VERSION, registryKeys } from '../../contract/row-layout.ts';
import type { Attributes, Write } from '../ports/row-store.ts';

export interface NewOperation {
  readonly operationId: string;
  readonly verb: OperationVerb;
  readonly accountId: string;
  /** What it starts with: a state name of the machine. */
  readonly step: string;
  readonly requestedBy: string;
  readonly execution?: string;
}

/**
 * Refused when the operation is there.
 * @param more what only this verb keeps on it
 * @param now epoch milliseconds
 */
export function operationPut(operation: NewOperation, more: Attributes, now: number): Write {
  const { execution, ...rest } = operation;
  return {
    kind: 'put',
    key: registryKeys.operation(operation.operationId),
    guard: { row: 'absent' },
    attributes: {
      v: ROW_VERSION,
      type: 'operation',
      ...rest,
      ...more,
      state: 'running',
      attempt: 1,
      round: 1,
      firstRound: 1,
      createdAt: now,
      updatedAt: now,
      ...(execution === undefined ? {} : { execution }),
    },
  };
}

/** The operation among those of its account, so that erasure finds it. */
export function accountOperationPut(accountId: string, operationId: string): Write {
  return {
    kind: 'put',
    key: registryKeys.accountOperation(accountId, operationId),
    guard: { row: 'absent' },
    attributes: { v: ROW_VERSION, type: 'account-operation', operationId },
  };
}
