import { eraseRange } from '../core/erasure/erase-range.ts';
import { parseStep, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireErasureSettings, wireObjects, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), objects: wireObjects(), clock: wireClock() }));
const settings = once(wireErasureSettings);

export const handler = stepHandler(
  'erase-range',
  parseStep('round', 'range', 'rangeCount'),
  (payload, { until }) => eraseRange(ports(), settings(), payload, until),
);
