/** `lethe user delete --after`, `undelete`, `disable`, `enable`. */
import { expect, test } from 'vitest';
import type { Reply } from './support/fake-api.ts';
import { type CliResult, runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const USER = 'john@example.com';
const ACCOUNT = '/v1/accounts/john%40example.com';
const ADMIN = '/v1/admin/accounts/john%40example.com';
const AFTER = '2026-12-24T00:00:00.000Z';

const fake = useFakeApi();
const lethe = (...argv: string[]): Promise<CliResult> => runCli([...argv, '--local', fake.local]);
const json = (body: object, status = 200): Reply => ({ status, body: JSON.stringify(body) });

const ESTIMATE = {
  dryRun: true,
  accountId: 'a1',
  counts: { messages: 3, mailboxes: 1, bytes: 10 },
  estimatedBill: {},
  estimatedCostDollars: 0,
  pricesOf: '2026-08-31',
  remains: [],
};
const WAITING = {
  operationId: 'op1',
  verb: 'delete-account',
  state: 'waiting',
  step: 'Grace period',
  attempt: 1,
  accountId: 'a1',
  user: USER,
  requestedBy: 'tests',
  createdAt: AFTER,
  updatedAt: AFTER,
  deleteAfter: AFTER,
  counts: {},
  billed: {},
  costDollars: 0,
  pricesOf: '2026-08-31',
};
const account = (state: string) => ({
  accountId: 'a1',
  user: USER,
  aliases: [],
  state,
  retentionClass: 'r30',
  createdAt: AFTER,
  mailboxes: 1,
  messages: 3,
  bytes: 10,
});

test('U6: a deletion that waits ends the command, and says until when it can be undone', async () => {
  fake.api.on(`DELETE ${ACCOUNT}`, json(ESTIMATE), json({ ...WAITING, state: 'running' }, 202));
  fake.api.on('GET /v1/operations/op1', json(WAITING));
  const { exitCode, stdout, stderr } = await lethe(
    'user',
    'delete',
    USER,
    '--yes',
    '--after',
    '30d',
  );
  expect(exitCode).toBe(0);
  expect(fake.api.requests[1]?.target).toContain('deleteAfter=30d');
  expect(stdout).toContain(`deleteAfter=${AFTER}`);
  expect(stderr).toContain(`nothing is erased before ${AFTER}. Until then: lethe user undelete`);
  expect(stderr).not.toContain('Gone for good');
  expect(stderr).not.toContain('Erasing');
});

test('U6: undelete, disable and enable print the account as it is then', async () => {
  fake.api.on(`POST ${ADMIN}/undelete-user`, json(account('active')));
  fake.api.on(`POST ${ADMIN}/disable-user`, json(account('disabled')));
  fake.api.on(`POST ${ADMIN}/enable-user`, json(account('active')));
  for (const [verb, state] of [
    ['undelete', 'active'],
    ['disable', 'disabled'],
    ['enable', 'active'],
  ] as const) {
    const { exitCode, stdout } = await lethe('user', verb, USER);
    expect([verb, exitCode]).toEqual([verb, 0]);
    expect(stdout).toContain(`state=${state}`);
  }
});

test('U6, O2: too late is an error of its own', async () => {
  const detail = 'the erasure of account a1 has begun by operation op1';
  const problem = { type: 'urn:lethe:erasure-begun', title: 'Erasure begun', status: 409, detail };
  fake.api.on(`POST ${ADMIN}/undelete-user`, json(problem, 409));
  const { exitCode, stderr } = await lethe('user', 'undelete', USER);
  expect([exitCode, stderr]).toEqual([65, expect.stringContaining('has begun')]);
});
