import { ERROR_NAMES } from '../contract/error-names.ts';
import type { MailServer, MailServerSettings } from '../contract/mail-servers.ts';
import { InvalidInputError } from '../core/errors.ts';
import {
  MailServerError,
  secretUnreadable,
  serverRefused,
} from '../core/ports/mail-server-errors.ts';
import type { MailServers } from '../core/ports/mail-servers.ts';
import type { Secrets } from '../core/ports/secrets.ts';
import { askDoveadm, type DoveadmHttpOptions } from './doveadm-http.ts';

/** No user was found to kick (EX_NOHOST): what we wanted. */
const NOBODY = 68;

/** Command name to the names of its parameters, in the spelling of the HTTP interface. */
type Offer = ReadonlyMap<string, ReadonlySet<string>>;

/** Rows of a command's answer, or the exit code of doveadm. */
type Outcome =
  | { readonly rows: readonly Readonly<Record<string, unknown>>[] }
  | { readonly exitCode: number };

export interface DoveadmMailServersOptions {
  readonly settings: Pick<MailServerSettings, 'servers' | 'requestTimeoutSeconds'>;
  readonly secrets: Secrets;
  /** PEM: trusted besides the public certificates. */
  readonly caBundle?: string;
}

/**
 * Proxies and backends by doveadm's HTTP interface. Versions differ: in 2.3 a proxy shows and ends
 * its connections by `proxyList` and `proxyKick` only, while `who` and `kick` are blind to them; in
 * 2.4 these are aliases of `who` and `kick`. So a server is first asked what it offers. One command
 * goes into a request: with several, 2.3 answers broken JSON as soon as one of them fails.
 */
export class DoveadmMailServers implements MailServers {
  readonly servers: readonly MailServer[];
  readonly #secrets: Secrets;
  readonly #http: DoveadmHttpOptions;
  readonly #offers = new Map<string, Offer>();

