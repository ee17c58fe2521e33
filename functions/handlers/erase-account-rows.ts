import { eraseAccountRows } from '../core/erasure/erase-account-rows.ts';
import { parseStep, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock() }));

export const handler = stepHandler('erase-account-rows', parseStep('round'), (payload, { until }) =>
  eraseAccountRows(ports(), payload, until),
);
