import { sweepDue } from '../core/autoexpunge/sweep-due.ts';
import { stepHandler } from '../runtime/step-handler.ts';
import { parseDue, wireSweepConfig, wireSweepPorts } from '../runtime/sweeping.ts';
import { once } from '../runtime/wiring.ts';

const ports = once(wireSweepPorts);
const config = once(wireSweepConfig);

export const handler = stepHandler('sweep-due', parseDue, (payload, { until }) =>
  sweepDue(ports(), config(), payload, until),
);
