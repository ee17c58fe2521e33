import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalEnvironmentError } from './local-environment-error.ts';
import { identifyProcess, isAlive, type ProcessIdentity } from './processes.ts';

const POLL_MILLISECONDS = 100;

/**
 * Runs an action while no other process holds the same lock file. A lock whose holder died is
 * taken over.
 *
 * @param deadlineSeconds How long to wait for another holder.
 * @param onWait Called once when the lock is held by another process.
 * @throws LocalEnvironmentError when it is still held at the deadline.
 */
export async function withFileLock<T>(
  path: string,
  deadlineSeconds: number,
  onWait: () => void,
  action: () => Promise<T>,
): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const content = JSON.stringify(identifyProcess(process.pid));
  await acquire(path, content, deadlineSeconds, onWait);
  try {
    return await action();
  } finally {
    if (read(path) === content) {
      rmSync(path, { force: true });
    }
  }
}

async function acquire(
  path: string,
  content: string,
  deadlineSeconds: number,
  onWait: () => void,
): Promise<void> {
  const polls = Math.ceil((deadlineSeconds * 1000) / POLL_MILLISECONDS);
  for (let poll = 0; poll <= polls; poll += 1) {
    if (tryCreate(path, content)) {
      return;
    }
    const held = read(path);
    if (held !== undefined && isStale(held)) {
      removeStale(path, held);
      continue;
    }
    if (poll === 0) {
      onWait();
    }
    await sleep(POLL_MILLISECONDS);
  }
  throw new LocalEnvironmentError(
    `Another process has held ${path} for ${deadlineSeconds} s: ${read(path) ?? 'just released'}.`,
    'wait for it to end, or end it, then run the same command again.',
  );
}

/** The file appears with its whole content or not at all: a reader never sees half of it. */
function tryCreate(path: string, content: string): boolean {
  const staging = `${path}.${randomUUID()}`;
  writeFileSync(staging, content);
  try {
    linkSync(staging, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      return false;
    }
    throw error;
  } finally {
    rmSync(staging, { force: true });
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function isStale(content: string): boolean {
  try {
    return !isAlive(JSON.parse(content) as ProcessIdentity);
  } catch {
    return true; // Not something this module wrote.
  }
}

/**
 * Takes a dead holder's lock away. Two waiters may try at once, and the slower one may catch the
 * quicker one's new lock: it sees so from the content, and puts it back.
 */
function removeStale(path: string, expected: string): void {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch {
    return; // Somebody else was quicker.
  }
  try {
    if (read(aside) !== expected) {
      linkSync(aside, path);
    }
  } catch {
    // A third holder came in between; it keeps the lock.
  } finally {
    rmSync(aside, { force: true });
  }
}
