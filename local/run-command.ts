import { spawn } from 'node:child_process';

export interface CommandResult {
  /** Exit code, or null when a signal ended it or it could not be started. */
  readonly code: number | null;
  /** Standard output and standard error, in the order they came; the last 200,000 characters. */
  readonly output: string;
  /** Set when the program could not be started at all. */
  readonly startError?: NodeJS.ErrnoException;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Called for every line as it comes. */
  readonly onLine?: (line: string) => void;
  /** The command is ended after this many seconds; its output says so. */
  readonly deadlineSeconds: number;
}

const KEPT_CHARACTERS = 200_000;

/** Runs a program to its end without a shell and without standard input. Never rejects. */
export function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: options.env }),
    });
    let output = '';
    let unfinished = '';
    const take = (chunk: string) => {
      output = (output + chunk).slice(-KEPT_CHARACTERS);
      const lines = (unfinished + chunk).split('\n');
      unfinished = lines.pop() ?? '';
      for (const line of lines) {
        options.onLine?.(line);
      }
    };
    const timer = setTimeout(() => {
      take(`\nEnded after ${options.deadlineSeconds} s without finishing.\n`);
      child.kill('SIGKILL');
    }, options.deadlineSeconds * 1000);
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.on('error', (startError) => {
      clearTimeout(timer);
      resolve({ code: null, output, startError });
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      if (unfinished !== '') {
        options.onLine?.(unfinished);
      }
      resolve({ code, output });
    });
  });
}

/** The last lines of what a command printed, indented, for an error message. */
export function lastLines(output: string, lines = 15): string {
  return output
    .trimEnd()
    .split('\n')
    .slice(-lines)
    .map((line) => `    ${line}`)
    .join('\n');
}
