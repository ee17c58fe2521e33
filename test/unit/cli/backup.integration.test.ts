import { describe, expect, test } from 'vitest';
import { problemReply } from './support/fake-api.ts';
import { runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const AT = '2026-11-21T03:00:00.000Z';
const ITEM = {
  resource: 'registry',
  createdAt: AT,
  recordedAt: '2026-11-21T04:00:00.000Z',
  source: 'nightly',
};

const fake = useFakeApi();

const backup = (...words: readonly string[]) => runCli(['backup', ...words, '--local', fake.local]);

describe('lethe backup record', () => {
  test('sends what was given, and says for what it was news', async () => {
    const body = { items: [ITEM], recorded: ['registry'] };
    fake.api.on('POST /v1/backups', { body });
    const words = ['--created-at', AT, '--resource', 'registry', '--source', 'nightly'];
    const { exitCode, stdout, stderr } = await backup('record', ...words, '--job-id', 'n-7');
    expect(exitCode).toBe(0);
    expect(JSON.parse(fake.api.requests[0]?.body ?? '')).toEqual({
      createdAt: AT,
      resource: 'registry',
      source: 'nightly',
      jobId: 'n-7',
    });
    expect(stdout).toBe(
      `resource=registry createdAt=${AT} recordedAt=2026-11-21T04:00:00.000Z source=nightly\n`,
    );
    expect(stderr).toBe(
      'Not every resource has a backup: deleted folders wait.\nRecorded: registry.\n',
    );
  });

  test('all resources when none is named; an older backup is nothing new', async () => {
    fake.api.on('POST /v1/backups', { body: { items: [ITEM], recorded: [], coveredUntil: AT } });
    const { stderr } = await backup('record', '--created-at', AT);
    expect(JSON.parse(fake.api.requests[0]?.body ?? '')).toEqual({ createdAt: AT });
    expect(stderr).toContain(`Folders deleted before ${AT} are in a backup`);
    expect(stderr).toContain('Recorded: nothing new.');
  });

  test('O2: a time is needed, and a resource must be one', async () => {
    const missing = await backup('record');
    expect(missing).toMatchObject({ exitCode: 64 });
    expect(missing.stderr).toContain("required option '--created-at <time>'");
    const wrong = await backup('record', '--created-at', AT, '--resource', 'tables');
    expect(wrong).toMatchObject({ exitCode: 64 });
    expect(wrong.stderr).toContain('mail-bucket, registry, dictmap, all');
    expect(fake.api.requests).toEqual([]);
  });

  test('O2: what the API refuses is shown', async () => {
    const detail = 'createdAt: got "2027", allowed is no time in the future';
    fake.api.on('POST /v1/backups', problemReply('urn:lethe:invalid-input', 400, detail));
    const { exitCode, stderr } = await backup('record', '--created-at', '2027');
    expect(exitCode).toBe(64);
    expect(stderr).toContain(detail);
  });
});

describe('lethe backup list', () => {
  test('-f json is what the API answered', async () => {
    const body = { items: [ITEM], coveredUntil: AT };
    fake.api.on('GET /v1/backups', { body });
    const { stdout } = await backup('list', '-f', 'json');
    expect(JSON.parse(stdout)).toEqual(body);
  });

  test('O2: where the deployment has no backup gate, it says so', async () => {
    fake.api.on('GET /v1/backups', { status: 404, body: { message: 'Not Found' } });
    const { exitCode, stderr } = await backup('list');
    expect(exitCode).toBe(78);
    expect(stderr).toContain('this deployment does not ask for backups');
    expect(stderr).toContain('backupGate is off');
  });

  test('whoever may not ask is told', async () => {
    fake.api.on('GET /v1/backups', problemReply('urn:lethe:not-permitted', 403, 'no'));
    expect((await backup('list')).exitCode).toBe(77);
  });
});
