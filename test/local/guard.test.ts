import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import {
  instanceFiles,
  makeInstanceDirectories,
  type RunRecord,
  writeRecord,
} from '../../local/instance-files.ts';
import { startGuard } from '../../local/instance-guard.ts';
import {
  findInstanceProcesses,
  identifyProcess,
  isAlive,
  MARKER_VARIABLES,
  type ProcessIdentity,
  waitUntil,
} from '../../local/processes.ts';
import { stopInstance } from '../../local/stop-instance.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const LIVES_A_MINUTE = 'setTimeout(() => {}, 60_000)';
/** Starts a process of its own in the background, as a worker that outlives MiniStack would be. */
const WITH_WORKER = `require('node:child_process')
  .spawn(process.execPath, ['-e', '${LIVES_A_MINUTE}'], { stdio: 'ignore', detached: true }).unref();
  ${LIVES_A_MINUTE}`;

function start(code: string, mark?: string): ProcessIdentity {
  const child: ChildProcess = spawn(process.execPath, ['-e', code], {
    stdio: 'ignore',
    detached: true,
    env: {
      ...process.env,
      ...(mark === undefined ? {} : { [MARKER_VARIABLES.instance]: mark }),
    },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const identity = identifyProcess(child.pid ?? 0);
  if (identity === undefined) {
    throw new Error('the process did not start');
  }
  return identity;
}

/** An instance whose MiniStack is a dummy that starts a worker. */
async function dummyInstance(): Promise<{ directory: string; ministack: ProcessIdentity }> {
  const directory = temporaryDirectory();
  const files = instanceFiles(directory);
  makeInstanceDirectories(files);
  const ministack = start(WITH_WORKER, directory);
  const run: RunRecord = {
    ministack,
    endpoint: 'https://127.0.0.1:1',
    since: new Date().toISOString(),
    waitScale: 1,
  };
  writeRecord(files.run, run);
  writeRecord(files.deployed, {});
  const workers = () => findInstanceProcesses(directory, ministack.pid);
  expect(await waitUntil(() => workers().length === 2, 10_000)).toBe(true);
  return { directory, ministack };
}

test('the guard ends an instance, workers included, when its owner is killed', async () => {
  const { directory, ministack } = await dummyInstance();
  const owner = start(LIVES_A_MINUTE);
  const { guard } = startGuard(instanceFiles(directory), owner.pid);
  // The owner lives: for a while nothing may happen.
  expect(await waitUntil(() => !isAlive(ministack), 600)).toBe(false);
  process.kill(owner.pid, 'SIGKILL');
  expect(await waitUntil(() => !isAlive(guard), 10_000)).toBe(true);
  expect(findInstanceProcesses(directory, ministack.pid)).toStrictEqual([]);
  expect(existsSync(instanceFiles(directory).run)).toBe(false);
});

test('the guard of an owner that does not run is refused', () => {
  const files = instanceFiles(temporaryDirectory());
  expect(() => startGuard(files, 2 ** 22 + 1)).toThrow(/does not run/);
});

test('stop ends everything of the instance and is idempotent', async () => {
  const { directory, ministack } = await dummyInstance();
  expect(await stopInstance(directory)).toBe('stopped');
  expect(findInstanceProcesses(directory, ministack.pid)).toStrictEqual([]);
  expect(await stopInstance(directory)).toBe('was not running');
});

test('after a clean stop the deployment is still known, after a crash it is not', async () => {
  const clean = await dummyInstance();
  await stopInstance(clean.directory);
  expect(existsSync(instanceFiles(clean.directory).deployed)).toBe(true);

  const crashed = await dummyInstance();
  process.kill(crashed.ministack.pid, 'SIGKILL');
  expect(await waitUntil(() => !isAlive(crashed.ministack), 10_000)).toBe(true);
  expect(await stopInstance(crashed.directory)).toBe('killed');
  expect(existsSync(instanceFiles(crashed.directory).deployed)).toBe(false);
});

test('stop leaves another instance alone', async () => {
  const [one, other] = await Promise.all([dummyInstance(), dummyInstance()]);
  await stopInstance(one.directory);
  expect(isAlive(other.ministack)).toBe(true);
  await stopInstance(other.directory);
});
