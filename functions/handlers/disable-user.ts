import { disableUser } from '../core/erasure/disable-user.ts';
import { parseStep, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({ rows: wireRows(), clock: wireClock() }));

export const handler = stepHandler('disable-user', parseStep(), ({ operation }) =>
  disableUser(ports(), operation),
);
