/** Ending a disabled user's sessions, so that nobody is connected when the fence comes (U1). */
import type { KickAnswer, OperationContext } from '../../contract/payloads.ts';
import type { RowPorts } from '../erasure/erasure-ports.ts';
import { requirePart } from '../erasure/erasure-ports.ts';
import { enterStep, requireRunning } from '../operations/operations.ts';
import { askServers, refusalOf, type ServerPorts } from './ask-servers.ts';

/**
 * Kicks the user on every proxy and backend, and starts the time within which all sessions must
 * have ended. A server that fails refuses the deletion, once all others have been told.
 * @throws SupersededError
 */
export async function kickSessions(
  ports: RowPorts & ServerPorts,
  settings: { readonly sessionDeadlineSeconds: number },
  context: OperationContext,
): Promise<KickAnswer> {
  const { clock, mailServers } = ports;
  const sessionsUntil = clock.now() + settings.sessionDeadlineSeconds * 1000;
  await enterStep(ports, context, 'Kick sessions', { sessionsUntil });
  if (mailServers.servers.length === 0) return { outcome: 'noServers' };
  const user = requirePart(
    (await requireRunning(ports.rows, context)).user,
    'user of the operation',
  );
  const asked = await askServers(ports, (server) => mailServers.kick(server, user));
  return refusalOf(asked) ?? { outcome: 'kicked' };
}
