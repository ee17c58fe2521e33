import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { DoveadmMailServers } from '../../../functions/adapters/doveadm-mail-servers.ts';
import type { MailServer } from '../../../functions/contract/mail-servers.ts';
import { findFreePort } from '../../../local/free-port.ts';
import { mailServersContract } from '../../contracts/mail-servers.contract.ts';
import { FixedSecrets } from '../../models/fixed-secrets.ts';
import {
  API_KEY,
  type FakeDoveadm,
  type FakeDoveadmOptions,
  startFakeDoveadm,
} from './fake-doveadm.ts';

const started: FakeDoveadm[] = [];
afterEach(async () => {
  for (const fake of started.splice(0)) await fake.stop();
});

async function start(options: FakeDoveadmOptions = {}): Promise<FakeDoveadm> {
  const fake = await startFakeDoveadm(options);
  started.push(fake);
  return fake;
}

const proxyAt = (url: string): MailServer => ({ url, role: 'proxy' });

function adapterFor(server: MailServer, secret = API_KEY, rotated?: string, caBundle?: string) {
  const secrets = new FixedSecrets(secret, rotated);
  const settings = { servers: [server], requestTimeoutSeconds: 1 };
  const options = { settings, secrets, ...(caBundle === undefined ? {} : { caBundle }) };
  return { mailServers: new DoveadmMailServers(options), secrets, server };
}

const USER = 'a@x.co';

for (const [name, options, place] of [
  ['doveadm 2.3, backend', { version: '2.3' }, 'sessions'],
  ['doveadm 2.3, proxy', { version: '2.3' }, 'proxied'],
  ['doveadm 2.4, proxy', { version: '2.4' }, 'proxied'],
] as const) {
  mailServersContract(name, async () => {
    const fake = await startFakeDoveadm(options);
    return {
      ...adapterFor(proxyAt(fake.url)),
      connect: async (user) => void fake[place].push(user),
      stop: () => fake.stop(),
    };
  });
}

describe('what is sent', () => {
  test('U1: on a 2.3 proxy both kinds of sessions are kicked, each by its own command', async () => {
    const fake = await start();
    fake.sessions = [USER];
    fake.proxied = [USER, USER, 'other@x.co'];
    const { mailServers, server } = adapterFor(proxyAt(fake.url));
    expect(await mailServers.sessions(server, USER)).toBe(3);
    await mailServers.kick(server, USER);
    expect(fake.commands).toEqual([
      ['who', { mask: [USER] }],
      ['proxyList', {}],
      ['proxyKick', { user: [USER] }],
      ['kick', { mask: [USER] }],
    ]);
    expect(fake.proxied).toEqual(['other@x.co']);
  });

  test('U1: on 2.4, where proxyKick is another name of kick, one command does', async () => {
    const fake = await start({ version: '2.4' });
    const { mailServers, server } = adapterFor(proxyAt(fake.url));
    await mailServers.sessions(server, USER);
    await mailServers.kick(server, USER);
    expect(fake.commands.map(([name]) => name)).toEqual(['who', 'kick']);
  });

  test('U3: caches are removed where there is a command for it', async () => {
    const fake = await start({
      offers: { metacacheRemove: ['user'] },
      answers: { metacacheRemove: ['doveadmResponse', []] },
    });
    const { mailServers, server } = adapterFor({ url: fake.url, role: 'backend' });
    expect(await mailServers.removeCaches(server, USER)).toBe('removed');
    expect(fake.commands).toEqual([['metacacheRemove', { user: USER }]]);
  });
});

describe('the API key', () => {
  test.each([`${API_KEY}\n`, JSON.stringify({ apiKey: API_KEY })])(
    'is the secret, or a member of it: %j',
    async (secret) => {
      const fake = await start();
      const { mailServers, server } = adapterFor(proxyAt(fake.url), secret);
      expect(await mailServers.sessions(server, USER)).toBe(0);
    },
  );

  test.each(['', '{}', '{"apiKey": 7}', '{"apiKey"'])(
    'O2: a secret without a key is an error of its own: %j',
    async (secret) => {
      const fake = await start();
      const { mailServers, server } = adapterFor(proxyAt(fake.url), secret);
      const calls = mailServers.kick(server, USER);
      await expect(calls).rejects.toMatchObject({ name: 'MailServerSecretError' });
      expect(fake.commands).toEqual([]);
    },
  );

  test('a key that was rotated meanwhile is asked for again, once', async () => {
    const fake = await start();
    const rotated = adapterFor(proxyAt(fake.url), 'old key', API_KEY);
    expect(await rotated.mailServers.sessions(rotated.server, USER)).toBe(0);
    const wrong = adapterFor(proxyAt(fake.url), 'old key', 'another');
    const call = wrong.mailServers.kick(wrong.server, USER);
    await expect(call).rejects.toMatchObject({ name: 'MailServerAuthError' });
    expect(wrong.secrets.reads).toBe(2);
  });

  test('O2: a wrong key has its own error, which names the server and not the key', async () => {
    const fake = await start();
    const { mailServers, server } = adapterFor(proxyAt(fake.url), 'wrong key');
    const error: unknown = await mailServers.kick(server, USER).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      name: 'MailServerAuthError',
      message: `${fake.url} refuses the API key`,
    });
    expect(JSON.stringify(error)).not.toContain('wrong key');
  });
});

