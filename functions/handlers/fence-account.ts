import { fenceAccount } from '../core/erasure/fence-account.ts';
import { parseStep, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock() }));

export const handler = stepHandler('fence-account', parseStep(), ({ operation }, { until }) =>
  fenceAccount(ports(), operation, until),
);
