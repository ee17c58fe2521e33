import { ENV } from '../contract/env.ts';
import { ERASED_LOG } from '../contract/metrics.ts';
import { certifyErasure } from '../core/erasure/certify-erasure.ts';
import { erasedCounts } from '../core/operations/progress.ts';
import { readNumber } from '../runtime/environment.ts';
import { logInfo } from '../runtime/logger.ts';
import { parseStep, stepHandler } from '../runtime/step-handler.ts';
import {
  once,
  wireClock,
  wireEvidence,
  wireObjects,
  wireRows,
  wireSigner,
} from '../runtime/wiring.ts';

const ports = once(() => ({
  rows: wireRows(),
  objects: wireObjects(),
  clock: wireClock(),
  signer: wireSigner(),
  evidence: wireEvidence(),
}));
const settings = once(() => ({
  recoveryDays: readNumber(ENV.recoveryDays),
  reservationDays: readNumber(ENV.reservationDays),
  logRetentionDays: readNumber(ENV.logRetentionDays),
  evidenceLockDays: readNumber(ENV.evidenceLockDays),
}));

export const handler = stepHandler('certify-erasure', parseStep(), async ({ operation }) => {
  const answer = await certifyErasure(ports(), settings(), operation);
  if (answer.outcome !== 'certified') return answer;
  const { operationId } = operation;
  const counts = await erasedCounts(ports().rows, operationId);
  const counted = ERASED_LOG.fields.map((name) => [name, counts[name]] as const);
  logInfo(ERASED_LOG.message, { operationId, ...Object.fromEntries(counted) });
  return answer;
});
