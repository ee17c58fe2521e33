/** Ending an operation whose account is no more. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { OperationContext } from '../../contract/payloads.ts';
import { registryKeys, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import { type OperationPorts, retentionEnd } from './operations.ts';

/**
 * Leaves nothing on an operation but ids and counts, and lets it end with the records of the
 * erasure. Idempotent.
 * @param erasure by which the account went
 */
export async function closeOperation(
  ports: OperationPorts,
  erasure: OperationContext,
  operationId: string,
): Promise<void> {
  const now = ports.clock.now();
  const ttl = { [TTL_ATTRIBUTE]: retentionEnd(now) };
  const error = {
    name: ERROR_NAMES.accountNotActive,
    message: `account ${erasure.accountId} was deleted by operation ${erasure.operationId}`,
    next: 'Nothing to do.',
  };
  await ports.rows.write({
    kind: 'update',
    key: registryKeys.operation(operationId),
    guard: { row: 'present', oneOf: { state: ['running', 'failed'] } },
    change: {
      set: { state: 'failed', error, updatedAt: now, ...ttl },
      unset: ['user', 'request'],
    },
  });
  await ports.rows.write({
    kind: 'update',
    key: registryKeys.accountOperation(erasure.accountId, operationId),
    guard: { row: 'present' },
    change: { set: ttl },
  });
}
