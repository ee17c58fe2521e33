import { beforeEach, describe, expect, test } from 'vitest';
import { registryKeys } from '../../../../functions/contract/row-layout.ts';
import { requestDeletion } from '../../../../functions/core/erasure/request-deletion.ts';
import { PRICES_OF, USAGE_NAMES } from '../../../../functions/core/meter/prices.ts';
import { showOperation } from '../../../../functions/core/operations/operation-answer.ts';
import { finishWrite } from '../../../../functions/core/operations/operations.ts';
import { recordFailure } from '../../../../functions/core/operations/record-failure.ts';
import type { Workflows } from '../../../../functions/core/ports/workflows.ts';
import { furnish } from '../../../simulation/mail.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

const VERB = 'delete-account';
const USER = 'a@x.org';

let world: World;
let operationId: string;
let accountId: string;

beforeEach(async () => {
  world = new World();
  ({ accountId } = await furnish(world.ports, CLASSES, USER, 3));
  const request = { user: USER, allowUnknownUser: false, requestedBy: 'tests' };
  ({ operationId } = await requestDeletion(world.ports, request, world.clock.now() + 1000));
});

const show = (workflows: Workflows = world.workflows) =>
  showOperation({ rows: world.rows, workflows }, operationId);
const NOTHING_BILLED = Object.fromEntries(USAGE_NAMES.map((name) => [name, 0]));
const context = () => ({ operationId, attempt: 1, accountId });

describe('an operation as callers see it', () => {
  test('O1: while it runs', async () => {
    expect(await show()).toEqual({
      operationId,
      verb: VERB,
      state: 'running',
      step: 'Resolve account',
      attempt: 1,
      accountId,
      user: USER,
      requestedBy: 'tests',
      createdAt: '2026-11-22T00:00:00.000Z',
      updatedAt: '2026-11-22T00:00:00.000Z',
      counts: {},
      billed: NOTHING_BILLED,
      costDollars: 0,
      pricesOf: PRICES_OF,
      certificate: false,
    });
  });

  test('O1, U7: when it has succeeded: what was erased and expected, without the address', async () => {
    const run = await world.run({ operationId, attempt: 1 }, { execution: `${operationId}-1` });
    expect(run.status).toBe('SUCCEEDED');
    world.workflows.setStatus(VERB, `${operationId}-1`, 'succeeded');
    const answer = await show();
    expect(answer).toMatchObject({
      state: 'succeeded',
      step: 'Release address',
      certificate: true,
      counts: { messageRows: 6, mailboxRows: 2 },
      expected: { messageRows: 6, mailboxRows: 2 },
      finishedAt: expect.stringMatching(/^2026-11-2.*Z$/),
    });
    expect(answer).not.toHaveProperty('user');
    expect(JSON.stringify(answer)).not.toContain('x.org');
  });

  test('O3: its counts are the sum over all workers, of any number', async () => {
    for (let worker = 0; worker < 310; worker += 1) {
      await world.rows.write({
        kind: 'put',
        key: registryKeys.progress(operationId, `1-${worker}`),
        attributes: { v: 1, type: 'progress', counts: { messageRows: 2, bytes: worker } },
      });
    }
    expect((await show()).counts).toEqual({ messageRows: 620, bytes: (310 * 309) / 2 });
  });

  test('U5: shows as failed when its execution was stopped, with what to do next', async () => {
    const execution = `${operationId}-1`;
    await world.rows.write({
      kind: 'update',
      key: registryKeys.operation(operationId),
      guard: { row: 'present' },
      change: { set: { execution } },
    });
    expect(await show()).toMatchObject({ state: 'running' });
    world.workflows.setStatus(VERB, execution, 'failed');
    expect(await show()).toMatchObject({
      state: 'failed',
      error: {
        name: 'ExecutionStopped',
        message: expect.stringContaining('the execution of attempt 1 was stopped'),
        next: expect.stringContaining('Resume'),
      },
    });
    const row = await world.rows.get(registryKeys.operation(operationId));
    expect(row?.attributes['state']).toBe('running');
  });

  test('U5: shows as failed when its execution ended before the first step named it', async () => {
    world.workflows.setStatus(VERB, `${operationId}-1`, 'failed');
    expect(await show()).toMatchObject({ state: 'failed', error: { name: 'ExecutionStopped' } });
  });

  test('W5: an execution seen to end just when the operation succeeded did not fail', async () => {
    await world.rows.write({
      kind: 'update',
      key: registryKeys.operation(operationId),
      guard: { row: 'present' },
      change: { set: { execution: 'e' } },
    });
    const workflows: Workflows = {
      start: async () => 'exists',
      running: async () => [],
      status: async () => {
        await world.rows.write(finishWrite(context(), world.clock.now()));
        return 'failed';
      },
    };
    const answer = await show(workflows);
    expect(answer.state).toBe('succeeded');
    expect(answer).not.toHaveProperty('error');
  });

  test('O2: one that does not exist is unknown', async () => {
    await expect(showOperation(world.ports, 'op-0')).rejects.toMatchObject({
      name: 'UnknownOperationError',
      message: 'there is no operation "op-0"',
    });
  });
});

describe('recording a failure', () => {
  const fail = async (error: string, message: string) => {
    await recordFailure(world.ports, { operation: context(), error, message });
    return (await show()).error;
  };

  test('O1: unwraps what Lambda makes of a fault', async () => {
    const cause = {
      errorType: 'ErasureBlockedError',
      errorMessage: 'AccessDenied',
      trace: ['at a'],
    };
    expect(await fail('States.TaskFailed', JSON.stringify(cause))).toEqual({
      name: 'ErasureBlockedError',
      message: 'AccessDenied',
      next: 'Remove the cause it names, then resume the operation.',
    });
  });

  test.each(['not JSON', '"text"', 'null', '{"other": 1}', ''])(
    'takes %j as the message itself',
    async (cause) => {
      expect(await fail('States.Timeout', cause)).toEqual({
        name: 'States.Timeout',
        message: cause,
        next: expect.stringContaining('Resume the operation'),
      });
    },
  );

  test('O3: cuts a long one to what fits a row', async () => {
    expect((await fail('Error', 'x'.repeat(500_000)))?.message).toHaveLength(1000);
  });

  test.each([
    'AccountHeldError',
    'LeftoversError',
    'PermissionMissingError',
    'StoreBusyError',
    'SupersededError',
  ])('O1: says what to do next about an %s', async (name) => {
    const next = (await fail(name, 'it happened'))?.next;
    expect(next).not.toContain('look at the logs');
    expect(next).toMatch(/\.$/);
  });
});
