import type { Context } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ENV } from '../../../functions/contract/env.ts';
import { ERROR_NAMES } from '../../../functions/contract/error-names.ts';
import { LetheError } from '../../../functions/core/errors.ts';
import { parseStep, parseTexts, stepHandler } from '../../../functions/runtime/step-handler.ts';
import {
  bodyOf,
  fault,
  json,
  type ScriptedEndpoint,
  startScriptedEndpoint,
} from '../adapters/scripted-endpoint.ts';
import { captureLog, type LogLines } from './log-lines.ts';

const operation = { operationId: 'op-1', attempt: 1, accountId: 'a1' };
const context = (leftMs: number) =>
  ({
    getRemainingTimeInMillis: () => leftMs,
    awsRequestId: 'invocation-1',
    memoryLimitInMB: '1024',
  }) as unknown as Context;

let registry: ScriptedEndpoint;
let registryFails = false;

beforeAll(async () => {
  registry = await startScriptedEndpoint((_, __, response) => {
    if (registryFails) fault(response, 'AccessDeniedException');
    else json(response, { ConsumedCapacity: { CapacityUnits: 1 } });
  });
  vi.stubEnv(ENV.registryTable, 'registry');
  vi.stubEnv('AWS_ENDPOINT_URL', registry.endpoint);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'scripted');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'scripted');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await registry.stop();
});

describe('the payload of a step', () => {
  test('is taken with the numbers that the step needs, and nothing else', () => {
    const given = { operation: { ...operation, user: 'a@x.org' }, round: 1, range: 0, more: true };
    expect(parseStep('round', 'range')(given)).toEqual({ operation, round: 1, range: 0 });
    expect(parseStep()(given)).toEqual({ operation });
  });

  test.each([
    undefined,
    null,
    'text',
    {},
    { operation: null },
    { operation: 'op-1' },
    { operation: { ...operation, attempt: '1' } },
    { operation: { operationId: 'op-1', attempt: 1 } },
    { operation: { ...operation, operationId: 7 } },
  ])('O2: %j is refused, naming the operation', (event) => {
    expect(() => parseStep()(event)).toThrow(
      'operation: allowed is {operationId, attempt, accountId}',
    );
  });

  test.each([undefined, null, '1', 1.5, Number.NaN, 2 ** 53])(
    'O2: round %j is refused',
    (round) => {
      expect(() => parseStep('round')({ operation, round })).toThrow(
        /^round: got .*, allowed is a whole number$/,
      );
    },
  );

  test('O2: texts are checked by name, too', () => {
    expect(parseTexts({ error: 'E', message: '', other: 1 }, ['error', 'message'])).toEqual({
      error: 'E',
      message: '',
    });
    expect(() => parseTexts({ error: 'E' }, ['error', 'message'])).toThrow(
      'message: got undefined, allowed is text',
    );
    expect(() => parseTexts(undefined, ['error'])).toThrow('error: got undefined');
  });
});

describe('a step', () => {
  let log: LogLines;
  beforeEach(() => {
    log = captureLog();
  });
  afterEach(() => {
    log.release();
  });

  test('O1: logs who worked on what and how it ended, and passes its answer on', async () => {
    const answer = { outcome: 'refused', message: 'john@example.org' };
    const handler = stepHandler('fence-account', parseStep(), async () => answer);
    expect(await handler({ operation, input: { user: 'john@example.org' } }, context(60_000))).toBe(
      answer,
    );
    expect(log.lines()).toEqual([
      expect.objectContaining({
        message: 'step done',
        step: 'fence-account',
        ...operation,
        outcome: 'refused',
      }),
    ]);
    expect(log.text()).not.toContain('john');
  });

  test.each([undefined, null, 'text', { other: 1 }])(
    'answers %j without an outcome',
    async (answer) => {
      const handler = stepHandler('clear-caches', parseStep(), async () => answer);
      expect(await handler({ operation }, context(60_000))).toBe(answer);
      expect(log.lines()[0]).not.toHaveProperty('outcome');
    },
  );

  test('passes a fault on with its name, which the machine matches', async () => {
    const fault = new LetheError(ERROR_NAMES.erasureBlocked, '3 versions stay', 'Look.');
    const handler = stepHandler('erase-range', parseStep(), () => Promise.reject(fault));
    await expect(handler({ operation }, context(60_000))).rejects.toMatchObject({
      name: 'ErasureBlockedError',
      message: '3 versions stay',
    });
    expect(log.lines()).toEqual([
      expect.objectContaining({
        message: 'step failed',
        error: 'ErasureBlockedError',
        ...operation,
      }),
    ]);
  });

  test('O1: a payload that it cannot read is logged, too, and nothing is run', async () => {
    let ran = false;
    const handler = stepHandler('plan-erasure', parseStep(), async () => {
      ran = true;
    });
    await expect(handler({ operation: { attempt: 'x' } }, context(60_000))).rejects.toThrow(
      'operation: allowed is',
    );
    expect(ran).toBe(false);
    expect(log.lines()).toEqual([
      expect.objectContaining({ message: 'step failed', step: 'plan-erasure', error: 'TypeError' }),
    ]);
  });

  test('O1: leaves a row that says what the invocation was billed for', async () => {
    const before = registry.requests.length;
    const handler = stepHandler('erase-range', parseStep(), async () => ({ outcome: 'done' }));
    await handler({ operation }, context(60_000));
    expect(registry.requests.length).toBe(before + 1);
    const { TableName, Item } = bodyOf(registry.requests.at(-1)) as {
      TableName: string;
      Item: Record<string, Record<string, unknown>>;
    };
    expect(TableName).toBe('registry');
    expect(Item).toMatchObject({
      pk: { S: 'operation#op-1' },
      sk: { S: 'meter#erase-range#invocation-1' },
    });
    expect(Item['usage']?.['M']).toMatchObject({
      stateTransitions: { N: '3' },
      lambdaRequests: { N: '1' },
      dynamodbWriteUnits: { N: '1' },
    });
    expect(Number((Item['peakMemoryMb'] as { N: string }).N)).toBeGreaterThan(10);
  });

  test('a bill that cannot be written fails no step, and is logged', async () => {
    registryFails = true;
    const handler = stepHandler('erase-range', parseStep(), async () => 'done');
    expect(await handler({ operation }, context(60_000))).toBe('done');
    registryFails = false;
    expect(log.lines().map(({ message }) => message)).toEqual(['bill not written', 'step done']);
  });

  test('O3: pages until 45 seconds before its timeout', async () => {
    let until = 0;
    const handler = stepHandler('erase-range', parseStep(), async (_, invocation) => {
      until = invocation.until;
    });
    const before = Date.now();
    await handler({ operation }, context(300_000));
    expect(until).toBeGreaterThanOrEqual(before + 255_000);
    expect(until).toBeLessThanOrEqual(Date.now() + 255_000);
  });
});
