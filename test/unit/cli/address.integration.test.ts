import { describe, expect, test } from 'vitest';
import { problemReply } from './support/fake-api.ts';
import { type CliResult, runCli } from './support/run-cli.ts';
import { useTemporaryDirectories } from './support/temporary-directory.ts';
import { useFakeApi } from './support/use-fake-api.ts';

useTemporaryDirectories();

const fake = useFakeApi();
const lethe = (...argv: string[]): Promise<CliResult> =>
  runCli([`--local=${fake.local}`, '-f', 'json', ...argv]);

const JOHN = 'john@example.com';
const RENAME = 'POST /v1/accounts/john%40example.com/rename';
const ALIASES = '/v1/accounts/john%40example.com/aliases';
const RENAMED = {
  ...{ outcome: 'renamed', accountId: 'a1', user: 'j@example.com', userdb: 'renamed' },
  formerAddress: { address: JOHN, state: 'reserved', reservedUntil: '2027-05-21T00:00:00.000Z' },
  domainChanged: false,
  formerSessions: { state: 'ended', sessions: 0, serversFailed: [] },
};

describe('lethe user rename', () => {
  test('R1: asks for it, and shows what became of both names', async () => {
    fake.api.on(RENAME, { body: RENAMED });
    const result = await lethe('user', 'rename', JOHN, 'j@example.com', '--old-address', 'alias');
    expect(result.exitCode).toBe(0);
    expect(JSON.parse(result.stdout)).toEqual(RENAMED);
    const body = JSON.parse(fake.api.requests[0]?.body ?? '');
    expect(body).toEqual({ to: 'j@example.com', oldAddress: 'alias' });
    expect(fake.api.requests[0]?.target).not.toContain('dryRun');
  });

  test('O1: a dry run is said in the query', async () => {
    fake.api.on(RENAME, { body: { ...RENAMED, dryRun: true } });
    await lethe('user', 'rename', JOHN, 'j@example.com', '--dry-run');
    expect(fake.api.requests[0]?.target).toContain('?dryRun=true');
  });

  test('R1: ends with 75 where sessions of the old name are left, and says what to do', async () => {
    const left = { state: 'left', sessions: 2, serversFailed: ['https://b.example.org'] };
    fake.api.on(RENAME, { body: { ...RENAMED, domainChanged: true, formerSessions: left } });
    const { exitCode, stderr } = await lethe('user', 'rename', JOHN, 'j@example.org');
    expect(exitCode).toBe(75);
    expect(stderr).toContain('2 sessions of the old name left; no answer from https://b.example');
    expect(stderr).toContain('The domain is another one');
  });

  test('U4: ends with 65 for a reserved address, and 64 for an old address of no known fate', async () => {
    fake.api.on(RENAME, problemReply('urn:lethe:address-reserved', 409, 'reserved until 2027'));
    const refused = await lethe('user', 'rename', JOHN, 'j@example.com');
    expect(refused.exitCode).toBe(65);
    expect(refused.stderr).toContain('reserved until 2027');
    const wrong = await lethe('user', 'rename', JOHN, 'j@example.com', '--old-address', 'keep');
    expect(wrong.exitCode).toBe(64);
  });
});

describe('lethe user alias, lethe address', () => {
  test('U4: an alias is added, and removed with its time of reservation or without', async () => {
    const address = 'sales@example.com';
    fake.api.on(`POST ${ALIASES}`, { body: { outcome: 'added', accountId: 'a1', address } });
    const formerAddress = { address, state: 'free' };
    const removed = { outcome: 'removed', accountId: 'a1', formerAddress };
    fake.api.on(`DELETE ${ALIASES}`, { body: removed });
    expect((await lethe('user', 'alias', 'add', JOHN, address)).exitCode).toBe(0);
    expect((await lethe('user', 'alias', 'remove', JOHN, address)).exitCode).toBe(0);
    expect((await lethe('user', 'alias', 'remove', JOHN, address, '--free')).exitCode).toBe(0);
    const [added, kept, freed] = fake.api.requests;
    expect(JSON.parse(added?.body ?? '')).toEqual({ address });
    expect(kept?.target).toContain('address=sales%40example.com');
    expect(kept?.target).not.toContain('oldAddress');
    expect(freed?.target).toContain('oldAddress=free');
  });

  test('U4: an address is shown, and its reservation ended', async () => {
    const reservedUntil = '2027-05-21T00:00:00.000Z';
    const reserved = { address: JOHN, state: 'reserved', reservedUntil, reservedBy: 'op-1' };
    const path = '/v1/addresses/john%40example.com';
    fake.api.on(`GET ${path}`, { body: reserved });
    fake.api.on(`DELETE ${path}/reservation`, { body: { address: JOHN, state: 'free' } });
    expect(JSON.parse((await lethe('address', 'show', JOHN)).stdout)).toEqual(reserved);
    const released = await lethe('address', 'release', JOHN);
    expect(JSON.parse(released.stdout)).toEqual({ address: JOHN, state: 'free' });
    const flow = await runCli([`--local=${fake.local}`, '-f', 'flow', 'address', 'show', JOHN]);
    expect(flow.stdout).toContain(`reservedUntil=${reservedUntil}`);
  });
});
