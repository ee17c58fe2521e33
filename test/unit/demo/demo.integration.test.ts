import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';

describe('O2: the program ends before it starts anything', () => {
  const demo = (...words: string[]) =>
    spawnSync(process.execPath, ['demo/demo.ts', ...words], { encoding: 'utf8' });

  test('--help prints help', () => {
    const { status, stdout, stderr } = demo('--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('npm run demo -- DIR');
  });

  test('a wrong path is told in lines that fit, without a stack trace', () => {
    const { status, stdout, stderr } = demo('/none');
    expect({ status, stdout }).toEqual({ status: 64, stdout: '' });
    expect(stderr).toMatch(/^demo: there is no \/none: /);
    expect(Math.max(...stderr.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test('an unknown option is wrong usage', () => {
    expect(demo('--fast')).toMatchObject({ status: 64, stdout: '' });
  });
});
