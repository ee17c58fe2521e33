/**
 * Faults and refusals with stable names (contract/error-names.ts). Minification renames classes,
 * so `name` is set from the constant and never derived.
 */
import { ERROR_NAMES, type ErrorName } from '../contract/error-names.ts';

export class LetheError extends Error {
  /** What an operator or caller can safely do next. */
  readonly next: string;

  constructor(name: ErrorName, message: string, next: string, options?: ErrorOptions) {
    super(message, options);
    this.name = name;
    this.next = next;
  }
}

export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/** Bad input: names each field, what was given and what is allowed (O2). Changes nothing. */
export class InvalidInputError extends LetheError {
  readonly problems: readonly FieldProblem[];

  constructor(problems: readonly FieldProblem[]) {
    const text = problems.map(({ field, message }) => `${field}: ${message}`).join('; ');
    super(ERROR_NAMES.invalidInput, text, 'Correct the input and send it again.');
    this.problems = problems;
  }

  static of(field: string, message: string): InvalidInputError {
    return new InvalidInputError([{ field, message }]);
  }
}

/** The store throttled or failed to answer for longer than the request may take. */
export class StoreBusyError extends LetheError {
  constructor(message: string, options?: ErrorOptions) {
    super(ERROR_NAMES.storeBusy, message, 'Try again later; nothing is half done.', options);
  }
}

/** AWS refuses a call to the role of the function: a try again changes nothing until it is given. */
export class PermissionMissingError extends LetheError {
  constructor(message: string, options?: ErrorOptions) {
    const next = 'Deploy again, so that the function has its permission; its log names it.';
    super(ERROR_NAMES.permissionMissing, message, next, options);
  }
}

/** So much more does not fit: nothing came in. */
export class QuotaExceededError extends LetheError {
  constructor(message: string, next: string) {
    super(ERROR_NAMES.quotaExceeded, message, next);
  }
}

/** A write would make a row, or a transaction, larger than the store takes: nothing was written. */
export class RowTooLargeError extends LetheError {
  constructor(message: string, options?: ErrorOptions) {
    const next = 'Nothing was changed. Let an operator look at the row that has grown so large.';
    super(ERROR_NAMES.rowTooLarge, message, next, options);
  }
}

/** A row lacks what it must have, or is not what others say of it: nothing follows from it (W5). */
export class DamagedRowError extends TypeError {}

/** Shows a value in a message, shortened, so that a hostile one cannot flood logs. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
