import { ENV } from '../contract/env.ts';
import { verifyHold } from '../core/holds/verify-hold.ts';
import { readNumber } from '../runtime/environment.ts';
import { parseStep, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireIds, wireObjects, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({
  rows: wireRows(),
  objects: wireObjects(),
  clock: wireClock(),
  ids: wireIds(),
}));
const settleSeconds = once(() => readNumber(ENV.settleSeconds));

export const handler = stepHandler('verify-hold', parseStep(), (payload, { until }) =>
  verifyHold(ports(), settleSeconds(), payload, until),
);
