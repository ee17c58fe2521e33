/**
 * Speaks doveadm's HTTP protocol as recorded from Dovecot: the faults that a real one does not
 * have on demand, and the commands of versions that are not installed.
 */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export const API_KEY = 'the key';

export interface FakeDoveadmOptions {
  /** 2.3: `who` and `kick` are blind to proxied sessions. */
  readonly version?: '2.3' | '2.4';
  /** Further commands and their parameters. */
  readonly offers?: Readonly<Record<string, readonly string[]>>;
  /** Instead of an answer; `silent` accepts and never answers, `stalls` stops half way. */
  readonly fault?: 'silent' | 'stalls' | { readonly status: number; readonly body?: string };
  /** Answers of commands that are not known here. */
  readonly answers?: Readonly<Record<string, unknown>>;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface FakeDoveadm {
  readonly url: string;
  /** Commands with their parameters, as they came. */
  readonly commands: readonly (readonly [string, Readonly<Record<string, unknown>>])[];
  sessions: string[];
  proxied: string[];
  stop(): Promise<void>;
}

const COMMON = { kick: ['socketPath', 'force', 'mask'], who: ['socketPath', 'mask'] };
const PROXY = {
  '2.3': { proxyList: ['socketPath'], proxyKick: ['socketPath', 'passdbField', 'host', 'user'] },
  '2.4': { proxyList: ['socketPath', 'mask'], proxyKick: ['socketPath', 'mask'] },
};

export async function startFakeDoveadm(options: FakeDoveadmOptions = {}): Promise<FakeDoveadm> {
  const { version = '2.3', fault, tls } = options;
  const offers: Readonly<Record<string, readonly string[]>> = {
    ...COMMON,
    ...PROXY[version],
    ...options.offers,
  };
  const commands: [string, Readonly<Record<string, unknown>>][] = [];
  const fake = { sessions: [] as string[], proxied: [] as string[] };
  const run = (name: string, parameters: Readonly<Record<string, unknown>>): unknown => {
    const [user = ''] = [parameters['mask'] ?? parameters['user'] ?? ''].flat() as string[];
    const seen = version === '2.4' ? [...fake.sessions, ...fake.proxied] : fake.sessions;
    const connections = seen.filter((one) => one === user).length;
    const none = ['error', { type: 'exitCode', exitCode: 68 }];
    if (!Object.hasOwn(offers, name)) return ['error', { type: 'unknownMethod', exitCode: 0 }];
    if (options.answers?.[name] !== undefined) return options.answers[name];
    if (name === 'who') {
      const row = { username: user, connections: String(connections), service: 'imap' };
      return ['doveadmResponse', connections === 0 ? [] : [row]];
    }
    if (name === 'kick') {
      fake.sessions = fake.sessions.filter((one) => one !== user);
      if (version === '2.4') fake.proxied = fake.proxied.filter((one) => one !== user);
      if (version === '2.4') return ['doveadmResponse', [{ count: String(connections) }]];
      return connections === 0 ? none : ['doveadmResponse', [{ result: user }]];
    }
    if (name === 'proxyList') {
      // With several login processes their header comes as a row.
      const rows = [...fake.proxied, 'username'].map((username) => ({ username }));
      return ['doveadmResponse', rows];
    }
    fake.proxied = fake.proxied.filter((one) => one !== user);
    return ['doveadmResponse', [{ count: '(null)' }]];
  };
  const listener = (incoming: IncomingMessage, response: ServerResponse) => {
    if (fault === 'silent') return;
    if (fault === 'stalls') {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('[');
      return;
    }
    if (fault !== undefined) {
      response.writeHead(fault.status).end(fault.body ?? '');
      return;
    }
    const expected = `X-Dovecot-API ${Buffer.from(API_KEY).toString('base64')}`;
    if (incoming.headers.authorization !== expected) {
      response.writeHead(401, { 'www-authenticate': 'X-Dovecot-API' }).end();
      return;
    }
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
      if (incoming.method === 'GET') {
        const offered = Object.entries(offers).map(([command, names]) => ({
          command,
          parameters: names.map((name) => ({ name, type: 'string' })),
        }));
        response.end(JSON.stringify(offered));
        return;
      }
      type Sent = readonly [string, Readonly<Record<string, unknown>>, string];
      const sent = JSON.parse(Buffer.concat(chunks).toString()) as readonly Sent[];
      const answers = sent.map(([name, parameters, tag]) => {
        commands.push([name, parameters]);
        return [...(run(name, parameters) as unknown[]), tag];
      });
      response.end(JSON.stringify(answers));
    });
  };
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(fake, {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    commands,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}
