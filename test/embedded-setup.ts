import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { LOCAL_REGION, ROOT_CREDENTIALS } from '../local/aws-environment.ts';
import { startInstance } from '../local/instance.ts';

/**
 * One embedded AWS with the app deployed to it, for all tests of a run that need one. It is new
 * each time, and its guard ends it with this process, however that ends.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'lethe-test-'));
  const log = (line: string): void => void process.stderr.write(`embedded AWS: ${line}\n`);
  const instance = await startInstance({
    directory,
    owner: process.pid,
    waitScale: 0.1,
    recordCalls: true,
    log,
  });
  const { endpoint, caFile } = instance.outputs;
  project.provide('ministack', { endpoint, caFile, region: LOCAL_REGION, ...ROOT_CREDENTIALS });
  project.provide('lethe', {
    directory,
    outputs: instance.outputs,
    credentials: instance.credentials,
  });
  return async () => {
    await instance.stop();
    await rm(directory, { recursive: true, force: true });
  };
}
