import type { MailServer } from '../../functions/contract/mail-servers.ts';
import { InvalidInputError } from '../../functions/core/errors.ts';
import {
  type MailServerError,
  serverRefused,
} from '../../functions/core/ports/mail-server-errors.ts';
import type { MailServers } from '../../functions/core/ports/mail-servers.ts';

/** How a session takes a kick: `comes back` at once, as a client does that can log in again. */
type Temper = 'ends' | 'comes back' | 'stays';

interface Session {
  readonly url: string;
  readonly user: string;
  temper: Temper;
}

const ALWAYS_OFFERED = ['kick', 'who'];

/** Proxies and backends whose sessions, faults and caches a test decides. */
export class MemoryMailServers implements MailServers {
  readonly servers: readonly MailServer[];
  #sessions: Session[] = [];
  readonly #faults = new Map<string, { error: MailServerError; calls: number }>();
  readonly #caches = new Map<string, Set<string>>();
  /** Servers with a command that removes caches. */
  readonly clearing = new Set<string>();
  kicks = 0;

  constructor(servers: readonly MailServer[]) {
    this.servers = servers;
  }

  async sessions(server: MailServer, user: string): Promise<number> {
    this.#enter(server, user);
    return this.#of(server, user).length;
  }

  async kick(server: MailServer, user: string): Promise<void> {
    this.#enter(server, user);
    this.kicks += 1;
    const gone = this.#of(server, user).filter(({ temper }) => temper === 'ends');
    for (const session of this.#of(server, user)) {
      if (session.temper === 'comes back') session.temper = 'ends';
    }
    this.#sessions = this.#sessions.filter((session) => !gone.includes(session));
  }

  async removeCaches(server: MailServer, user: string): Promise<'removed' | 'notOffered'> {
    this.#enter(server, user);
    if (!this.clearing.has(server.url)) return 'notOffered';
    this.#caches.get(server.url)?.delete(user);
    return 'removed';
  }

  async commands(server: MailServer): Promise<readonly string[]> {
    this.#enter(server, 'nobody@example.org');
    return [...ALWAYS_OFFERED, ...(this.clearing.has(server.url) ? ['metacacheRemove'] : [])];
  }

  connect(url: string, user: string, temper: Temper = 'ends'): void {
    this.#sessions.push({ url, user, temper });
  }

  /** Users who are connected anywhere, once for each session. */
  connected(): readonly string[] {
    return this.#sessions.map(({ user }) => user);
  }

  /** Ends what no kick ends, as a timeout or a restart of the server does. */
  endAll(user: string): void {
    this.#sessions = this.#sessions.filter((session) => session.user !== user);
  }

  addCache(url: string, user: string): void {
    const users = this.#caches.get(url) ?? new Set();
    this.#caches.set(url, users.add(user));
  }

  cached(url: string): readonly string[] {
    return [...(this.#caches.get(url) ?? [])];
  }

  /** Lets so many calls to a server fail; all of them when missing, none for 0. */
  fail(error: MailServerError, url: string, calls = Number.POSITIVE_INFINITY): void {
    this.#faults.set(url, { error, calls });
  }

  #of(server: MailServer, user: string): readonly Session[] {
    return this.#sessions.filter((one) => one.url === server.url && one.user === user);
  }

  #enter(server: MailServer, user: string): void {
    if (user === '' || /[*?]/.test(user)) {
      throw InvalidInputError.of('user', 'allowed is the name of one user, without * and ?');
    }
    const fault = this.#faults.get(server.url);
    if (fault !== undefined && fault.calls > 0) {
      fault.calls -= 1;
      throw fault.error;
    }
    if (!this.servers.some(({ url }) => url === server.url)) {
      throw serverRefused(server, 'it is not configured');
    }
  }
}
