import { resolveSweep } from '../core/autoexpunge/resolve-sweep.ts';
import { parseStart, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock() }));

export const handler = stepHandler('resolve-sweep', parseStart(), (payload) =>
  resolveSweep(ports(), payload),
);
