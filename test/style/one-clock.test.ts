import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { askedTimes } from './asked-time.ts';

/**
 * Who may ask the machine for its time. Functions and stacks have one clock; what a user sees as
 * time has one for each program.
 */
const CLOCKS: readonly string[] = [
  'functions/adapters/system-clock.ts',
  'cli/main.ts',
  'local/machine-clock.ts',
  // Runs before any package is there, on older versions of Node too: it imports nothing.
  'local/setup.mjs',
  // Is itself the clock of functions on the embedded AWS.
  'local/worker-clock.mjs',
];

const code = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) =>
    /^(functions|cdk|cli|local|demo|bench|statemachines)\/.*\.(ts|mjs|cjs)$/.test(file),
  );

const asked = (file: string) => askedTimes(readFileSync(file, 'utf8'));

describe('one clock', () => {
  test('X1, O3: nothing but a clock asks the machine for its time', () => {
    expect(code.length).toBeGreaterThan(200);
    const offences = code
      .filter((file) => !CLOCKS.includes(file))
      .flatMap((file) => asked(file).map((offence) => `${file}:${offence}`));
    expect(offences).toEqual([]);
  });

  test('each that may ask does', () => {
    expect(CLOCKS.filter((file) => asked(file).length === 0)).toEqual([]);
  });

  test.each([
    'const until = Date.now() + 1000;',
    'run({ now: Date.now });',
    'const at = new Date().toISOString();',
    'const at = new Date;',
    'const text = Date();',
    'const { now } = Date;',
    'const Clock = globalThis.Date;',
    "const now = Date['now'];",
    'const ms = performance.now();',
    'const at = performance.timeOrigin;',
    'const ns = process.hrtime.bigint();',
    'const { hrtime } = process;',
    "import { performance } from 'node:perf_hooks';",
    "import * as hooks from 'perf_hooks';",
    'const seconds = process.uptime();',
    'const now = Temporal.Now.instant();',
  ])('is found to be asked by %s', (offence) => {
    const found = askedTimes(`const before = 1;\n${offence}\n`);
    expect(found[0]).toMatch(/^2: /);
  });

  test.each([
    'const at: Date = new Date(clock.now());',
    "const at = Date.parse('2026-11-22') + Date.UTC(2026, 1);",
    'const isDate = value instanceof Date;',
    '// Date.now() is not asked.',
    "const text = 'Date.now()';",
    'const header = { Date: text };',
    'const { Date: date } = rule;',
    'interface Headers { readonly Date?: string }',
    'const now = clock.now();',
  ])('is not asked by %s', (line) => {
    expect(askedTimes(line)).toEqual([]);
  });
});
