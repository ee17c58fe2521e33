import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const MB = 2 ** 20;
const LARGE_MB = 300;
const module = new URL('../../../functions/runtime/peak-memory.ts', import.meta.url).href;

/** Runs a program in a process of its own; answers the peaks that it prints. */
function peaksOf(program: string): readonly number[] {
  const code = `import { peakMemoryMb } from ${JSON.stringify(module)};\n${program}`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', code]);
  return JSON.parse(String(output)) as readonly number[];
}

test.runIf(process.platform === 'linux')('counts nothing of the process that started it', () => {
  const parent = Buffer.alloc(LARGE_MB * MB, 1);
  const [peak = 0] = peaksOf('console.log(JSON.stringify([peakMemoryMb()]));');
  expect(parent.length).toBe(LARGE_MB * MB);
  expect(peak).toBeGreaterThan(20);
  expect(peak).toBeLessThan(LARGE_MB / 2);
});

test('remembers what was given back', () => {
  const [before = 0, after = 0] = peaksOf(
    `const before = peakMemoryMb();
     { const large = Buffer.alloc(${LARGE_MB} * ${MB}, 1); large.fill(2); }
     globalThis.gc?.();
     console.log(JSON.stringify([before, peakMemoryMb()]));`,
  );
  expect(after - before).toBeGreaterThan(LARGE_MB * 0.9);
});
