/** The input of an execution, as an operator types it in the console. */
import type { DeleteAccountInput } from '../../contract/payloads.ts';
import { parseExecutionInput } from '../operations/execution-input.ts';

const FIELDS = {
  user: 'string',
  accountId: 'string',
  dryRun: 'boolean',
  allowUnknownUser: 'boolean',
  operationId: 'string',
  attempt: 'number',
} as const;

/** @throws InvalidInputError naming every field that is wrong, what was given and what is allowed */
export function parseDeleteAccountInput(input: unknown): DeleteAccountInput {
  return parseExecutionInput(input, FIELDS, { user: 'john@example.com' }, (given) =>
    given['user'] === undefined && given['operationId'] === undefined
      ? [{ field: 'user', message: 'missing, allowed is an address' }]
      : [],
  ) as DeleteAccountInput;
}