  constructor({ settings, secrets, caBundle }: DoveadmMailServersOptions) {
    this.servers = settings.servers;
    this.#secrets = secrets;
    this.#http = {
      timeoutSeconds: settings.requestTimeoutSeconds,
      ...(caBundle === undefined ? {} : { caBundle }),
    };
  }

  async sessions(server: MailServer, user: string): Promise<number> {
    checkUser(user);
    const offer = await this.#offer(server);
    requireCommand(server, offer, 'who');
    const direct = await this.#run(server, 'who', { mask: [user] });
    let count = sumOf(rowsOf(server, 'who', direct), user);
    if (listsProxiedApart(offer)) {
      const proxied = rowsOf(server, 'proxyList', await this.#run(server, 'proxyList', {}));
      count += proxied.filter(({ username }) => sameUser(username, user)).length;
    }
    return count;
  }

  async kick(server: MailServer, user: string): Promise<void> {
    checkUser(user);
    const offer = await this.#offer(server);
    requireCommand(server, offer, 'kick');
    // Its count is "(null)" when several login processes answer: only `proxyList` tells.
    if (offer.get('proxyKick')?.has('user')) {
      rowsOf(server, 'proxyKick', await this.#run(server, 'proxyKick', { user: [user] }));
    }
    rowsOf(server, 'kick', await this.#run(server, 'kick', { mask: [user] }));
  }

  async removeCaches(server: MailServer, user: string): Promise<'removed' | 'notOffered'> {
    checkUser(user);
    const offer = await this.#offer(server);
    if (!offer.get('metacacheRemove')?.has('user')) return 'notOffered';
    rowsOf(server, 'metacacheRemove', await this.#run(server, 'metacacheRemove', { user }));
    return 'removed';
  }

  async commands(server: MailServer): Promise<readonly string[]> {
    this.#offers.delete(server.url);
    return [...(await this.#offer(server)).keys()];
  }

  /** Asked once for the life of the adapter; a server that was upgraded meanwhile is asked anew. */
  async #offer(server: MailServer): Promise<Offer> {
    const known = this.#offers.get(server.url);
    if (known !== undefined) return known;
    const offer = toOffer(server, await this.#ask(server));
    this.#offers.set(server.url, offer);
    return offer;
  }

  async #run(server: MailServer, command: string, parameters: object): Promise<Outcome> {
    return toOutcome(server, command, await this.#ask(server, [[command, parameters, 'lethe']]));
  }

  /** A refused key may be an old one, of before its rotation: the present one is tried once. */
  async #ask(server: MailServer, body?: unknown): Promise<unknown> {
    const apiKey = toApiKey(await this.#secrets.read());
    try {
      return await askDoveadm(server, apiKey, this.#http, body);
    } catch (error) {
      const isRefused =
        error instanceof MailServerError && error.name === ERROR_NAMES.mailServerAuth;
      if (!isRefused) throw error;
      const fresh = toApiKey(await this.#secrets.read({ fresh: true }));
      if (fresh === apiKey) throw error;
      return await askDoveadm(server, fresh, this.#http, body);
    }
  }
}

/** `*` and `?` in a mask name other users as well: never sent, whoever asks. */
function checkUser(user: string): void {
  if (user !== '' && !/[*?]/.test(user)) return;
  throw InvalidInputError.of('user', 'allowed is the name of one user, without * and ?');
}

/** The text itself, or the member `apiKey` of a JSON object, as the console makes them. */
function toApiKey(secret: string): string {
  const text = secret.trim();
  const key = text.startsWith('{') ? memberOf(text) : text;
  if (typeof key === 'string' && key !== '') return key;
  throw secretUnreadable('allowed is the key itself, or a JSON object with the text "apiKey"');
}

function memberOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { readonly apiKey?: unknown }).apiKey;
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function toOffer(server: MailServer, answer: unknown): Offer {
  const commands = (Array.isArray(answer) ? answer : []).filter(isRecord);
  const offer = commands.flatMap(({ command, parameters }) => {
    const names = (Array.isArray(parameters) ? parameters : []).filter(isRecord);
    return typeof command === 'string'
      ? [[command, new Set(names.map(({ name }) => String(name)))] as const]
      : [];
  });
  if (offer.length === 0) throw serverRefused(server, 'it does not say which commands it offers');
  return new Map(offer);
}

function requireCommand(server: MailServer, offer: Offer, command: 'who' | 'kick'): void {
  if (offer.get(command)?.has('mask')) return;
  throw serverRefused(server, `it does not offer the command "${command}" with a mask`);
}

/** In 2.4 `proxyList` takes a mask and is `who` under another name. */
function listsProxiedApart(offer: Offer): boolean {
  const parameters = offer.get('proxyList');
  return parameters !== undefined && !parameters.has('mask');
}

function toOutcome(server: MailServer, command: string, answer: unknown): Outcome {
  const [first] = Array.isArray(answer) ? answer : [];
  const [kind, content] = Array.isArray(first) ? first : [];
  if (kind === 'doveadmResponse' && Array.isArray(content)) {
    return { rows: content.filter(isRecord) };
  }
  if (kind === 'error' && isRecord(content)) {
    if (content['type'] === 'exitCode') return { exitCode: Number(content['exitCode']) };
    throw serverRefused(server, `"${command}" fails with ${String(content['type'])}`);
  }
  throw serverRefused(server, `the answer to "${command}" is not one of doveadm`);
}

/** Rows of a command that went well; none when it found nobody. */
function rowsOf(
  server: MailServer,
  command: string,
  outcome: Outcome,
): readonly Readonly<Record<string, unknown>>[] {
  if ('rows' in outcome) return outcome.rows;
  if (outcome.exitCode === NOBODY) return [];
  throw serverRefused(server, `"${command}" fails with exit code ${outcome.exitCode}`);
}

const sameUser = (name: unknown, user: string): boolean =>
  typeof name === 'string' && name.toLowerCase() === user.toLowerCase();

/** Connections of the user's rows; a row without a number is at least one. */
const sumOf = (rows: readonly Readonly<Record<string, unknown>>[], user: string): number =>
  rows
    .filter(({ username }) => sameUser(username, user))
    .reduce((sum, { connections }) => sum + (Number(connections) || 1), 0);
