/** Ending what is still open under a name that an account no longer has (R1). */
import type { FormerSessionsAnswer } from '../../contract/address-api.ts';
import type { MailServer } from '../../contract/mail-servers.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import { MailServerError } from '../ports/mail-server-errors.ts';
import type { Ports } from '../ports/ports.ts';
import { optionalText } from '../rows/attributes.ts';
import { inParallel } from '../rows/parallel.ts';

type KickPorts = Pick<Ports, 'rows' | 'clock' | 'mailServers'>;

const PARALLEL_SERVERS = 64;

/** Between two looks: a kicked session ends when its process has finished the command at hand. */
const WAIT_MS = 1000;

/**
 * Begins no look that could last beyond the deadline: a server has at most 10 s for an answer, and
 * mostly answers at once.
 */
const LOOK_MS = 10_000;

interface Look {
  readonly server: MailServer;
  /** Missing: the server did not answer. */
  readonly sessions?: number;
}

/**
 * Kicks who is connected under a former name, on all servers, and looks again until nobody is left
 * or time is short. The rename is done by then: what cannot be ended is told, not thrown. A name
 * that another account has got is left alone, also between two looks (W7).
 * @param until epoch milliseconds by which it has to end
 */
export async function endFormerSessions(
  ports: KickPorts,
  former: { readonly user: string; readonly accountId: string },
  until: number,
): Promise<FormerSessionsAnswer> {
  const { clock, mailServers } = ports;
  const { servers } = mailServers;
  if (servers.length === 0) return { state: 'noServers', sessions: 0, serversFailed: [] };
  for (;;) {
    const looks = await inParallel(servers, PARALLEL_SERVERS, (server) =>
      kickAndCount(ports, server, former),
    );
    if (looks.includes('anotherAccount')) {
      return { state: 'notAsked', sessions: 0, serversFailed: [] };
    }
    const asked = looks.filter((look) => look !== 'anotherAccount');
    const sessions = asked.reduce((sum, look) => sum + (look.sessions ?? 0), 0);
    const serversFailed = asked.flatMap((look) =>
      look.sessions === undefined ? [look.server.url] : [],
    );
    if (sessions === 0 && serversFailed.length === 0) {
      return { state: 'ended', sessions, serversFailed };
    }
    if (clock.now() + WAIT_MS + LOOK_MS > until) return { state: 'left', sessions, serversFailed };
    await clock.sleep(WAIT_MS);
  }
}

async function kickAndCount(
  { rows, mailServers }: KickPorts,
  server: MailServer,
  { user, accountId }: { readonly user: string; readonly accountId: string },
): Promise<Look | 'anotherAccount'> {
  const row = await rows.get(registryKeys.address(user));
  const owner = row && optionalText(row, 'accountId');
  if (owner !== undefined && owner !== accountId) return 'anotherAccount';
  try {
    await mailServers.kick(server, user);
    return { server, sessions: await mailServers.sessions(server, user) };
  } catch (error) {
    if (error instanceof MailServerError) return { server };
    throw error;
  }
}
