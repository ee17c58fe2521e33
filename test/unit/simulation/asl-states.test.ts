import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../models/virtual-clock.ts';
import { fail, machine, pass, StoreBusyError, task, trial } from './small-machines.ts';

const START = '2026-11-22T00:00:00.000Z';

describe('plain states', () => {
  test('Pass gives its Result, its Parameters or its input', async () => {
    const run = await trial(
      machine({
        A: pass({ End: undefined, Result: null, ResultPath: '$.a', Next: 'B' }),
        B: pass({ End: undefined, Parameters: { 'x.$': '$.n' }, ResultPath: '$.b', Next: 'C' }),
        C: pass({ InputPath: '$.b', OutputPath: '$.x' }),
      }),
      { n: 5 },
    );
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: 5 });
  });

  test('Choice takes the first rule that holds, then Default', async () => {
    const choose = machine({
      A: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.n', NumericGreaterThan: 10, Next: 'Big' },
          { Variable: '$.n', NumericGreaterThan: 5, Next: 'Middle' },
        ],
        Default: 'Small',
      },
      Big: pass({ Result: 'big' }),
      Middle: pass({ Result: 'middle' }),
      Small: { Type: 'Succeed', OutputPath: '$.n' },
    });
    expect((await trial(choose, { n: 11 })).output).toBe('big');
    expect((await trial(choose, { n: 6 })).output).toBe('middle');
    expect((await trial(choose, { n: 5 })).output).toBe(5);
    expect(await trial(choose, {})).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  });

  test('a Choice without a rule that holds and without Default fails the execution', async () => {
    const run = await trial(
      machine({
        A: { Type: 'Choice', Choices: [{ Variable: '$.n', NumericEquals: 1, Next: 'B' }] },
        B: pass(),
      }),
      { n: 2 },
    );
    expect(run).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    expect(run.cause).toMatch(/no rule of "A" holds/);
  });

  test.each<[object, unknown, number]>([
    [{ Seconds: 90 }, {}, 90],
    [{ SecondsPath: '$.s' }, { s: 3600 }, 3600],
    [{ SecondsPath: '$.s' }, { s: 0 }, 0],
    [{ Timestamp: '2026-11-22T00:01:00Z' }, {}, 60],
    [{ TimestampPath: '$.t' }, { t: '2026-11-22T01:00:30+01:00' }, 30],
    [{ TimestampPath: '$.t' }, { t: '2020-01-01T00:00:00Z' }, 0],
  ])('Wait %j on %j takes %d virtual seconds', async (fields, input, seconds) => {
    const clock = new VirtualClock();
    const run = await trial(machine({ A: { Type: 'Wait', End: true, ...fields } }), input, {
      clock,
    });
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: input });
    expect(clock.now() - Date.parse(START)).toBe(seconds * 1000);
  });

  test.each([{ s: -1 }, { s: 1.5 }, { s: '9' }, {}])('Wait refuses %j', async (input) => {
    const run = await trial(machine({ A: { Type: 'Wait', SecondsPath: '$.s', End: true } }), input);
    expect(run).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  });

  test('Fail says what its texts or paths say', async () => {
    expect(await trial(machine({ A: fail('BadError') }), {})).toMatchObject({
      status: 'FAILED',
      error: 'BadError',
      cause: 'BadError it is',
    });
    const byPath = machine({
      A: { Type: 'Fail', ErrorPath: '$.e', CausePath: "States.Format('because of {}', $.c)" },
    });
    expect(await trial(byPath, { e: 'E', c: 7 })).toMatchObject({
      error: 'E',
      cause: 'because of 7',
    });
    expect(await trial(byPath, { e: 1, c: 7 })).toMatchObject({ error: 'States.Runtime' });
  });
});

