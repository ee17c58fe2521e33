import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { withFileLock } from '../../local/file-lock.ts';
import { LocalEnvironmentError } from '../../local/local-environment-error.ts';
import { identifyProcess } from '../../local/processes.ts';
import { temporaryDirectory } from './temporary-directory.ts';

test('holders follow one another and leave nothing behind', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'lock');
  let inside = 0;
  let waited = 0;
  const hold = () =>
    withFileLock(
      path,
      10,
      () => {
        waited += 1;
      },
      async () => {
        inside += 1;
        expect(inside).toBe(1);
        await sleep(30);
        inside -= 1;
      },
    );
  await Promise.all([hold(), hold(), hold()]);
  expect(waited).toBe(2);
  expect(readdirSync(directory)).toStrictEqual([]);
});

test('the lock is given back when the action fails', async () => {
  const path = join(temporaryDirectory(), 'lock');
  const failing = withFileLock(
    path,
    1,
    () => {},
    () => Promise.reject(new Error('no')),
  );
  await expect(failing).rejects.toThrow('no');
  expect(existsSync(path)).toBe(false);
});

test.each([
  ['a process that ended', () => ({ pid: spawnSync('true').pid, started: '1' })],
  ['an earlier process of the same number', () => ({ pid: process.pid, started: 'before' })],
])('the lock of %s is taken over', async (_who, holder) => {
  const path = join(temporaryDirectory(), 'lock');
  writeFileSync(path, JSON.stringify(holder()));
  expect(
    await withFileLock(
      path,
      1,
      () => {},
      async () => 'done',
    ),
  ).toBe('done');
});

test('a lock that stays held is an error that names it', async () => {
  const path = join(temporaryDirectory(), 'lock');
  writeFileSync(path, JSON.stringify(identifyProcess(process.ppid)));
  const waiting = withFileLock(
    path,
    0.2,
    () => {},
    async () => 'done',
  );
  await expect(waiting).rejects.toThrow(LocalEnvironmentError);
});
