import { resolveHold } from '../core/holds/resolve-hold.ts';
import { parseStart, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock() }));

/** The machine says which verb it is. */
const parse = parseStart('verb', 'executionName');

export const handler = stepHandler('resolve-hold', parse, (payload) =>
  resolveHold(ports(), payload),
);