describe('tasks', () => {
  test('a function gets its payload and answers inside Payload', async () => {
    const seen: unknown[] = [];
    const run = await trial(
      machine({
        A: task('FenceFunctionArn', {
          Parameters: {
            FunctionName: `\${FenceFunctionArn}`,
            Payload: { 'n.$': '$.n', 'execution.$': '$$.Execution.Name', fixed: [1] },
          },
          ResultSelector: { 'answer.$': '$.Payload', 'status.$': '$.StatusCode' },
          ResultPath: '$.step',
          End: true,
        }),
      }),
      { n: 1 },
      {
        handlers: {
          FenceFunctionArn: (payload) => {
            seen.push(payload);
            return { outcome: 'fenced' };
          },
        },
      },
    );
    expect(seen).toEqual([{ n: 1, execution: 'operation-1', fixed: [1] }]);
    expect(run.output).toEqual({ n: 1, step: { answer: { outcome: 'fenced' }, status: 200 } });
  });

  test('without ResultSelector the whole result of the invocation is the output', async () => {
    const run = await trial(
      machine({ A: task('F', { End: true }) }),
      {},
      {
        handlers: { F: () => ({ at: new Date(0), gone: undefined }) },
      },
    );
    expect(run.output).toMatchObject({
      ExecutedVersion: '$LATEST',
      Payload: { at: '1970-01-01T00:00:00.000Z' },
      StatusCode: 200,
    });
    expect(JSON.stringify(run.output)).not.toContain('gone');
  });

  test('ResultPath null and OutputPath; nothing answered is null', async () => {
    const quiet = machine({ A: task('F', { ResultPath: null, End: true }) });
    const handlers = { F: () => undefined };
    expect((await trial(quiet, { a: 1 }, { handlers })).output).toEqual({ a: 1 });
    const payload = machine({ A: task('F', { OutputPath: '$.Payload', End: true }) });
    expect((await trial(payload, { a: 1 }, { handlers })).output).toBe(null);
  });

  test('a function cannot change what the machine holds', async () => {
    const run = await trial(
      machine({ A: task('F', { ResultPath: null, End: true }) }),
      { list: [1] },
      { handlers: { F: (payload: { list: number[] }) => payload.list.push(2) } },
    );
    expect(run.output).toEqual({ list: [1] });
  });

  test('the context object tells the execution, the state and the retry', async () => {
    const clock = new VirtualClock();
    const contexts: unknown[] = [];
    const step = task('F', {
      Parameters: {
        FunctionName: `\${F}`,
        Payload: { 'state.$': '$$.State', 'execution.$': '$$.Execution' },
      },
      Retry: [{ ErrorEquals: ['StoreBusyError'], IntervalSeconds: 5 }],
      End: true,
    });
    await trial(
      machine({ W: { Type: 'Wait', Seconds: 10, Next: 'A' }, A: step }),
      { user: 'u' },
      {
        clock,
        handlers: {
          F: (payload) => {
            contexts.push(payload);
            if (contexts.length === 1) throw new StoreBusyError('once');
          },
        },
      },
    );
    const execution = {
      Id: 'arn:aws:states:us-east-1:123456789012:execution:machine:operation-1',
      Input: { user: 'u' },
      Name: 'operation-1',
      StartTime: START,
    };
    const state = { Name: 'A', EnteredTime: '2026-11-22T00:00:10.000Z' };
    expect(contexts).toEqual([
      { execution, state: { ...state, RetryCount: 0 } },
      { execution, state: { ...state, RetryCount: 1 } },
    ]);
  });
});

describe('a Task that calls an action of a service', () => {
  const RESOURCE = 'arn:aws:states:::aws-sdk:backup:listBackupJobs';
  const list = (fields: object = {}) => ({
    Type: 'Task',
    Resource: RESOURCE,
    Parameters: { 'ByResourceArn.$': '$.arn', MaxResults: 2 },
    ResultPath: '$.page',
    End: true,
    ...fields,
  });

  test('gets its parameters as they are, and its answer is the result', async () => {
    const asked: unknown[] = [];
    const run = await trial(
      machine({ A: list() }),
      { arn: 'arn:x' },
      {
        handlers: {
          'aws-sdk:backup:listBackupJobs': (request) => {
            asked.push(request);
            return { BackupJobs: [] };
          },
        },
      },
    );
    expect(asked).toEqual([{ ByResourceArn: 'arn:x', MaxResults: 2 }]);
    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      output: { arn: 'arn:x', page: { BackupJobs: [] } },
    });
  });

  test('is retried and caught as an invocation is', async () => {
    const Retry = [{ ErrorEquals: ['Backup.BackupException'], MaxAttempts: 2 }];
    let calls = 0;
    const run = await trial(
      machine({ A: list({ Retry }) }),
      { arn: 'arn:x' },
      {
        handlers: {
          'aws-sdk:backup:listBackupJobs': () => {
            calls += 1;
            throw Object.assign(new Error('busy'), { name: 'Backup.BackupException' });
          },
        },
      },
    );
    expect(run).toMatchObject({ status: 'FAILED', error: 'Backup.BackupException' });
    expect(calls).toBe(3);
  });
});
