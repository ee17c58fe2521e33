import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, describe, expect, test } from 'vitest';
import { makeMailbox } from '../../demo/make-mailbox.ts';
import type {
  AccountAnswer,
  EstimateAnswer,
  OperationAnswer,
} from '../../functions/contract/api.ts';
import { mailKey } from '../../functions/contract/key-layout.ts';
import { findAccount } from '../../functions/core/accounts/accounts.ts';
import { dollarsOf, usageOf } from '../../functions/core/meter/usage.ts';
import { furnish, mail } from '../simulation/mail.ts';
import { lethe, letheJson } from './lethe-command.ts';
import { CLASSES, deployedStores, replacedObjectsGone, until } from './stores.ts';

const { ports, clients, outputs } = deployedStores();
const machine = outputs.stateMachines['delete-account'] ?? '';

afterAll(() => clients.destroy());

/** Starts the machine as an operator does in the console, and waits for its end. */
async function execute(input: object) {
  const start = new StartExecutionCommand({
    stateMachineArn: machine,
    input: JSON.stringify(input),
  });
  const { executionArn = '' } = await clients.sfn.send(start);
  return await until(`the end of ${JSON.stringify(input)}`, 120, async () => {
    const execution = await clients.sfn.send(new DescribeExecutionCommand({ executionArn }));
    return execution.status === 'RUNNING' ? undefined : execution;
  });
}

