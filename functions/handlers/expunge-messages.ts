import { BULK_EXPUNGE } from '../core/bulk/bulk-verbs.ts';
import { runBulk } from '../core/bulk/run-bulk.ts';
import { parseStep, stepHandler } from '../runtime/step-handler.ts';
import {
  once,
  wireClock,
  wireIds,
  wireMailSettings,
  wireRetentionDays,
  wireRows,
} from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock(), ids: wireIds() }));
const config = once(() => ({ deployment: wireMailSettings(), retentionDays: wireRetentionDays() }));

export const handler = stepHandler('expunge-messages', parseStep(), (payload, { until }) =>
  runBulk(ports(), config(), BULK_EXPUNGE, payload, until),
);
