import { describe, expect, test } from 'vitest';
import { problemReply } from './support/fake-api.ts';
import { runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const TABLE = { what: 'registry table', kind: 'table', ok: true, detail: 'can be read' };
const PROXY = {
  what: 'https://proxy.example.org:8080',
  kind: 'proxy',
  ok: false,
  error: 'MailServerAuthError',
  detail: 'https://proxy.example.org:8080 refuses the API key',
  next: 'Put the doveadm_api_key of that server into the secret.',
};

const fake = useFakeApi();

const doctor = (...words: readonly string[]) => runCli(['doctor', ...words, '--local', fake.local]);

describe('lethe doctor', () => {
  test('O2: what must be fixed is said, and the command ends with 78', async () => {
    fake.api.on('POST /v1/doctor', { body: { healthy: false, checks: [TABLE, PROXY] } });
    const { exitCode, stdout, stderr } = await doctor('-f', 'table');
    expect(exitCode).toBe(78);
    expect(stdout).toMatch(/^check +kind +state +error\n/);
    expect(stdout).toMatch(
      /https:\/\/proxy\.example\.org:8080 +proxy +failed +MailServerAuthError/,
    );
    expect(stdout).toContain('refuses the API key\n  -> Put the doveadm_api_key');
    expect(stderr).toBe('1 mail server configured.\n1 check failed.\n');
  });

  test('all well ends with 0, also where no mail servers are configured', async () => {
    fake.api.on('POST /v1/doctor', { body: { healthy: true, checks: [TABLE] } });
    const { exitCode, stdout, stderr } = await doctor('-f', 'flow');
    expect(exitCode).toBe(0);
    expect(stdout).toBe('what="registry table" kind=table ok=true detail="can be read"\n');
    expect(stderr).toContain('No mail servers are configured: a deletion ends no sessions.');
  });

  test('-f json is what the API answered', async () => {
    fake.api.on('POST /v1/doctor', { body: { healthy: false, checks: [TABLE, PROXY] } });
    const { exitCode, stdout } = await doctor('-f', 'json');
    expect(exitCode).toBe(78);
    expect(JSON.parse(stdout)).toEqual([TABLE, PROXY]);
  });

  test('whoever may not ask is told', async () => {
    fake.api.on('POST /v1/doctor', problemReply('urn:lethe:not-permitted', 403, 'no'));
    expect((await doctor()).exitCode).toBe(77);
  });
});
