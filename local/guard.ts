// Ends an instance when the process that owns it dies, whatever it dies of (SIGKILL included).
// Started by instance.ts, detached: node guard.ts <instance directory> <owner's identity as JSON>

import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, type ProcessIdentity } from './processes.ts';
import { stopInstance } from './stop-instance.ts';

/** A look costs one small read; an orphan lives a fifth of a second at most. */
const POLL_MILLISECONDS = 200;

const [directory, ownerJson] = process.argv.slice(2);
if (directory === undefined || ownerJson === undefined) {
  throw new Error('usage: guard.ts <instance directory> <owner identity as JSON>');
}
const owner = JSON.parse(ownerJson) as ProcessIdentity;
// The loop's bound is the owner's life. Without the instance's directory nothing is left to guard.
while (isAlive(owner) && existsSync(directory)) {
  await sleep(POLL_MILLISECONDS);
}
await stopInstance(directory);
