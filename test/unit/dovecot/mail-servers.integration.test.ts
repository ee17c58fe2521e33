/** Sessions of a real Dovecot: ended by a deletion, on a backend and behind a proxy. */
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DoveadmMailServers } from '../../../functions/adapters/doveadm-mail-servers.ts';
import type { MailServer } from '../../../functions/contract/mail-servers.ts';
import { findFreePort } from '../../../local/free-port.ts';
import { mailServersContract } from '../../contracts/mail-servers.contract.ts';
import { type DovecotInstallation, findDovecot } from '../../dovecot/dovecot-installation.ts';
import { type DovecotServer, startDovecot } from '../../dovecot/dovecot-server.ts';
import { ImapClient } from '../../dovecot/imap-client.ts';
import { FixedSecrets } from '../../models/fixed-secrets.ts';
import { makeDoomed, NEIGHBOUR, USER } from '../../simulation/doomed-account.ts';
import { leftOf } from '../../simulation/leftovers.ts';

const API_KEY = 'key of the test';
/** Refused by the first passdb of the proxy, and handed on by the second. */
const PROXIED_PASSWORD = 'proxied';

const { found, missing } = findDovecot();
const skipped = missing === undefined ? '' : ` (skipped: ${missing})`;

const urlOf = ({ doveadmPort }: DovecotServer): string => `http://127.0.0.1:${doveadmPort}`;

function adapterFor(servers: readonly MailServer[], key = API_KEY): DoveadmMailServers {
  const settings = { servers, requestTimeoutSeconds: 2 };
  return new DoveadmMailServers({ settings, secrets: new FixedSecrets(key) });
}

async function startProxy(installation: DovecotInstallation, backend: DovecotServer) {
  const args = `nopassword=y proxy=y host=127.0.0.1 port=${backend.imapPort}`;
  const extraConfig = `passdb {
  driver = static
  args = ${args} pass=${backend.password}
}
# Several login processes, as a proxy under load has them.
service imap-login {
  service_count = 1
}`;
  return await startDovecot(installation, { doveadmApiKey: API_KEY, extraConfig });
}

describe.skipIf(found === undefined)(`a real Dovecot${skipped}`, () => {
  const clients: ImapClient[] = [];
  const connect = async (port: number, user: string, password: string) => {
    const client = await ImapClient.connect(port, user, password);
    clients.push(client);
    return client;
  };
  const installation = found as DovecotInstallation;
  let backend: DovecotServer;
  let proxy: DovecotServer;

  beforeAll(async () => {
    backend = await startDovecot(installation, { doveadmApiKey: API_KEY });
    proxy = await startProxy(installation, backend);
  });
  afterAll(async () => {
    for (const client of clients) await client.logout();
    await proxy?.stop();
    await backend?.stop();
  });

  mailServersContract('dovecot 2.3, backend', async () => {
    const server = { url: urlOf(backend), role: 'backend' } as const;
    return {
      mailServers: adapterFor([server]),
      server,
      connect: async (user) => void (await connect(backend.imapPort, user, backend.password)),
      stop: async () => {},
    };
  });

  mailServersContract('dovecot 2.3, proxy', async () => {
    const server = { url: urlOf(proxy), role: 'proxy' } as const;
    return {
      mailServers: adapterFor([server]),
      server,
      connect: async (user) => void (await connect(proxy.imapPort, user, PROXIED_PASSWORD)),
      stop: async () => {},
    };
  });

  test.each(['backend', 'proxy'] as const)(
    'U1: a live IMAP session on the %s ends before the account is erased',
    async (place) => {
      const port = place === 'proxy' ? proxy.imapPort : backend.imapPort;
      const password = place === 'proxy' ? PROXIED_PASSWORD : backend.password;
      const own = await connect(port, USER, password);
      const other = await connect(port, NEIGHBOUR, password);
      await own.select('INBOX');
      const server = { url: urlOf(place === 'proxy' ? proxy : backend), role: place } as const;
      const mailServers = adapterFor([server]);
      const { world, account } = await makeDoomed(3, { mailServers });
      let ended: boolean | undefined;
      const onState = (name: string) => {
        if (name === 'Fence account') ended = own.ended;
      };
      const run = await world.run({ user: USER }, { onState });
      expect(run).toMatchObject({ status: 'SUCCEEDED' });
      await expect.poll(() => own.ended, { timeout: 10_000 }).toBe(true);
      expect(ended).toBe(true);
      expect(other.ended).toBe(false);
      expect(leftOf(world, account.accountId)).toEqual([]);
    },
  );

  test('O2: wrong secret, closed port and hanging proxy: each its own error, nothing erased', async () => {
    const hanging = createServer(() => {});
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
    const { port } = hanging.address() as { port: number };
    const good = { url: urlOf(backend), role: 'backend' } as const;
    const closed = `http://127.0.0.1:${await findFreePort()}`;
    const cases: readonly [string, MailServer, string][] = [
      ['MailServerAuthError', good, 'another key'],
      ['MailServerUnreachableError', { url: closed, role: 'proxy' }, API_KEY],
      ['MailServerTimeoutError', { url: `http://127.0.0.1:${port}`, role: 'proxy' }, API_KEY],
    ];
    const client = await connect(backend.imapPort, USER, backend.password);
    for (const [error, server, key] of cases) {
      const mailServers = adapterFor([server], key);
      const { world, account } = await makeDoomed(3, { mailServers });
      const before = leftOf(world, account.accountId);
      const run = await world.run({ user: USER });
      expect(run).toMatchObject({ status: 'FAILED', error });
      expect(run.cause).toContain(server.url);
      expect(leftOf(world, account.accountId)).toEqual(before);
    }
    expect(client.ended).toBe(false);
    hanging.close();
  });

  test('a backend whose doveadm is asked on its IMAP port is told apart', async () => {
    const server = { url: `http://127.0.0.1:${backend.imapPort}`, role: 'backend' } as const;
    const call = adapterFor([server]).kick(server, USER);
    await expect(call).rejects.toMatchObject({ name: 'MailServerUnreachableError' });
  });
});
