import { releaseAddress } from '../core/erasure/release-address.ts';
import { parseStep, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireReservationSettings, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock() }));
const settings = once(wireReservationSettings);

export const handler = stepHandler('release-address', parseStep(), ({ operation }) =>
  releaseAddress(ports(), settings(), operation),
);
