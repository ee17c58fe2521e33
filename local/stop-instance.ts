import { existsSync, rmSync } from 'node:fs';
import { type InstanceFiles, instanceFiles, type RunRecord, readRecord } from './instance-files.ts';
import { findInstanceProcesses, isAlive, signalProcess, waitUntil } from './processes.ts';

/** Saving the state of 100,000 rows takes 2 s; open connections are given 3 s to end. */
const GRACE_MILLISECONDS = 30_000;
const KILL_MILLISECONDS = 10_000;

export type StopOutcome = 'stopped' | 'was not running' | 'killed';

/**
 * Ends an instance: MiniStack (which saves its state), then every function it started and every
 * other process that carries the instance's mark, then its guard. A deployment under way is ended
 * first. Idempotent.
 *
 * @returns `killed` when MiniStack did not end by itself in time: its state is that of the last
 *   clean stop.
 */
export async function stopInstance(directory: string): Promise<StopOutcome> {
  const files = instanceFiles(directory);
  const run = readRecord<RunRecord>(files.run);
  let outcome: StopOutcome = 'was not running';
  if (run !== undefined && isAlive(run.ministack)) {
    if (!existsSync(files.deployed)) {
      // Loaded only when needed: a guard shall stay small.
      const { settleDeployment } = await import('./settle-deployment.ts');
      await settleDeployment(files, run.endpoint);
    }
    signalProcess(run.ministack.pid, 'SIGTERM');
    const ended = await waitUntil(() => !isAlive(run.ministack), GRACE_MILLISECONDS);
    outcome = ended ? 'stopped' : 'killed';
  }
  // A run record whose process is gone, or that had to be killed, tells of a state not saved:
  // what was deployed since the last clean stop must be deployed again.
  if (run !== undefined && outcome !== 'stopped') {
    rmSync(files.deployed, { force: true });
  }
  if (await killWhatIsLeft(files, run)) {
    outcome = outcome === 'was not running' ? 'killed' : outcome;
  }
  rmSync(files.run, { force: true });
  if (run?.guard !== undefined && run.guard.pid !== process.pid && isAlive(run.guard)) {
    signalProcess(run.guard.pid, 'SIGKILL');
  }
  return outcome;
}

/** Looks again until nothing is found, because a process may start another while it is looked at. */
async function killWhatIsLeft(files: InstanceFiles, run: RunRecord | undefined): Promise<boolean> {
  let found = false;
  const clean = await waitUntil(() => {
    const pids = findInstanceProcesses(files.directory, run?.ministack.pid);
    for (const pid of pids) {
      found = true;
      signalProcess(pid, 'SIGKILL');
    }
    return pids.length === 0;
  }, KILL_MILLISECONDS);
  if (!clean) {
    const left = findInstanceProcesses(files.directory, run?.ministack.pid);
    throw new Error(
      `Processes ${left.join(', ')} of ${files.directory} did not end within ${KILL_MILLISECONDS / 1000} s of SIGKILL.`,
    );
  }
  return found;
}
