/** The next attempt of an operation that failed, or has waited long enough. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { OperationContext } from '../../contract/payloads.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import type { Operation, OperationPorts } from './operations.ts';

/**
 * Starts the next attempt of an operation that failed: compare-and-set on state and attempt, so
 * that two callers start one attempt.
 * @returns the context of the new attempt, or undefined when someone else was faster
 */
export async function takeOver(
  ports: OperationPorts,
  operation: Operation,
  execution?: string,
): Promise<OperationContext | undefined> {
  const { operationId, accountId, state, attempt, deleteAfter } = operation;
  const next = attempt + 1;
  // What the last round found is not in its tallies, which are done: it takes a round of its own.
  // After any other failure the tallies of the round go on where they stopped, counting nothing
  // twice.
  const leftovers = operation.error?.name === ERROR_NAMES.leftovers;
  const round = operation.round + (leftovers ? 1 : 0);
  const result = await ports.rows.write({
    kind: 'update',
    key: registryKeys.operation(operationId),
    guard: { row: 'present', equals: { state, attempt } },
    change: {
      set: {
        state: 'running',
        attempt: next,
        round,
        firstRound: round,
        updatedAt: ports.clock.now(),
        ...(execution === undefined ? {} : { execution }),
      },
      // What an earlier attempt verified and certified says nothing about this one.
      unset: [
        'error',
        'verified',
        'certificate',
        // It waits no longer.
        ...['duePk', 'dueSk'],
        ...(execution === undefined ? ['execution'] : []),
      ],
    },
  });
  if (result.outcome !== 'written') return undefined;
  const grace = deleteAfter === undefined ? {} : ({ grace: true } as const);
  return { operationId, accountId, attempt: next, ...grace };
}
