/** The command line as a user runs it, against the embedded AWS. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { instanceFiles } from '../../local/instance-files.ts';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Run = (...words: string[]) => Promise<Ran>;

/** Runs a command that must succeed; answers its JSON. */
export type LetheJson = <T>(...words: string[]) => Promise<T>;

const PROGRAM = join(import.meta.dirname, '..', '..', 'cli', 'lethe.ts');

export const lethe: Run = (...words) => startLethe(...words).ended;

/** Starts a command that a test ends early. */
export function startLethe(...words: string[]): {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
} {
  return start(['--local', inject('lethe').directory, ...words], process.env);
}

/** Runs a command that knows neither an API nor keys for one. */
export const letheOffline: Run = (...words) => start(words, { HOME: '/nonexistent' }).ended;

function start(words: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  });
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text;
    });
  }
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve);
    child.on('error', reject);
  });
  return { child, ended: ended.then((code) => ({ code, ...printed })) };
}

/** The same command line for another stage. */
export function letheAt(apiUrl: string): { readonly run: Run; readonly json: LetheJson } {
  const files = instanceFiles(inject('lethe').directory);
  const read = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  const { caFile = '', region = '' } = read(files.outputs);
  const { accessKeyId, secretAccessKey } = read(files.credentials);
  const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  const where = ['--url', apiUrl, '--ca-file', caFile, '--region', region];
  const run: Run = (...words) => start([...where, ...words], { ...process.env, ...keys }).ended;
  return { run, json: jsonOf(run) };
}

const jsonOf =
  (run: Run): LetheJson =>
  async <T>(...words: string[]) => {
    const { code, stdout, stderr } = await run('-f', 'json', ...words);
    if (code !== 0) throw new Error(`lethe ${words.join(' ')}: exit code ${code}\n${stderr}`);
    return JSON.parse(stdout) as T;
  };

export const letheJson: LetheJson = jsonOf(lethe);
