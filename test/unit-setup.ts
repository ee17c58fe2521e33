/**
 * Holds the unit lane to what it promises: no process is started, and nothing is sent or awaited. With
 * LETHE_TEST_DATE, it runs at that time (ISO 8601).
 */
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { shiftDate } from './dates/shift-date.ts';

/** Tests that need more are named `*.integration.test.ts`. */
class OutsideUnitLaneError extends Error {
  override readonly name = 'OutsideUnitLaneError';
}

function refuse(what: string): () => never {
  return () => {
    throw new OutsideUnitLaneError(
      `The unit lane ${what} nothing: name this file *.integration.test.ts.`,
    );
  };
}

const starts = refuse('starts');
Object.assign(childProcess.ChildProcess.prototype, { spawn: starts });
Object.assign(childProcess, { spawnSync: starts, execSync: starts, execFileSync: starts });
Object.assign(net.Server.prototype, { listen: refuse('listens to') });
Object.assign(net.Socket.prototype, { connect: refuse('calls') });
syncBuiltinESMExports();

// A worker comes by here before each of its files: time would begin again with every file.
const SHIFTED = Symbol.for('lethe.shifted-date');
const worker = globalThis as { [SHIFTED]?: boolean };
const date = process.env['LETHE_TEST_DATE'];
if (date !== undefined && worker[SHIFTED] !== true) {
  worker[SHIFTED] = true;
  shiftDate(date);
}
