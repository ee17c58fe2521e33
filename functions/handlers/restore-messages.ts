import { BULK_RESTORE } from '../core/bulk/bulk-verbs.ts';
import { runBulk } from '../core/bulk/run-bulk.ts';
import { parseStep, stepHandler } from '../runtime/step-handler.ts';
import {
  once,
  wireClock,
  wireIds,
  wireMailSettings,
  wireObjects,
  wireRetentionDays,
  wireRows,
} from '../runtime/wiring.ts';

const ports = once(() => ({
  rows: wireRows(),
  clock: wireClock(),
  ids: wireIds(),
  objects: wireObjects(),
}));
const config = once(() => ({ deployment: wireMailSettings(), retentionDays: wireRetentionDays() }));

export const handler = stepHandler('restore-messages', parseStep(), (payload, { until }) =>
  runBulk(ports(), config(), BULK_RESTORE, payload, until),
);
