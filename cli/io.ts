/** What the command line sees of the process it runs in; tests give their own. */

import { CliError, machineError } from './errors.ts';
import { EXIT } from './exit-codes.ts';

export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number | undefined;
  /** What cannot be written there is left out: work does not stop for want of a reader. */
  readonly isDispensable?: boolean;
  write(text: string | Uint8Array, done: (error?: Error | null) => void): unknown;
}

export interface Io {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** Data. */
  readonly stdout: OutputStream;
  /** Progress, questions and errors. */
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /**
   * Aborted by Ctrl-C, which no longer ends the process once a command has asked for this: it
   * finishes what is in flight, says how far it got, and stops.
   */
  interruption(): AbortSignal;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Ends early, without an error, when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Acts again and again, until what it returns is called. */
  every(ms: number, act: () => void): () => void;
}

/** Writes and waits until the stream has taken it, so that output never piles up in memory. */
export function write(stream: OutputStream, text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => {
      if (error && stream.isDispensable !== true) reject(unwritten(error));
      else resolve();
    });
  });
}

/** A reader that has gone away is met by `run`; a full disk is no fault of the program. */
function unwritten(error: Error): Error {
  if ('code' in error && error.code === 'EPIPE') return error;
  const hint = 'What was asked for may have been done: look before it is asked for again.';
  const { message } = machineError(error) ?? error;
  return new CliError(EXIT.ioError, `the output cannot be written: ${message}`, { hint });
}

export const writeLine = (stream: OutputStream, line: string): Promise<void> =>
  write(stream, `${line}\n`);
