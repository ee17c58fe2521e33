import { ENV } from '../contract/env.ts';
import { protectMail } from '../core/holds/protect-mail.ts';
import { readNumber } from '../runtime/environment.ts';
import { parseStep, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireIds, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock(), ids: wireIds() }));
const settleSeconds = once(() => readNumber(ENV.settleSeconds));

export const handler = stepHandler('protect-mail', parseStep(), (payload, { until }) =>
  protectMail(ports(), settleSeconds(), payload, until),
);
