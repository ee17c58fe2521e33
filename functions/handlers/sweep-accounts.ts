import { sweepAccounts } from '../core/autoexpunge/sweep-accounts.ts';
import { stepHandler } from '../runtime/step-handler.ts';
import { parseAccounts, wireSweepConfig, wireSweepPorts } from '../runtime/sweeping.ts';
import { once } from '../runtime/wiring.ts';

const ports = once(wireSweepPorts);
const config = once(wireSweepConfig);

export const handler = stepHandler('sweep-accounts', parseAccounts, (payload, { until }) =>
  sweepAccounts(ports(), config(), payload, until),
);
