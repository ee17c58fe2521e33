/** The door for operators who want to know whether a deletion would get through. */
import { EXAMINE_SERVICE } from '../contract/requests/accounts.ts';
import { examine } from '../core/doctor/examine.ts';
import type { Ports } from '../core/ports/ports.ts';
import { Door, doorHandler } from '../runtime/door.ts';
import { wireMailServers } from '../runtime/mail-servers.ts';
import { once, wireClock, wireRows } from '../runtime/wiring.ts';

export function makeDoctorDoor(ports: () => Pick<Ports, 'rows' | 'mailServers' | 'clock'>) {
  const door = new Door();
  door.route(EXAMINE_SERVICE, async ({ context }) => context.json(await examine(ports())));
  return door;
}

const ports = once(() => ({
  rows: wireRows(),
  clock: wireClock(),
  mailServers: wireMailServers(),
}));

export const handler = doorHandler(makeDoctorDoor(ports));
