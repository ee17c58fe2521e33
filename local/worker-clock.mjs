// The clock of functions on the embedded AWS, loaded into each before its code: the
// machine's clock plus the offset in clock.json of the instance's directory (shifted_clock.py).
// Timers and performance.now() stay as they are.

import { readFileSync } from 'node:fs';

/** How long an offset is taken for the present one: reading it takes 20 µs. */
const KEPT_MILLISECONDS = 5;

const path = `${process.env.LETHE_LOCAL_INSTANCE}/clock.json`;
const RealDate = globalThis.Date;
const realNow = RealDate.now;
let offsetMilliseconds = 0;
let readAt = Number.NEGATIVE_INFINITY;

function now() {
  const at = performance.now();
  if (at - readAt > KEPT_MILLISECONDS) {
    offsetMilliseconds = readOffset() * 1000;
    readAt = at;
  }
  return realNow() + Math.round(offsetMilliseconds);
}

function readOffset() {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).offsetSeconds;
  } catch (error) {
    // Nobody has set the clock yet.
    if (error.code === 'ENOENT') return 0;
    throw error;
  }
}

RealDate.now = now;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  apply: (target) => new target(now()).toString(),
});
RealDate.prototype.constructor = globalThis.Date;
