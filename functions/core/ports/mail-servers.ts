/** Proxies and backends that users are connected to. */
import type { MailServer } from '../../contract/mail-servers.ts';

/**
 * Every method fails with one of the errors of `core/sessions/mail-server-errors.ts`, and none
 * takes a user whose name holds a wildcard (InvalidInputError): it would name other users.
 */
export interface MailServers {
  /** Those that are configured; none when Lethe is not told of any. */
  readonly servers: readonly MailServer[];
  /** Sessions that the user has there now, proxied ones included. */
  sessions(server: MailServer, user: string): Promise<number>;
  /** Tells the user's sessions to end; fine when there is none. */
  kick(server: MailServer, user: string): Promise<void>;
  /** Removes the local copies of the user's indexes, where the server has a command for it. */
  removeCaches(server: MailServer, user: string): Promise<'removed' | 'notOffered'>;
  /** Whether it is there, knows us, and which commands it offers. */
  commands(server: MailServer): Promise<readonly string[]>;
}
