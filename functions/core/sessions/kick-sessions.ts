/** Ending a disabled user's sessions, so that nobody is connected when the fence comes (U1). */
import type { KickAnswer, OperationContext } from '../../contract/payloads.ts';
import { ownsAddress } from '../accounts/accounts.ts';
import type { RowPorts } from '../erasure/erasure-ports.ts';
import { requirePart } from '../erasure/erasure-ports.ts';
import { enterStep, requireRunning } from '../operations/operations.ts';
import { askServers, refusalOf, type ServerPorts } from './ask-servers.ts';

/**
 * Kicks the user on every proxy and backend, and starts the time within which all sessions must
 * have ended. A server that fails refuses the deletion, once all others have been told. Each kick
 * first asks whether the address still is this account's: nobody else's sessions are ended (W7).
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
  const asked = await askServers(ports, async (server) => {
    const own = await ownsAddress(ports.rows, context.accountId, user);
    if (own) await mailServers.kick(server, user);
    return own;
  });
  const refusal = refusalOf(asked);
  if (refusal !== undefined) return refusal;
  const own = asked.every((one) => 'answer' in one && one.answer);
  return { outcome: own ? 'kicked' : 'addressGone' };
}
