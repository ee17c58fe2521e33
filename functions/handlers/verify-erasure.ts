import { verifyErasure } from '../core/erasure/verify-erasure.ts';
import { parseStep, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireErasureSettings, wireObjects, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), objects: wireObjects(), clock: wireClock() }));
const settings = once(wireErasureSettings);

export const handler = stepHandler('verify-erasure', parseStep('round'), (payload, { until }) =>
  verifyErasure(ports(), settings(), payload, until),
);
