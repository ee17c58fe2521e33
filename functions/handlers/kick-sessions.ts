import { kickSessions } from '../core/sessions/kick-sessions.ts';
import { wireMailServerSettings, wireMailServers } from '../runtime/mail-servers.ts';
import { parseStep, stepHandler } from '../runtime/step-handler.ts';
import { once, wireClock, wireRows } from '../runtime/wiring.ts';

const ports = once(() => ({
  rows: wireRows(),
  clock: wireClock(),
  mailServers: wireMailServers(),
}));
const settings = once(wireMailServerSettings);

export const handler = stepHandler('kick-sessions', parseStep(), ({ operation }) =>
  kickSessions(ports(), settings(), operation),
);
