/** Errors that end the command line with a message for people and a code for scripts. */
import { PROBLEMS, type Problem, type ProblemType } from '../functions/contract/api.ts';
import { EXIT } from './exit-codes.ts';

export interface CliErrorOptions extends ErrorOptions {
  /** What can safely be done next; shown on a line of its own. */
  readonly hint?: string;
}

export class CliError extends Error {
  readonly exitCode: number;
  readonly hint: string | undefined;

  constructor(exitCode: number, message: string, options: CliErrorOptions = {}) {
    super(message, options);
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.hint = options.hint;
  }
}

/** A refusal of the API (RFC 9457), with the exit code that its type stands for. */
export class ProblemError extends CliError {
  readonly problem: Problem;

  constructor(problem: Problem) {
    // The detail often says all that the single fields say.
    const fields = (problem.errors ?? [])
      .filter(({ message }) => !problem.detail.includes(message))
      .map(({ field, message }) => `\n  ${field}: ${message}`);
    const hint =
      problem.operationId === undefined
        ? {}
        : { hint: `See it with: lethe operation show ${problem.operationId}` };
    super(problemExitCode(problem), `${problem.detail || problem.title}${fields.join('')}`, hint);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

const isProblemType = (type: string): type is ProblemType => Object.hasOwn(PROBLEMS, type);

/** The code of a known type; for an unknown one, what its HTTP status says. */
function problemExitCode({ type, status }: Problem): number {
  return isProblemType(type) ? PROBLEMS[type].exitCode : statusExitCode(status);
}

/** Exit code for an answer that does not say more than its HTTP status. */
export function statusExitCode(status: number): number {
  if (status === 401 || status === 403) return EXIT.notPermitted;
  if (status === 404) return EXIT.config;
  if (status === 413) return EXIT.badData;
  if (status === 429 || status === 503) return EXIT.retryLater;
  if (status >= 400 && status < 500) return EXIT.usage;
  return status === 502 || status === 504 ? EXIT.unavailable : EXIT.fault;
}
