/** Runs `lethe` commands as a user would, and shows what they answer. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Instance } from '../local/instance.ts';
import { fitLine, LineSplitter } from './screen.ts';

const PROGRAM = join(import.meta.dirname, '..', 'cli', 'lethe.ts');

/** A part of the demo did not come out as it must; the message is for people. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}

interface Shown {
  /** Which lines of data are shown: all of them when missing. */
  readonly data?: (lines: readonly string[], bytes: number) => readonly string[];
  /** Which lines of progress and errors are shown: all of them when missing. */
  readonly said?: (line: string) => boolean;
  /** How else it may end than with 0. */
  readonly exitCodes?: readonly number[];
}

interface Answered {
  readonly exitCode: number | null;
  readonly data: Buffer;
}

export const say = (line: string): void => {
  for (const fitting of fitLine(line)) process.stdout.write(`${fitting}\n`);
};

/** Bold on a terminal. */
export const emphasize = (text: string): string =>
  process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text;

const shellWord = (word: string): string => (/[\s&'"$*]/.test(word) ? `'${word}'` : word);

export class LetheRunner {
  readonly #instance: Instance;
  readonly #directory: string;

  /** @param directory in which the commands run: their paths are short then */
  constructor(instance: Instance, directory: string) {
    this.#instance = instance;
    this.#directory = directory;
  }

  /**
   * Shows the command and what it answers.
   * @throws DemoError when it ends otherwise than it may
   */
  async show(words: readonly string[], shown: Shown = {}): Promise<Answered> {
    const { data = (lines) => lines, said = () => true, exitCodes = [] } = shown;
    say(emphasize(`$ lethe ${words.map(shellWord).join(' ')}`));
    const answered = await this.#run(words, (line) => {
      if (said(line)) say(`  ${line}`);
    });
    const { length } = answered.data;
    const lines = length === 0 ? [] : answered.data.toString('utf8').trimEnd().split('\n');
    for (const line of data(lines, length)) say(`  ${line}`);
    const { exitCode } = answered;
    if (exitCode === 0 || (exitCode !== null && exitCodes.includes(exitCode))) return answered;
    const end = exitCode === null ? 'was ended' : `ended with exit code ${exitCode}`;
    throw new DemoError(`lethe ${words[0]} ${end}: its own words are above.`);
  }

  /** Shows neither the command nor what it answers, but errors. */
  async json<T>(...words: string[]): Promise<T> {
    const errors: string[] = [];
    const { exitCode, data } = await this.#run(['-f', 'json', ...words], (line) => {
      errors.push(line);
    });
    if (exitCode === 0) return JSON.parse(data.toString('utf8')) as T;
    throw new DemoError(`lethe ${words.join(' ')} failed:\n${errors.join('\n')}`);
  }

  async #run(words: readonly string[], take: (line: string) => void): Promise<Answered> {
    const { directory, env } = this.#instance;
    const child = spawn(process.execPath, [PROGRAM, '--local', directory, ...words], {
      cwd: this.#directory,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const data: Buffer[] = [];
    const lines = new LineSplitter(take);
    child.stdout.on('data', (chunk: Buffer) => data.push(chunk));
    child.stderr.setEncoding('utf8').on('data', (text: string) => lines.add(text));
    const exitCode = await new Promise<number | null>((resolve, reject) => {
      child.on('close', resolve);
      child.on('error', reject);
    });
    lines.end();
    return { exitCode, data: Buffer.concat(data) };
  }
}
