/**
 * All lanes, two at a time: the embedded AWS waits a good part of its time, so the others run beside
 * it, one file at a time and behind it, and are shown when it has ended. One line counts both.
 *
 *   npm test                all lanes
 *   npm test -- <words>     a run of vitest with these words
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addCounts, closingLines, NO_COUNTS, type TestCounts } from './test-counts.ts';

interface Lane {
  readonly ended: Promise<number>;
  readonly counts: () => TestCounts;
}

const directory = mkdtempSync(join(tmpdir(), 'lethe-lanes-'));
const running: ChildProcess[] = [];

/** @param show writes what it prints */
function start(name: string, command: readonly string[], show: (text: Buffer) => void): Lane {
  const countsFile = join(directory, name);
  const [program = '', ...words] = command;
  const child = spawn(program, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LETHE_COUNTS_FILE: countsFile },
  });
  running.push(child);
  child.stdout.on('data', show);
  child.stderr.on('data', show);
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  // A run that died before it could count has failed.
  const counts = (): TestCounts => {
    try {
      return JSON.parse(readFileSync(countsFile, 'utf8')) as TestCounts;
    } catch {
      return { ...NO_COUNTS, failed: 1, failures: [`failed: the lane ${name}, before its end`] };
    }
  };
  return { ended, counts };
}

async function runAll(): Promise<number> {
  const kept: Buffer[] = [];
  const embedded = start('embedded', ['vitest', 'run', '--project', 'embedded'], (text) => {
    process.stdout.write(text);
  });
  // Functions of the embedded AWS answer in time while these wait, not the other way round.
  const behind = ['nice', '-n', '10', 'vitest', 'run', '--project', '!embedded'];
  const others = start('others', [...behind, '--maxWorkers', '1'], (text) => {
    kept.push(text);
  });
  const codes = [await embedded.ended];
  process.stdout.write('\nThe other lanes, which run beside it:\n');
  codes.push(await others.ended);
  process.stdout.write(Buffer.concat(kept));
  const counts = [embedded, others].map((lane) => lane.counts()).reduce(addCounts);
  process.stdout.write(`\n${closingLines(counts)}\n`);
  return Math.max(...codes);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    for (const child of running) child.kill(signal);
  });
}

const words = process.argv.slice(2);
if (words.length === 0) {
  process.exitCode = await runAll();
} else {
  const child = spawn('vitest', ['run', ...words], { stdio: 'inherit' });
  child.on('close', (code) => {
    process.exitCode = code ?? 1;
  });
}
rmSync(directory, { recursive: true });
