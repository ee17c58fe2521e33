import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type InstanceFiles, type RunRecord, readRecord, writeRecord } from './instance-files.ts';
import { identifyProcess, type ProcessIdentity, signalProcess } from './processes.ts';

/** Who keeps an instance alive, and who ends it after that. */
export interface Watch {
  readonly owner: ProcessIdentity;
  readonly guard: ProcessIdentity;
}

/**
 * Starts the process that ends an instance when its owner dies (guard.ts). Called before the
 * instance is started, so that no moment is left unguarded.
 */
export function startGuard(files: InstanceFiles, ownerPid: number): Watch {
  const owner = identifyProcess(ownerPid);
  if (owner === undefined) {
    throw new Error(`The owner of the instance, process ${ownerPid}, does not run.`);
  }
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'guard.ts'), files.directory, JSON.stringify(owner)],
    { detached: true, stdio: 'ignore' },
  );
  child.unref();
  const guard = child.pid === undefined ? undefined : identifyProcess(child.pid);
  if (guard === undefined) {
    throw new Error(`The guard process could not be started with ${process.execPath}.`);
  }
  return { owner, guard };
}

/** From here on the instance lives until it is stopped. */
export function dismissGuard(files: InstanceFiles, watch: Watch): void {
  const run = readRecord<RunRecord>(files.run);
  if (run !== undefined) {
    const { owner: _starter, guard: _dismissed, ...rest } = run;
    writeRecord(files.run, rest);
  }
  signalProcess(watch.guard.pid, 'SIGKILL');
}
