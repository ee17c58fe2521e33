import { ENV } from '../contract/env.ts';
import { planErasure } from '../core/erasure/plan.ts';
import { readNumber } from '../runtime/environment.ts';
import { parseStep, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireObjects, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), objects: wireObjects(), clock: wireClock() }));
const settleSeconds = once(() => readNumber(ENV.settleSeconds));
const uploadsWaitSeconds = once(() => readNumber(ENV.uploadsWaitSeconds));

export const handler = stepHandler('plan-erasure', parseStep(), ({ operation }) =>
  planErasure(ports(), settleSeconds(), operation, uploadsWaitSeconds()),
);
