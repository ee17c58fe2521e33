import { waitForSessions } from '../core/sessions/wait-for-sessions.ts';
import { wireMailServerSettings, wireMailServers } from '../runtime/mail-servers.ts';
import { parseStep, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({
  rows: wireRows(),
  clock: wireClock(),
  mailServers: wireMailServers(),
}));
const settings = once(wireMailServerSettings);

export const handler = stepHandler('wait-for-sessions', parseStep(), ({ operation }) =>
  waitForSessions(ports(), settings(), operation),
);
