/** The input of an execution, as an operator types it in the console. */
import type { DeleteAccountInput } from '../../contract/payloads.ts';
import { InvalidInputError } from '../errors.ts';
import { parseExecutionInput } from '../operations/execution-input.ts';

const FIELDS = {
  user: 'string',
  dryRun: 'boolean',
  allowUnknownUser: 'boolean',
  operationId: 'string',
  attempt: 'number',
} as const;

/** @throws InvalidInputError naming every field that is wrong, what was given and what is allowed */
export function parseDeleteAccountInput(input: unknown): DeleteAccountInput {
  const given = parseExecutionInput(input, FIELDS, { user: 'john@example.com' });
  if (given['user'] === undefined && given['operationId'] === undefined) {
    throw InvalidInputError.of('user', 'missing, allowed is an address');
  }
  return given as DeleteAccountInput;
}
