import { describe, expect, test } from 'vitest';
import type { OperationAnswer } from '../../../functions/contract/api.ts';
import { MACHINES } from '../../../functions/contract/machines.ts';
import { problemReply, type Reply } from './support/fake-api.ts';
import { type CliOptions, type CliResult, runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const OPERATION: OperationAnswer = {
  operationId: 'op1',
  verb: 'delete-account',
  state: 'running',
  step: 'Resolve account',
  attempt: 1,
  accountId: 'a1',
  user: 'john@example.com',
  requestedBy: 'arn:aws:iam::123456789012:user/operator',
  createdAt: '2026-11-22T12:00:00.000Z',
  updatedAt: '2026-11-22T12:00:00.000Z',
  counts: {},
  billed: {},
  costDollars: 0,
  pricesOf: '2026-08-31',
};

const at = (step: string, more: Partial<OperationAnswer> = {}): Reply => ({
  body: { ...OPERATION, step, ...more },
});

const SUCCEEDED = at('Release address', {
  state: 'succeeded',
  counts: { messageRows: 3000, objectBytes: 50_000_000 },
  certificate: true,
});

const FAILED = at('Erase ranges', {
  state: 'failed',
  error: {
    name: 'ErasureBlockedError',
    message: 'three objects are locked',
    next: 'Release the lock first.',
  },
});

const fake = useFakeApi();

const lethe = (argv: readonly string[], options: CliOptions = {}): Promise<CliResult> =>
  runCli([...argv, '--local', fake.local], options);

const OPERATION_STEPS: readonly string[] = MACHINES['delete-account'].shownSteps;

const SHOW = 'GET /v1/operations/op1';

describe('O1: operation wait', () => {
  test('the steps are those of the state machine, in its order', async () => {
    const { default: machine } = await import('../../../statemachines/delete-account.asl.json', {
      with: { type: 'json' },
    });
    const states = Object.keys(machine.States);
    expect(OPERATION_STEPS.filter((step) => !states.includes(step))).toEqual([]);
    expect(states.filter((state) => OPERATION_STEPS.includes(state))).toEqual(OPERATION_STEPS);
  });

  test('an operation by query shows its own steps', async () => {
    const verb = 'expunge-messages';
    const counted = { verb, expected: { messages: 9 } } as const;
    fake.api.on(
      SHOW,
      at('Find mailboxes', { verb }),
      at('Count messages', counted),
      at('Change messages', { ...counted, counts: { messages: 4 } }),
      at('Change messages', { ...counted, counts: { messages: 9 }, state: 'succeeded' }),
    );
    const { stderr } = await lethe(['operation', 'wait', 'op1']);
    const told = stderr.trim().split('\n');
    expect(told.map((line) => line.replace(/^[\d:]{8} /, ''))).toEqual([
      'Find mailboxes',
      'Count messages',
      'Count messages: messages 0 of 9',
      'Change messages',
      'Change messages: messages 9 of 9',
    ]);
  });

  test('a dry run shows what it found, and no part of it as done', async () => {
    const found = { messages: 12, bytes: 34_000 };
    const more = { state: 'succeeded', dryRun: true, expected: found } as const;
    fake.api.on(SHOW, at('Finish purge', { verb: 'purge-mailboxes', ...more }));
    const { stdout, stderr } = await lethe(['operation', 'wait', 'op1']);
    expect(stdout).toContain('\nexpected.messages=12\nexpected.bytes=34000\n');
    expect(stderr).toContain('messages 12, bytes 34.0 kB');
  });

  test('shows each step as a line when piped, what is done against what was expected, ends 0', async () => {
    const expected = { messageRows: 3000, objectBytes: 50_000_000 };
    fake.api.on(
      SHOW,
      at('Fence account'),
      at('Erase ranges', { counts: { messageRows: 1234, objectBytes: 12_300_000 }, expected }),
      at('Erase ranges', { counts: { messageRows: 1300, objectBytes: 12_900_000 }, expected }),
      at('Verify erasure', { counts: { messageRows: 3000, objectBytes: 50_000_000 }, expected }),
      SUCCEEDED,
    );
    const result = await lethe(['operation', 'wait', 'op1', '-f', 'json']);
    expect(result.exitCode).toBe(0);
    const lines = result.stderr.trim().split('\n');
    expect(lines[0]).toBe('12:00:00 Fence account');
    expect(result.stderr).toContain(
      'Erase ranges: message rows 1,234 of 3,000, object bytes 12.3 MB of 50.0 MB\n',
    );
    expect(lines.at(-2)).toMatch(/ Release address$/);
    expect(JSON.parse(result.stdout)).toMatchObject({ state: 'succeeded', certificate: true });
  });

  test('a round that goes back is told within the furthest step', async () => {
    fake.api.on(
      SHOW,
      at('Verify erasure'),
      at('Erase ranges', { counts: { messageRows: 2 } }),
      SUCCEEDED,
    );
    const { stderr } = await lethe(['operation', 'wait', 'op1']);
    expect(stderr).toContain('Verify erasure: now at “Erase ranges”, message rows 2\n');
    expect(stderr.match(/Verify erasure$/gm)).toHaveLength(1);
  });

  test('a failure ends with 75, the error, what is safe next, and the operation as data', async () => {
    fake.api.on(SHOW, at('Erase ranges'), FAILED);
    const result = await lethe(['operation', 'wait', 'op1', '-f', 'json']);
    expect(result.exitCode).toBe(75);
    expect(result.stderr).toContain(
      'lethe: operation op1 failed at “Erase ranges”: ErasureBlockedError: three objects are locked\n',
    );
    expect(result.stderr).toContain(
      'Release the lock first. To go on: lethe operation resume op1\n',
    );
    expect(JSON.parse(result.stdout)).toMatchObject({ state: 'failed' });
  });

  test('O3: the wait is bounded by --timeout, and leaves the operation alone', async () => {
    fake.api.on(SHOW, at('Settle'));
    const result = await lethe(['operation', 'wait', 'op1', '--timeout', '60']);
    expect(result.exitCode).toBe(75);
    expect(result.stderr).toContain(
      'operation op1 goes on without being watched; it is at “Settle”',
    );
    expect(result.sleeps.reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(60_000, 0);
    expect(Math.max(...result.sleeps)).toBeLessThanOrEqual(5000);
    expect(new Set(fake.api.requests.map(({ method }) => method))).toEqual(new Set(['GET']));
  });

  test('Ctrl-C stops watching, not the operation, and ends with 130', async () => {
    fake.api.on(SHOW, at('Settle'));
    const result = await lethe(['operation', 'wait', 'op1'], { interruptAfterSleeps: 2 });
    expect(result.exitCode).toBe(130);
    expect(result.stderr).toContain('lethe operation wait op1');
    expect(result.sleeps).toHaveLength(2);
  });

  test('a server that is away for a moment does not end the wait', async () => {
    const busy = problemReply('urn:lethe:busy', 503, 'busy');
    const away = Array.from({ length: 8 }, () => busy);
    fake.api.on(SHOW, at('Settle'), ...away, SUCCEEDED);
    expect((await lethe(['operation', 'wait', 'op1'])).exitCode).toBe(0);
  });

  test('O3: a server that is started again does not end the wait', async () => {
    fake.api.on(SHOW, at('Settle'), at('Verify erasure'), SUCCEEDED);
    const result = await lethe(['operation', 'wait', 'op1'], {
      onSleep: async (count) => {
        if (count === 1) await fake.api.close();
        if (count === 20) await fake.api.reopen();
      },
    });
    expect(result.exitCode).toBe(0);
    expect(result.stderr).toMatch(/Settle: the server has not answered for \d\d:\d\d\n/);
    expect(result.stderr).toContain(' Verify erasure\n');
  });

  test('O3: one that does not come back does after five minutes, and says how to go on', async () => {
    fake.api.on(SHOW, at('Settle'));
    const result = await lethe(['operation', 'wait', 'op1'], {
      onSleep: async (count) => {
        if (count === 1) await fake.api.close();
      },
    });
    expect(result.exitCode).toBe(69);
    const waitedMs = result.sleeps.reduce((sum, ms) => sum + ms, 0);
    expect(waitedMs).toBeGreaterThanOrEqual(300_000);
    expect(waitedMs).toBeLessThan(310_000);
    expect(result.stderr).toContain('goes on without being watched: cannot reach the server');
    expect(result.stderr).toContain('Watch it again with: lethe operation wait op1\n');
  });

  test('O3: --timeout and Ctrl-C end the wait also while the server is away', async () => {
    fake.api.on(SHOW, at('Settle'));
    const away = { onSleep: async (count: number) => void (count === 1 && fake.api.close()) };
    const waited = await lethe(['operation', 'wait', 'op1', '--timeout', '30'], away);
    expect(waited.exitCode).toBe(75);
    await fake.api.reopen();
    const stopped = await lethe(['operation', 'wait', 'op1'], { ...away, interruptAfterSleeps: 4 });
    expect(stopped.exitCode).toBe(130);
  });

  test('a server that stays busy does', async () => {
    fake.api.on(SHOW, at('Settle'), problemReply('urn:lethe:busy', 503, 'busy'));
    expect((await lethe(['operation', 'wait', 'op1'])).exitCode).toBe(75);
  });
});

describe('operation show and resume', () => {
  test('show prints every counter, and ends 0 also for a failed one', async () => {
    fake.api.on(SHOW, {
      body: {
        ...(FAILED.body as object),
        counts: { rows: 7 },
        expected: { rows: 9, bytes: 1000 },
        billed: { dynamodbWriteUnits: 12_345, kmsRequests: 0 },
        costDollars: 0.007716,
      },
    });
    const result = await lethe(['operation', 'show', 'op1', '-f', 'table']);
    expect(result.exitCode).toBe(0);
    expect(result.stdout).toMatch(/^rows +7 of 9 expected$/m);
    expect(result.stdout).toMatch(/^bytes +0 bytes of 1\.0 kB expected$/m);
    expect(result.stdout).toMatch(/^billed dynamodb write units +12,345$/m);
    expect(result.stdout).not.toContain('kms');
    expect(result.stdout).toMatch(/^cost dollars +\$0\.007716$/m);
    expect(result.stdout).toMatch(/^prices of +2026-08-31$/m);
    expect(result.stdout).toMatch(/^next +Release the lock first\.$/m);
  });

  test('an unknown operation ends with 68', async () => {
    fake.api.on(SHOW, problemReply('urn:lethe:unknown-operation', 404, 'unknown'));
    expect((await lethe(['operation', 'show', 'op1'])).exitCode).toBe(68);
  });

  test('U5: resume makes sure that an attempt runs, then watches it', async () => {
    const resumed = 'POST /v1/operations/op1/resume';
    fake.api.on(resumed, { hangUp: true }, { status: 202, body: { ...OPERATION, attempt: 2 } });
    fake.api.on(SHOW, at('Plan erasure', { attempt: 2 }), SUCCEEDED);
    const result = await lethe(['operation', 'resume', 'op1']);
    expect(result.exitCode).toBe(0);
    expect(result.stderr).toContain('Plan erasure: attempt 2');
    expect(fake.api.requests.filter(({ method }) => method === 'POST')).toHaveLength(2);
  });

  test('resume --no-wait returns at once', async () => {
    fake.api.on('POST /v1/operations/op1/resume', {
      status: 202,
      body: { ...OPERATION, attempt: 2 },
    });
    const result = await lethe(['operation', 'resume', 'op1', '--no-wait']);
    expect(result.stdout).toContain('\nattempt=2\n');
    expect(fake.api.requests).toHaveLength(1);
  });
});
