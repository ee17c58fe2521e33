/** The input of an execution, as an operator types it in the console. */
import type { DeleteAccountInput } from '../../contract/payloads.ts';
import { type FieldProblem, InvalidInputError, quoted } from '../errors.ts';

const FIELDS = {
  user: 'string',
  dryRun: 'boolean',
  allowUnknownUser: 'boolean',
  operationId: 'string',
  attempt: 'number',
} as const;

/** @throws InvalidInputError naming every field that is wrong, what was given and what is allowed */
export function parseDeleteAccountInput(input: unknown): DeleteAccountInput {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw InvalidInputError.of(
      'input',
      `got ${quoted(input)}, allowed is an object such as {"user": "john@example.com"}`,
    );
  }
  const given: Readonly<Record<string, unknown>> = { ...input };
  const problems: FieldProblem[] = [];
  for (const [field, value] of Object.entries(given)) {
    const type = FIELDS[field as keyof typeof FIELDS];
    if (type === undefined) {
      problems.push({ field, message: `unknown, allowed are ${Object.keys(FIELDS).join(', ')}` });
    } else if (typeof value !== type) {
      problems.push({ field, message: `got ${quoted(value)}, allowed is a ${type}` });
    }
  }
  if (given['user'] === undefined && given['operationId'] === undefined) {
    problems.push({ field: 'user', message: 'missing, allowed is an address' });
  }
  if (problems.length > 0) throw new InvalidInputError(problems);
  return given as DeleteAccountInput;
}
