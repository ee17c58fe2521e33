/** Erase, verify, and erase again what was found: a bounded number of times in each attempt. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { VERIFICATION_ROUNDS_MAX } from '../../contract/limits.ts';
import type { OperationContext, RefusalAnswer } from '../../contract/payloads.ts';
import { requireRunning, updateWrite } from '../operations/operations.ts';
import type { Ports } from '../ports/ports.ts';

/**
 * Moves the operation to the next round, once for a round however often it is asked.
 * @param found what is still there, for the message
 */
export async function startNextRound(
  ports: Pick<Ports, 'rows' | 'clock'>,
  context: OperationContext,
  round: number,
  found: string,
): Promise<{ readonly outcome: 'nextRound' } | RefusalAnswer> {
  const { firstRound } = await requireRunning(ports.rows, context);
  const rounds = round - firstRound + 1;
  if (rounds >= VERIFICATION_ROUNDS_MAX) {
    return {
      outcome: 'refused',
      error: ERROR_NAMES.leftovers,
      message: `after ${rounds} rounds there is still something: ${found}`,
    };
  }
  const next = { round: round + 1, updatedAt: ports.clock.now() };
  await ports.rows.write(updateWrite(context, next, { round }));
  return { outcome: 'nextRound' };
}
