/** Asking every mail server the same, with patience for what passes and none for what does not. */
import type { MailServer } from '../../contract/mail-servers.ts';
import type { RefusalAnswer } from '../../contract/payloads.ts';
import type { Clock } from '../ports/clock.ts';
import { MailServerError, mayPass } from '../ports/mail-server-errors.ts';
import type { MailServers } from '../ports/mail-servers.ts';
import { inParallel } from '../rows/parallel.ts';

export interface ServerPorts {
  readonly mailServers: MailServers;
  readonly clock: Clock;
}

/** As many servers as can be configured: waiting for one must not hold up the others. */
const PARALLEL_SERVERS = 64;

/**
 * A restart of a server takes seconds. With requests of at most 10 s this ends after 33 s, within
 * the time of a step.
 */
const TRIES = 3;
const WAIT_MS = 1000;

export type AskedServers<R> =
  | { readonly server: MailServer; readonly answer: R }
  | { readonly server: MailServer; readonly error: MailServerError };

/** Asks all servers, whatever becomes of one: each answer, or the error it ended with. */
export async function askServers<R>(
  { mailServers, clock }: ServerPorts,
  ask: (server: MailServer) => Promise<R>,
): Promise<AskedServers<R>[]> {
  return await inParallel(mailServers.servers, PARALLEL_SERVERS, async (server) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return { server, answer: await ask(server) };
      } catch (error) {
        if (!(error instanceof MailServerError)) throw error;
        if (tries === TRIES || !mayPass(error)) return { server, error };
        await clock.sleep(tries * WAIT_MS);
      }
    }
  });
}

/** The refusal by the first server that failed; undefined when all answered. */
export function refusalOf(asked: readonly AskedServers<unknown>[]): RefusalAnswer | undefined {
  const errors = asked.flatMap((one) => ('error' in one ? [one.error] : []));
  const [first, ...others] = errors;
  if (first === undefined) return undefined;
  const more = others.length === 0 ? '' : `; ${others.length} more of the mail servers failed`;
  return {
    outcome: 'refused',
    error: first.name,
    message: `${first.message}${more}; nothing was erased by this attempt, the user stays disabled`,
  };
}
