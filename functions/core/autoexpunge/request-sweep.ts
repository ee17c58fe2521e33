/** autoexpunge asked for over the API: starts an execution, which says itself what it has done. */
import { requireActiveAccount } from '../accounts/accounts.ts';
import type { Ports } from '../ports/ports.ts';
import { parseAutoexpungeInput } from './resolve-sweep.ts';

/** 96 random bits, as an execution name allows them. */
const EXECUTION_ID_BYTES = 12;

/**
 * Begins to sweep: whatever is due, or all of one user or of one domain.
 * @param input an AutoexpungeInput, as it came
 * @returns the name of the execution
 * @throws InvalidInputError, UnknownUserError, AccountNotActiveError, StoreBusyError
 */
export async function requestAutoexpunge(
  ports: Pick<Ports, 'rows' | 'workflows' | 'ids'>,
  input: unknown,
): Promise<{ readonly execution: string }> {
  const parsed = parseAutoexpungeInput(input);
  if (parsed.user !== undefined) await requireActiveAccount(ports.rows, parsed.user);
  const execution = `sweep-${ports.ids.hex(EXECUTION_ID_BYTES)}`;
  await ports.workflows.start('autoexpunge', execution, parsed);
  return { execution };
}
