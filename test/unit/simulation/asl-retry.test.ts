import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../models/virtual-clock.ts';
import { fail, failingFirst, machine, pass, task, trial } from './small-machines.ts';

const START = '2026-11-22T00:00:00.000Z';

describe('retry and catch', () => {
  const retried = (retry: object, fields: object = {}) =>
    machine({ A: task('F', { Retry: [retry], OutputPath: '$.Payload', End: true, ...fields }) });

  test('U5: a crash is retried, and each retry takes its time on the virtual clock', async () => {
    const clock = new VirtualClock();
    const retry = {
      ErrorEquals: ['States.ALL'],
      IntervalSeconds: 2,
      BackoffRate: 3,
      MaxAttempts: 3,
    };
    const handlers = { F: failingFirst(3, 'at last') };
    const run = await trial(retried(retry), {}, { handlers, clock });
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: 'at last', transitions: 4 });
    expect(clock.now() - Date.parse(START)).toBe((2 + 6 + 18) * 1000);
  });

  test.each<[object, number]>([
    [{}, 1 + 2 + 4],
    [{ IntervalSeconds: 5, MaxDelaySeconds: 12 }, 5 + 10 + 12],
    [{ IntervalSeconds: 4, BackoffRate: 1, MaxAttempts: 2, JitterStrategy: 'FULL' }, 4 + 4],
    [{ MaxAttempts: 0 }, 0],
  ])('retrier %j gives up after %d seconds', async (fields, seconds) => {
    const clock = new VirtualClock();
    const run = await trial(
      retried({ ErrorEquals: ['States.TaskFailed'], ...fields }),
      {},
      {
        handlers: { F: failingFirst(99, 'never') },
        clock,
      },
    );
    expect(run).toMatchObject({ status: 'FAILED', error: 'StoreBusyError' });
    expect(JSON.parse(run.cause ?? '')).toMatchObject({ errorType: 'StoreBusyError' });
    expect(clock.now() - Date.parse(START)).toBe(seconds * 1000);
  });

  test('every retrier has its own count, and an error that none names is not retried', async () => {
    const names = ['A', 'B', 'A', 'B', 'C'];
    const calls: string[] = [];
    const run = await trial(
      machine({
        A: task('F', {
          Retry: [
            { ErrorEquals: ['A'], MaxAttempts: 2 },
            { ErrorEquals: ['B'], MaxAttempts: 2 },
          ],
          End: true,
        }),
      }),
      {},
      {
        handlers: {
          F: () => {
            const name = names[calls.length] ?? 'end';
            calls.push(name);
            throw Object.assign(new Error('x'), { name });
          },
        },
      },
    );
    expect(calls).toEqual(names);
    expect(run).toMatchObject({ status: 'FAILED', error: 'C' });
  });

  test('States.TaskFailed is every error but States.Timeout', async () => {
    const timeout = () => {
      throw Object.assign(new Error('too long'), { name: 'States.Timeout' });
    };
    const onTaskFailed = retried({ ErrorEquals: ['States.TaskFailed'] });
    expect(await trial(onTaskFailed, {}, { handlers: { F: timeout } })).toMatchObject({
      error: 'States.Timeout',
      transitions: 1,
    });
    const onTimeout = retried({ ErrorEquals: ['States.Timeout'], MaxAttempts: 1 });
    expect(await trial(onTimeout, {}, { handlers: { F: timeout } })).toMatchObject({
      transitions: 2,
    });
  });

  test('Catch goes on with Error and Cause beside the input of the state', async () => {
    const run = await trial(
      machine({
        A: task('F', {
          InputPath: '$.inner',
          Retry: [{ ErrorEquals: ['StoreBusyError'], MaxAttempts: 1 }],
          Catch: [
            { ErrorEquals: ['OtherError'], Next: 'Wrong' },
            { ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'Caught' },
          ],
          Next: 'Wrong',
        }),
        Caught: pass(),
        Wrong: fail('WrongError'),
      }),
      { inner: { a: 1 } },
      { handlers: { F: failingFirst(2, 'too late') } },
    );
    expect(run).toMatchObject({ status: 'SUCCEEDED' });
    expect(run.output).toEqual({
      inner: { a: 1 },
      failure: {
        Error: 'StoreBusyError',
        Cause: '{"errorType":"StoreBusyError","errorMessage":"call 2"}',
      },
    });
  });

  test('what is thrown that is no Error is still an error', async () => {
    const handlers = {
      F: () => {
        throw 'a text';
      },
    };
    const run = await trial(machine({ A: task('F', { End: true }) }), {}, { handlers });
    expect(run).toMatchObject({
      error: 'string',
      cause: '{"errorType":"string","errorMessage":"a text"}',
    });
  });

  test('a path that leads nowhere is States.Runtime: no Retry, no Catch', async () => {
    const caught = { ErrorEquals: ['States.ALL'], Next: 'B' };
    const run = await trial(
      machine({
        A: task('F', { ResultSelector: { 'x.$': '$.no' }, Catch: [caught], End: true }),
        B: pass(),
      }),
      {},
      { handlers: { F: () => 1 } },
    );
    expect(run).toMatchObject({ status: 'FAILED', error: 'States.Runtime', transitions: 1 });
  });
});
