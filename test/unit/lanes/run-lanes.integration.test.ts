import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const PROGRAM = join(import.meta.dirname, '..', '..', 'run-lanes.ts');

/** Stands for vitest: says with what it was started, and counts what it is told. */
const FAKE = `#!${process.execPath}
const { appendFileSync, writeFileSync } = require('node:fs');
const words = process.argv.slice(2).join(' ');
console.log('ran: ' + words);
const name = words.includes('!embedded') ? 'OTHERS' : 'EMBEDDED';
if (process.env.PRIORITIES !== undefined) {
  appendFileSync(process.env.PRIORITIES, name + ' ' + require('node:os').getPriority() + '\\n');
}
const counts = process.env[name] ?? '{"passed":1,"failed":0,"skipped":0,"failures":[]}';
if (counts !== 'none' && process.env.LETHE_COUNTS_FILE !== undefined) {
  writeFileSync(process.env.LETHE_COUNTS_FILE, counts);
}
process.exitCode = Number(process.env[name + '_CODE'] ?? 0);
`;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'lethe-fake-vitest-'));
  writeFileSync(join(directory, 'vitest'), FAKE);
  chmodSync(join(directory, 'vitest'), 0o755);
});
afterAll(() => rmSync(directory, { recursive: true }));

function runLanes(env: Readonly<Record<string, string>>, ...words: string[]) {
  const PATH = `${directory}${delimiter}${process.env['PATH']}`;
  // This file may itself run in one of several lanes.
  const outer = { ...process.env, LETHE_COUNTS_FILE: undefined };
  const options = { env: { ...outer, PATH, ...env }, encoding: 'utf8' } as const;
  const { status, stdout } = spawnSync(process.execPath, [PROGRAM, ...words], options);
  return { status, lines: stdout.split('\n').filter((line) => line !== '') };
}

describe('all lanes', () => {
  test('run once each, the whole embedded one alone, and are counted together', () => {
    const { status, lines } = runLanes({
      EMBEDDED: '{"passed":5,"failed":0,"skipped":1,"failures":[]}',
      OTHERS: '{"passed":70,"failed":0,"skipped":2,"failures":[]}',
    });
    expect(status).toBe(0);
    expect(lines).toEqual([
      'ran: run --project embedded',
      'The other lanes, which run beside it:',
      'ran: run --project !embedded --maxWorkers 1',
      '75 passed, 0 failed, 3 skipped',
    ]);
  });

  test('let the embedded one go first where both want the processor', () => {
    const PRIORITIES = join(directory, 'priorities');
    runLanes({ PRIORITIES });
    const lines = readFileSync(PRIORITIES, 'utf8').trim().split('\n');
    const nice = Object.fromEntries(lines.map((line) => line.split(' ')));
    expect(Number(nice['OTHERS'])).toBeGreaterThan(Number(nice['EMBEDDED']));
  });

  test.each(['EMBEDDED', 'OTHERS'])('fail when %s fails', (lane) => {
    const failures = ['failed: a.test.ts > one: no', 'failed: b.test.ts > two: never'];
    const counts = JSON.stringify({ passed: 1, failed: 2, skipped: 0, failures });
    const { status, lines } = runLanes({ [lane]: counts, [`${lane}_CODE`]: '1' });
    expect(status).toBe(1);
    expect(lines.slice(-3)).toEqual([...failures, '2 passed, 2 failed, 0 skipped']);
  });

  test.each(['EMBEDDED', 'OTHERS'])('fail when %s dies before it counts', (lane) => {
    const { status, lines } = runLanes({ [lane]: 'none', [`${lane}_CODE`]: '7' });
    expect(status).toBe(7);
    expect(lines.slice(-2)).toEqual([
      `failed: the lane ${lane.toLowerCase()}, before its end`,
      '1 passed, 1 failed, 0 skipped',
    ]);
  });

  test('are not run when words say which tests are wanted', () => {
    const { status, lines } = runLanes({ OTHERS_CODE: '3' }, '--project', '!embedded', 'core');
    expect({ status, lines }).toEqual({ status: 3, lines: ['ran: run --project !embedded core'] });
  });
});
