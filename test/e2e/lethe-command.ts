/** The command line as a user runs it, against the embedded AWS. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { inject } from 'vitest';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const lethe = (...words: string[]): Promise<Ran> => startLethe(...words).ended;

/** Starts a command that a test ends early. */
export function startLethe(...words: string[]): {
  readonly child: ChildProcess;
  readonly ended: Promise<Ran>;
} {
  const { directory } = inject('lethe');
  const program = join(import.meta.dirname, '..', '..', 'cli', 'lethe.ts');
  const child = spawn(process.execPath, [program, '--local', directory, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
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

/** Runs a command that must succeed; answers its JSON. */
export async function letheJson<T>(...words: string[]): Promise<T> {
  const { code, stdout, stderr } = await lethe('-f', 'json', ...words);
  if (code !== 0) throw new Error(`lethe ${words.join(' ')}: exit code ${code}\n${stderr}`);
  return JSON.parse(stdout) as T;
}
