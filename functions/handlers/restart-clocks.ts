import { restartClocks } from '../core/holds/restart-clocks.ts';
import { parseStep, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireIds, wireRetentionDays, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock(), ids: wireIds() }));
const retentionDays = once(wireRetentionDays);

export const handler = stepHandler('restart-clocks', parseStep(), (payload, { until }) =>
  restartClocks(ports(), retentionDays(), payload, until),
);