describe('O2: servers that fail have errors of their own', () => {
  const kick = async (server: MailServer, caBundle?: string) => {
    const { mailServers } = adapterFor(server, API_KEY, undefined, caBundle);
    await mailServers.kick(server, USER);
  };

  test('nothing listens', async () => {
    const url = `http://127.0.0.1:${await findFreePort()}`;
    await expect(kick(proxyAt(url))).rejects.toMatchObject({
      name: 'MailServerUnreachableError',
      message: `${url} cannot be reached: nothing listens on that port (ECONNREFUSED)`,
    });
  });

  test('the name is unknown', async () => {
    await expect(kick(proxyAt('http://no-such-host.invalid'))).rejects.toMatchObject({
      name: 'MailServerUnreachableError',
    });
  });

  test.each(['silent', 'stalls'] as const)(
    'it is %s: the time of a request ends',
    async (fault) => {
      const fake = await start({ fault });
      const begun = Date.now();
      await expect(kick(proxyAt(fake.url))).rejects.toMatchObject({
        name: 'MailServerTimeoutError',
        message: `${fake.url} did not answer within 1 seconds`,
      });
      expect(Date.now() - begun).toBeLessThan(3000);
    },
  );

  test('it accepts connections and nothing more, as a server that is stopped does', async () => {
    const sockets = new Set<{ destroy(): void }>();
    const server = createServer((socket) => void sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await expect(kick(proxyAt(`https://127.0.0.1:${port}`))).rejects.toMatchObject({
      name: 'MailServerTimeoutError',
    });
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  test.each([
    [{ status: 404 }, /HTTP status 404/],
    [{ status: 302 }, /HTTP status 302/],
    [{ status: 200, body: '<html>' }, /is not doveadm/],
    [{ status: 200, body: '{}' }, /does not say which commands/],
    [{ status: 200, body: '[{"command":"who"},{"command":"mailboxList"}]' }, /"kick"/],
  ])('something else answers there: %j', async (fault, message) => {
    const fake = await start({ fault });
    await expect(kick(proxyAt(fake.url))).rejects.toMatchObject({
      name: 'MailServerRefusedError',
      message: expect.stringMatching(message),
    });
  });

  test.each([
    [['error', { type: 'exitCode', exitCode: 75 }], /"kick" fails with exit code 75/],
    [['error', { type: 'internalError', exitCode: 0 }], /"kick" fails with internalError/],
    [['nonsense'], /the answer to "kick" is not one of doveadm/],
  ])('a command fails under HTTP 200: %j', async (answer, message) => {
    const fake = await start({ answers: { kick: answer } });
    await expect(kick(proxyAt(fake.url))).rejects.toMatchObject({
      name: 'MailServerRefusedError',
      message: expect.stringMatching(message),
    });
  });

  test('its certificate is trusted only with the CA bundle, and only for its name', async () => {
    const tls = makeCertificate();
    const fake = await start({ tls });
    const server = proxyAt(fake.url);
    await expect(kick(server)).rejects.toMatchObject({
      name: 'MailServerUnreachableError',
      message: expect.stringMatching(/certificate is signed by itself, and not in the CA bundle/),
    });
    await kick(server, tls.cert);
    const otherName = proxyAt(fake.url.replace('127.0.0.1', 'localhost'));
    await expect(kick(otherName, tls.cert)).rejects.toMatchObject({
      message: expect.stringMatching(/certificate is for another name/),
    });
  });

  test('it speaks no TLS although it should', async () => {
    const fake = await start();
    const url = fake.url.replace('http:', 'https:');
    await expect(kick(proxyAt(url))).rejects.toMatchObject({ name: 'MailServerUnreachableError' });
  });
});

/** Signed by itself, for 127.0.0.1. */
function makeCertificate(): { readonly key: string; readonly cert: string } {
  const directory = mkdtempSync(join(tmpdir(), 'lethe-certificate-'));
  try {
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    const subject = ['-subj', '/CN=mail', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    const files = ['-keyout', key, '-out', cert];
    execFileSync('openssl', ['req', '-x509', ...kind, ...subject, ...files], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
