import { ENV } from '../contract/env.ts';
import { certifyErasure } from '../core/erasure/certify-erasure.ts';
import { readNumber } from '../runtime/environment.ts';
import { parseStep, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireEvidence, wireRows, wireSigner } from '../runtime/wiring.ts';

const ports = once(() => ({
  rows: wireRows(),
  clock: wireClock(),
  signer: wireSigner(),
  evidence: wireEvidence(),
}));
const settings = once(() => ({
  recoveryDays: readNumber(ENV.recoveryDays),
  logRetentionDays: readNumber(ENV.logRetentionDays),
  evidenceLockDays: readNumber(ENV.evidenceLockDays),
}));

export const handler = stepHandler('certify-erasure', parseStep(), ({ operation }) =>
  certifyErasure(ports(), settings(), operation),
);
