/** The barrier before the fence: no session is left, or the deletion stops (U1). */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { MailServer } from '../../contract/mail-servers.ts';
import type { OperationContext, RefusalAnswer, SessionsAnswer } from '../../contract/payloads.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import { ownsAddress } from '../accounts/accounts.ts';
import { type RowPorts, requirePart } from '../erasure/erasure-ports.ts';
import { enterStep, requireRunning } from '../operations/operations.ts';
import { number } from '../rows/attributes.ts';
import { askServers, refusalOf, type ServerPorts } from './ask-servers.ts';

/**
 * A look every 120th part of the deadline: at most some 120 rounds of 9 events, far below the
 * 25,000 of an execution. At least a second apart, at most a minute.
 */
const LOOKS = 120;
const WAIT_SECONDS_MAX = 60;

interface Left {
  readonly server: MailServer;
  readonly sessions: number;
}

/**
 * Counts the user's sessions on every server and kicks again where some are left or came back,
 * while the address still is this account's: sessions of a next owner are nobody's business (W7).
 * After the deadline that "Kick sessions" set, what is left refuses the deletion.
 * @throws SupersededError
 */
export async function waitForSessions(
  ports: RowPorts & ServerPorts,
  settings: { readonly sessionDeadlineSeconds: number },
  context: OperationContext,
): Promise<SessionsAnswer> {
  const { clock, mailServers, rows } = ports;
  await enterStep(ports, context, 'Wait for sessions');
  const user = requirePart((await requireRunning(rows, context)).user, 'user of the operation');
  const asked = await askServers(ports, async (server) => {
    const sessions = await mailServers.sessions(server, user);
    if (sessions === 0 || !(await ownsAddress(rows, context.accountId, user))) return 0;
    await mailServers.kick(server, user);
    return sessions;
  });
  const refusal = refusalOf(asked);
  if (refusal !== undefined) return refusal;
  const left = asked.flatMap((one) =>
    'answer' in one && one.answer > 0 ? [{ server: one.server, sessions: one.answer }] : [],
  );
  if (left.length === 0) return { outcome: 'none' };
  const row = requirePart(await rows.get(registryKeys.operation(context.operationId)), 'operation');
  const { sessionDeadlineSeconds: deadline } = settings;
  if (clock.now() >= number(row, 'sessionsUntil')) return sessionsLeft(left, deadline);
  const waitSeconds = Math.min(Math.max(1, Math.ceil(deadline / LOOKS)), WAIT_SECONDS_MAX);
  return { outcome: 'again', waitSeconds, sessions: sumOf(left) };
}

const sumOf = (left: readonly Left[]): number =>
  left.reduce((sum, { sessions }) => sum + sessions, 0);

function sessionsLeft(left: readonly Left[], deadlineSeconds: number): RefusalAnswer {
  const where = left.map(({ server, sessions }) => `${sessions} on ${server.url}`).join(', ');
  const sum = sumOf(left);
  return {
    outcome: 'refused',
    error: ERROR_NAMES.sessionsLeft,
    message: `${sum} ${sum === 1 ? 'session is' : 'sessions are'} left after ${deadlineSeconds} seconds of kicking: ${where}; nothing was erased by this attempt, the user stays disabled`,
  };
}
