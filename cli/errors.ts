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

interface MachineFault {
  readonly exitCode: number;
  readonly says: string;
}

const cannotCreate = (says: string): MachineFault => ({ exitCode: EXIT.cannotCreate, says });
const ioError = (says: string): MachineFault => ({ exitCode: EXIT.ioError, says });

/** What the machine says of its files, in words. */
const MACHINE_FAULTS: Readonly<Record<string, MachineFault>> = {
  ENOSPC: ioError('the disk is full'),
  EDQUOT: ioError('the quota of the disk is used up'),
  EFBIG: ioError('the file is too large for the file system'),
  EIO: ioError('the disk cannot be read or written'),
  EMFILE: ioError('too many files are open'),
  ENFILE: ioError('too many files are open'),
  ESTALE: ioError('the file system is no longer there'),
  EROFS: cannotCreate('the file system can only be read'),
  ENOTDIR: cannotCreate('a file is where a directory is needed'),
  EISDIR: cannotCreate('a directory is where a file is needed'),
  EEXIST: cannotCreate('there is something of that name already'),
  ENOENT: cannotCreate('there is nothing of that name'),
  ELOOP: cannotCreate('a symbolic link is in the way'),
  ENAMETOOLONG: cannotCreate('the name is too long'),
  EXDEV: cannotCreate('another file system begins there'),
  EACCES: { exitCode: EXIT.notPermitted, says: 'permission denied' },
  EPERM: { exitCode: EXIT.notPermitted, says: 'the operation is not permitted' },
};

/**
 * The error of a file of this machine as one for people; undefined for other errors.
 * @param name of what was read or written, where the error need not know: a write has no path
 */
export function machineError(error: unknown, name?: string): CliError | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  const path = 'path' in error && typeof error.path === 'string' ? error.path : undefined;
  const dest = 'dest' in error && typeof error.dest === 'string' ? error.dest : undefined;
  const where = dest ?? path ?? name;
  // A socket has codes that are not here, and no path.
  const other = where === undefined || error.code === 'EPIPE' ? undefined : ioError(error.message);
  const fault = MACHINE_FAULTS[String(error.code)] ?? other;
  if (fault === undefined) return undefined;
  return new CliError(fault.exitCode, `${where === undefined ? '' : `${where}: `}${fault.says}`, {
    cause: error,
  });
}