describe('the command line and the API', () => {
  test('U1, U7, O1: import, delete with a dry run first, certificate checked offline', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'lethe-e2e-'));
    const user = 'jane+tag@example.org';
    try {
      await makeMailbox({ directory: join(directory, 'Maildir'), messages: 150 });
      await letheJson('user', 'add', user, '--alias', 'jane@example.org');
      const imported = await lethe('import', '-u', user, join(directory, 'Maildir'));
      expect(imported).toMatchObject({ code: 0 });
      const shown = await letheJson<AccountAnswer>('user', 'show', 'jane@example.org');
      expect(shown).toMatchObject({ user, messages: 150, state: 'active' });
      const estimate = await letheJson<EstimateAnswer>('user', 'delete', user, '--dry-run');
      expect(estimate).toMatchObject({ dryRun: true, counts: { messages: 150 } });
      expect(await letheJson<AccountAnswer>('user', 'show', user)).toEqual(shown);

      const deleted = await letheJson<OperationAnswer>('user', 'delete', user, '--yes');
      expect(deleted).toMatchObject({ state: 'succeeded', counts: { messageRows: 150 } });
      expect(deleted).not.toHaveProperty('user');
      expect((await lethe('user', 'show', user)).code).toBe(67);
      // How long functions take is this machine's, and not what an estimate can know.
      const [estimated = 0, billed = 0] = [estimate.estimatedBill, deleted.billed].map((bill) =>
        dollarsOf({ ...usageOf(bill), lambdaGigabyteSeconds: 0 }),
      );
      expect(estimated / billed).toBeGreaterThan(0.9);
      expect(estimated / billed).toBeLessThan(1.1);
      expect(deleted.costDollars).toBeGreaterThan(billed);
      expect(deleted.billed).toMatchObject({ s3Tier2Requests: 1, kmsRequests: 1 });

      const certificate = join(directory, 'certificate.json');
      const key = join(directory, 'key.pem');
      const { stdout } = await lethe('certificate', 'key');
      await import('node:fs/promises').then(({ writeFile }) => writeFile(key, stdout));
      await lethe('certificate', 'show', deleted.operationId, '--out', certificate);
      const verified = await lethe('certificate', 'verify', certificate, '--key', key);
      expect(verified).toMatchObject({ code: 0 });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  test('O2: unknown users, taken addresses and bad input have their own errors', async () => {
    await letheJson('user', 'add', 'taken@example.org');
    const cases: readonly [readonly string[], number, RegExp][] = [
      [['user', 'show', 'nobody@example.org'], 67, /nobody@example\.org/],
      [['user', 'add', 'taken@example.org'], 65, /taken/],
      [['user', 'add', 'not-an-address'], 64, /user: got "not-an-address"/],
      [['user', 'add', 'x@example.org', '--class', 'r1'], 64, /retentionClass: got "r1", allowed/],
      [['operation', 'show', 'op-0'], 68, /op-0/],
    ];
    for (const [words, code, message] of cases) {
      const ran = await lethe(...words);
      expect({ words, code: ran.code }).toEqual({ words, code });
      expect(ran.stderr).toMatch(message);
    }
  });

  test('an unsigned request is refused', async () => {
    const { Agent, request } = await import('node:https');
    const { readFileSync } = await import('node:fs');
    const status = await new Promise((resolve, reject) => {
      const agent = new Agent({ ca: readFileSync(outputs.caFile) });
      request(`${outputs.apiUrl}/v1/certificate-key`, { agent }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(403);
  });
});

describe('executions started by hand', () => {
  test('O2: wrong input fails at once, naming the field', async () => {
    expect(await execute({ usr: 'a@b.org' })).toMatchObject({
      status: 'FAILED',
      error: 'InvalidInputError',
      cause: expect.stringMatching(/usr: unknown.*user: missing/),
    });
    expect(await execute({ user: 'nobody@b.org' })).toMatchObject({
      status: 'FAILED',
      error: 'UnknownUserError',
    });
  });

  test('O1: a dry run answers counts and cost', async () => {
    await furnish(ports, CLASSES, 'dry@example.org', 10);
    const execution = await execute({ user: 'dry@example.org', dryRun: true });
    expect(execution.status).toBe('SUCCEEDED');
    expect(JSON.parse(execution.output ?? '')).toMatchObject({
      outcome: 'dryRun',
      estimate: { counts: { messages: 20, mailboxes: 2 } },
    });
    expect((await findAccount(ports.rows, 'dry@example.org'))?.state).toBe('active');
  });

  test('U5: two executions for one account are one operation; the second names the first', async () => {
    await furnish(ports, CLASSES, 'twice@example.org', 30);
    const [first, second] = await Promise.all([
      execute({ user: 'twice@example.org' }),
      execute({ user: 'twice@example.org' }),
    ]);
    const answers = [first, second].map(({ output }) => JSON.parse(output ?? '{}'));
    expect([first.status, second.status]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    const owner = answers.find(({ outcome }) => outcome !== 'alreadyRunning');
    const other = answers.find(({ outcome }) => outcome === 'alreadyRunning');
    expect(other?.operationId).toBe(owner?.operation.operationId);
  });
});

describe('trouble on the way', () => {
  test('U5: an execution stopped half way shows as failed; resume finishes it', async () => {
    const user = 'stopped@example.org';
    await furnish(ports, CLASSES, user, 200);
    const begun = await letheJson<OperationAnswer>('user', 'delete', user, '--yes', '--no-wait');
    const { operationId } = begun;
    const show = () => letheJson<OperationAnswer>('operation', 'show', operationId);
    await until('the erasure', 60, async () =>
      (await show()).step === 'Erase ranges' ? true : undefined,
    );
    const executionArn = `${machine.replace(':stateMachine:', ':execution:')}:${operationId}-1`;
    await clients.sfn.send(new StopExecutionCommand({ executionArn }));
    const stopped = await until('the failure', 60, async () => {
      const answer = await show();
      return answer.state === 'failed' ? answer : undefined;
    });
    expect(stopped.error?.next).toMatch(/[Rr]esume/);
    const resumed = await letheJson<OperationAnswer>('operation', 'resume', operationId);
    expect(resumed).toMatchObject({ state: 'succeeded', attempt: 2 });
    expect(await findAccount(ports.rows, user)).toBeUndefined();
  });

  test('X3: bodies that a writer still stores during the erasure are found and erased', async () => {
    const user = 'late@example.org';
    const { accountId } = await furnish(ports, CLASSES, user, 100);
    await replacedObjectsGone(ports.rows, accountId);
    const begun = await letheJson<OperationAnswer>('user', 'delete', user, '--yes', '--no-wait');
    let written = 0;
    await until('the end of the map', 60, async () => {
      written += 1;
      const Key = mailKey('r30', accountId, written.toString(16).padStart(32, '0'));
      const Body = mail('late');
      await clients.s3.send(new PutObjectCommand({ Bucket: outputs.mailBucket, Key, Body }));
      const { step } = await letheJson<OperationAnswer>('operation', 'show', begun.operationId);
      return step === 'Clear caches' || step === 'Erase account rows' ? true : undefined;
    });
    const ended = await lethe('operation', 'wait', begun.operationId);
    expect(ended).toMatchObject({ code: 0 });
    const { counts } = await letheJson<OperationAnswer>('operation', 'show', begun.operationId);
    // Every one of them was listed and removed, by the map or by a further round.
    expect(counts['objectVersions']).toBe(200 + 6 + written);
  });
});
