/** Runs `lethe` with the process it is in. */
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from './exit-codes.ts';
import { run } from './run.ts';

const interruption = new AbortController();

function onInterrupt(): void {
  // The first asks to finish what is on its way; the second means it.
  if (interruption.signal.aborted) process.exit(EXIT.interrupted);
  interruption.abort();
}

// A reader that goes away is met where something is written to it: see `run`.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: Object.assign(process.stderr, { isDispensable: true }),
  env: process.env,
  cwd: process.cwd(),
  interruption() {
    if (process.listenerCount('SIGINT', onInterrupt) === 0) process.on('SIGINT', onInterrupt);
    return interruption.signal;
  },
  now: Date.now,
  async sleep(ms, signal) {
    const options = signal === undefined ? {} : { signal };
    await sleep(ms, undefined, options).catch(() => {});
  },
  every(ms, act) {
    const timer = setInterval(act, ms);
    return () => clearInterval(timer);
  },
});
