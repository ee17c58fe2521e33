import { resolveAccount } from '../core/erasure/resolve-account.ts';
import { parseStart, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireEstimateSettings, wireIds, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock(), ids: wireIds() }));
const settings = once(wireEstimateSettings);

export const handler = stepHandler('resolve-account', parseStart('executionName'), (payload) =>
  resolveAccount(ports(), settings(), payload),
);
