import { clearCaches } from '../core/erasure/clear-caches.ts';
import { wireMailServers } from '../runtime/mail-servers.ts';
import { parseStep, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({
  rows: wireRows(),
  clock: wireClock(),
  mailServers: wireMailServers(),
}));

export const handler = stepHandler('clear-caches', parseStep(), ({ operation }) =>
  clearCaches(ports(), operation),
);
