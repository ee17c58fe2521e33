/** Inputs of executions, as operators type them in the console. */
import { type FieldProblem, InvalidInputError, quoted } from '../errors.ts';

type FieldType = 'string' | 'boolean' | 'number' | 'object';

/**
 * The members of an input, each of the type that its field has. `operationId` stands alone: what
 * was asked for is on the operation, and a `dryRun` beside it would not be one (O1).
 * @param example of a right input, for the message
 * @param missing tells what a whole input lacks
 * @throws InvalidInputError naming every field that is wrong, what was given and what is allowed
 */
export function parseExecutionInput(
  input: unknown,
  fields: Readonly<Record<string, FieldType>>,
  example: object,
  missing: (given: Readonly<Record<string, unknown>>) => readonly FieldProblem[] = () => [],
): Readonly<Record<string, unknown>> {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw InvalidInputError.of(
      'input',
      `got ${quoted(input)}, allowed is an object such as ${JSON.stringify(example)}`,
    );
  }
  const given: Readonly<Record<string, unknown>> = { ...input };
  const problems: FieldProblem[] = [];
  for (const [field, value] of Object.entries(given)) {
    const type = Object.hasOwn(fields, field) ? fields[field] : undefined;
    if (type === undefined) {
      problems.push({ field, message: `unknown, allowed are ${Object.keys(fields).join(', ')}` });
    } else if (typeof value !== type || value === null) {
      problems.push({ field, message: `got ${quoted(value)}, allowed is a ${type}` });
    }
  }
  problems.push(...wrongBeside(given), ...missing(given));
  if (problems.length > 0) throw new InvalidInputError(problems);
  return given;
}

/** With the id of an operation, only its attempt; without, none. */
function wrongBeside(given: Readonly<Record<string, unknown>>): readonly FieldProblem[] {
  const { operationId, attempt, ...rest } = given;
  if (operationId !== undefined) {
    const message = 'not beside operationId: the operation knows what was asked for';
    return Object.keys(rest).map((field) => ({ field, message }));
  }
  if (attempt === undefined) return [];
  return [{ field: 'attempt', message: `got ${quoted(attempt)}, allowed with operationId only` }];
}
