import { beginGrace } from '../core/erasure/grace.ts';
import { parseStep, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock() }));

export const handler = stepHandler('begin-grace', parseStep(), ({ operation }) =>
  beginGrace(ports(), operation),
);
