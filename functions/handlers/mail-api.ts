/**
 * The door for mail backends, the importer and administrators: mailboxes and messages. Deletes no
 * object: it changes rows, and S3 follows.
 */

import { Door, doorHandler } from '../runtime/door.ts';
import {
  once,
  wireBackupGate,
  wireClock,
  wireIds,
  wireMailSettings,
  wireObjects,
  wireRetentionDays,
  wireRows,
} from '../runtime/wiring.ts';
import { addDeliveryRoutes } from './mail/delivery-routes.ts';
import { addFolderRoutes } from './mail/folder-routes.ts';
import { addMailboxRoutes } from './mail/mailbox-routes.ts';
import { addMessageRoutes } from './mail/message-routes.ts';
import { AccountRoutes, type MailDependencies } from './mail/open-request.ts';
import { addDomainRoutes, addSettingsRoutes } from './mail/settings-routes.ts';
import { addUnexpungeRoutes } from './mail/unexpunge-routes.ts';

const DOORS = [
  { kind: 'owner', base: '/v1/accounts/:user' },
  { kind: 'admin', base: '/v1/admin/accounts/:user' },
] as const;

export function makeMailApi(dependencies: () => MailDependencies) {
  const door = new Door();
  for (const { kind, base } of DOORS) {
    const routes = new AccountRoutes(door, base, kind, dependencies);
    addMailboxRoutes(routes);
    addFolderRoutes(routes);
    addUnexpungeRoutes(routes);
    addDeliveryRoutes(routes);
    addMessageRoutes(routes);
    addSettingsRoutes(routes);
  }
  addDomainRoutes(door, dependencies);
  return door;
}

const wired = once(
  (): MailDependencies => ({
    ports: { rows: wireRows(), objects: wireObjects(), clock: wireClock(), ids: wireIds() },
    deployment: wireMailSettings(),
    retentionDays: wireRetentionDays(),
    backupGate: wireBackupGate(),
  }),
);

export const handler = doorHandler(makeMailApi(wired));
