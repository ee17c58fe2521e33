/** Runs a command line in this process, with streams and a clock of its own. */
import { PassThrough, Writable } from 'node:stream';
import type { Io } from '../../../../cli/io.ts';
import { run } from '../../../../cli/run.ts';

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Typed at a terminal; without it there is no terminal. */
  readonly typed?: string;
  /** Aborts when the command has slept so often. */
  readonly interruptAfterSleeps?: number;
  readonly interruption?: AbortController;
  /** Of the terminal that data goes to. */
  readonly columns?: number;
  /** Acts within each wait; counted from 1. */
  readonly onSleep?: (count: number) => Promise<void>;
  /** Whatever has to act every so often does so at once, as if the time had passed. */
  readonly hurried?: boolean;
}

export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
  /** Milliseconds of each wait. */
  readonly sleeps: readonly number[];
}

class Capture extends Writable {
  readonly chunks: Buffer[] = [];
  isTTY = false;
  columns: number | undefined;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }
}

const HURRIED_MS = 5;

/** Time passes only while the command sleeps, so nothing is really waited for. */
export async function runCli(
  argv: readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  const stdout = new Capture();
  const stderr = new Capture();
  stdout.columns = options.columns;
  const stdin = Object.assign(new PassThrough(), { isTTY: options.typed !== undefined });
  stderr.isTTY = options.typed !== undefined;
  if (options.typed !== undefined) stdin.write(options.typed);
  const interruption = options.interruption ?? new AbortController();
  const sleeps: number[] = [];
  let now = Date.UTC(2026, 10, 22, 12);
  const io: Io = {
    stdin,
    stdout,
    stderr,
    env: options.env ?? {},
    cwd: options.cwd ?? process.cwd(),
    interruption: () => interruption.signal,
    now: () => now,
    async sleep(ms) {
      sleeps.push(ms);
      now += ms;
      await options.onSleep?.(sleeps.length);
      if (sleeps.length === options.interruptAfterSleeps) interruption.abort();
    },
    every(ms, act) {
      if (options.hurried !== true) return () => {};
      const timer = setInterval(() => {
        now += ms;
        act();
      }, HURRIED_MS);
      return () => clearInterval(timer);
    },
  };
  const exitCode = await run(argv, io);
  const stdoutBytes = Buffer.concat(stdout.chunks);
  return {
    exitCode,
    stdout: stdoutBytes.toString(),
    stdoutBytes,
    stderr: Buffer.concat(stderr.chunks).toString(),
    sleeps,
  };
}

/** A record as `flow` prints it, given in one line: none of the values has a space. */
export const facts = (line: string): string => `${line.replaceAll(' ', '\n')}\n`;
