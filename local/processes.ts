import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A process, told apart from a later one that got the same number by the time it started
 * (in the kernel's own words; only equality matters).
 */
export interface ProcessIdentity {
  readonly pid: number;
  readonly started: string;
}

/**
 * The variables by which the processes of an instance are found, however they were started: their
 * value is the instance's directory, and children inherit them. `instance` marks MiniStack and the
 * functions it runs, `deployment` marks cdk and what it runs.
 */
export const MARKER_VARIABLES = {
  instance: 'LETHE_LOCAL_INSTANCE',
  deployment: 'LETHE_LOCAL_DEPLOYMENT',
} as const;

export type Mark = keyof typeof MARKER_VARIABLES;

const POLL_MILLISECONDS = 50;

/** The identity of a process that runs now; undefined when none does, or only its zombie is left. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const started = process.platform === 'linux' ? startOnLinux(pid) : startFromPs(pid);
  return started === undefined ? undefined : { pid, started };
}

/** Whether this very process (not a later one of the same number) still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.started === identity.started;
}

function startOnLinux(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name, in parentheses, may hold anything. After it come the state (field 3 of proc(5)) and,
  // 19 further on, the start time (field 22).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, started] = [fields[0], fields[19]];
  return state === 'Z' || state === 'X' ? undefined : started;
}

function startFromPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

/**
 * The processes that carry a mark in their environment. Only Linux shows it to others; elsewhere
 * none is found. The caller itself is never among them.
 */
export function findMarkedProcesses(mark: Mark, directory: string): number[] {
  if (process.platform !== 'linux') {
    return [];
  }
  const needle = `\0${MARKER_VARIABLES[mark]}=${directory}\0`;
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
        return pid !== process.pid && `\0${environment}`.includes(needle) && isRunning(pid);
      } catch {
        return false; // Ended meanwhile, or another user's.
      }
    });
}

/**
 * Every process of an instance: the marked ones, or, where the system does not show environments,
 * those of the process group that MiniStack leads. The caller itself is never among them.
 */
export function findInstanceProcesses(directory: string, group: number | undefined): number[] {
  return process.platform === 'linux'
    ? [
        ...findMarkedProcesses('instance', directory),
        ...findMarkedProcesses('deployment', directory),
      ]
    : membersOf(group).filter((pid) => pid !== process.pid);
}

function isRunning(pid: number): boolean {
  return identifyProcess(pid) !== undefined;
}

function membersOf(group: number | undefined): number[] {
  if (group === undefined) {
    return [];
  }
  const lines = execFileSync('ps', ['-axo', 'pid=,pgid='], { encoding: 'utf8' }).split('\n');
  return lines
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, pgid]) => pgid === group)
    .map(([pid]) => pid ?? 0);
}

/** Sends a signal; a process that is already gone is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
      throw error;
    }
  }
}

/** Waits until the condition holds; false when it does not within the deadline. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  deadlineMilliseconds: number,
): Promise<boolean> {
  const polls = Math.ceil(deadlineMilliseconds / POLL_MILLISECONDS);
  for (let poll = 0; poll < polls; poll += 1) {
    if (await condition()) {
      return true;
    }
    await sleep(POLL_MILLISECONDS);
  }
  return condition();
}
