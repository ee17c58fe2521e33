import { resolveAccount } from '../core/erasure/resolve-account.ts';
import { parseStart, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireErasureSettings, wireIds, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock(), ids: wireIds() }));
const settings = once(wireErasureSettings);

export const handler = stepHandler('resolve-account', parseStart('executionName'), (payload) =>
  resolveAccount(ports(), settings(), payload),
);
