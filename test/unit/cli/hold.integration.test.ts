import { describe, expect, test } from 'vitest';
import { problemReply } from './support/fake-api.ts';
import { runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const USER = 'john@example.org';
const HOLDS = `/v1/accounts/${encodeURIComponent(USER)}/holds`;
const RUNNING = {
  operationId: 'op-1',
  verb: 'hold-account',
  state: 'running',
  step: 'Protect mail',
  attempt: 1,
  accountId: 'aa11',
  requestedBy: 'anna',
  createdAt: '2026-11-22T00:00:00.000Z',
  updatedAt: '2026-11-22T00:00:00.000Z',
  counts: {},
  billed: {},
  costDollars: 0,
  pricesOf: '2026-08-31',
};
const DONE = { ...RUNNING, state: 'succeeded', counts: { messages: 18, bytes: 2048 } };

const fake = useFakeApi();

const hold = (...words: readonly string[]) =>
  runCli(['hold', ...words, '-u', USER, '--local', fake.local]);

const asked = () => JSON.parse(fake.api.requests[0]?.body ?? '');

describe('lethe hold', () => {
  test('W6: place says who is held and why, waits, and counts what is protected', async () => {
    fake.api.on(`POST ${HOLDS}`, { status: 202, body: RUNNING });
    fake.api.on('GET /v1/operations/op-1', { body: DONE });
    const words = [
      'place',
      '--case',
      '4711',
      '--reason',
      'court',
      '--until',
      '2030-01-01T00:00:00Z',
    ];
    const { exitCode, stdout, stderr } = await hold(...words);
    expect(exitCode).toBe(0);
    expect(asked()).toEqual({ caseId: '4711', reason: 'court', until: '2030-01-01T00:00:00Z' });
    expect(stderr).toContain('Held; protecting what is expunged: operation op-1');
    expect(stdout).toMatch(/counts\.messages=18\ncounts\.bytes=2048/);
  });

  test('O1: a dry run says so in the query', async () => {
    fake.api.on(`POST ${HOLDS}`, { status: 202, body: { ...RUNNING, dryRun: true } });
    fake.api.on('GET /v1/operations/op-1', { body: { ...DONE, dryRun: true } });
    const { exitCode } = await hold('place', '--case', '1', '--reason', 'x', '--dry-run');
    expect(exitCode).toBe(0);
    expect(fake.api.requests[0]?.target).toBe(`${HOLDS}?dryRun=true`);
  });

  test('W6: list shows cases, whose time is over, and whether all is protected', async () => {
    const one = { caseId: '4711', reason: 'court', placedBy: 'anna', placedAt: 't', overdue: true };
    const holds = [{ ...one, operationId: 'op-1', protection: 'succeeded' }];
    fake.api.on(`GET ${HOLDS}`, { body: { accountId: 'aa11', held: true, holds } });
    const { stdout } = await hold('list');
    expect(stdout).toContain('case=4711');
    expect(stdout).toContain('protection=succeeded');
    expect(stdout).toContain('overdue=true');
  });

  test('O1: release asks first, and needs --yes where nobody can be asked', async () => {
    const refused = await hold('release', '--case', '4711');
    expect(refused.exitCode).toBe(64);
    expect(fake.api.requests).toEqual([]);
    fake.api.on(`POST ${HOLDS}/release`, {
      status: 202,
      body: { ...RUNNING, verb: 'release-hold' },
    });
    fake.api.on('GET /v1/operations/op-1', { body: { ...DONE, verb: 'release-hold' } });
    const { exitCode, stderr } = await hold('release', '--case', '4711', '--yes');
    expect(exitCode).toBe(0);
    expect(asked()).toEqual({ caseId: '4711' });
    expect(stderr).toContain('Released; starting clocks anew: operation op-1');
  });

  test('O2: a case that is not there ends with 68', async () => {
    fake.api.on(
      `POST ${HOLDS}/release`,
      problemReply('urn:lethe:unknown-hold', 404, 'no such case'),
    );
    expect((await hold('release', '--case', '1', '--yes')).exitCode).toBe(68);
  });
});
