import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../models/virtual-clock.ts';
import { fail, machine, map, pass, StoreBusyError, task, trial } from './small-machines.ts';

const output = { OutputPath: '$.Payload', End: true };
const caught = { ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'Caught' };

describe.each([
  ['inline', false],
  ['distributed', true],
])('%s map', (_, distributed) => {
  const mapOf = (states: Record<string, object>, fields: object = {}) =>
    map(states, fields, distributed);

  test('results come in the order of the items, whenever they finish', async () => {
    const run = await trial(
      machine({ M: mapOf({ A: task('F', output) }) }),
      { items: [30, 1, 10] },
      {
        handlers: {
          F: async (ms: number) => {
            await wait(ms);
            return ms * 2;
          },
        },
      },
    );
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: [60, 2, 20] });
  });

  test('ItemSelector sees the state and the item', async () => {
    const selector = {
      'operation.$': '$.operation',
      'range.$': '$$.Map.Item.Value',
      'index.$': '$$.Map.Item.Index',
    };
    const state = mapOf({ A: pass() }, { ItemSelector: selector, ResultPath: '$.out' });
    const run = await trial(machine({ M: state }), { operation: 'o', items: ['x', 'y'] });
    expect(run.output).toEqual({
      operation: 'o',
      items: ['x', 'y'],
      out: [
        { operation: 'o', range: 'x', index: 0 },
        { operation: 'o', range: 'y', index: 1 },
      ],
    });
  });

  test('no more than MaxConcurrency at once, and no fewer', async () => {
    let running = 0;
    let most = 0;
    const state = mapOf({ A: task('F', output) }, { MaxConcurrency: 3 });
    await trial(
      machine({ M: state }),
      { items: [...Array(10).keys()] },
      {
        handlers: {
          F: async () => {
            running += 1;
            most = Math.max(most, running);
            await wait(1);
            running -= 1;
          },
        },
      },
    );
    expect(most).toBe(3);
  });

  test('no items, no results; no array, no map', async () => {
    const state = machine({ M: mapOf({ A: fail('X') }) });
    expect(await trial(state, { items: [] })).toMatchObject({ status: 'SUCCEEDED', output: [] });
    expect(await trial(state, { items: 5 })).toMatchObject({ error: 'States.Runtime' });
  });

  test('a failing item fails the map, which a Catch can take', async () => {
    const state = mapOf(
      { A: task('F', output) },
      { Catch: [caught], End: undefined, Next: 'Wrong' },
    );
    const run = await trial(
      machine({ M: state, Caught: pass({ OutputPath: '$.failure.Error' }), Wrong: fail('Wrong') }),
      { items: [1, 2, 3] },
      {
        handlers: {
          F: (item: number) => {
            if (item === 2) throw new StoreBusyError('two');
          },
        },
      },
    );
    const error = distributed ? 'States.ExceedToleratedFailureThreshold' : 'StoreBusyError';
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: error });
  });

  test('after a failure nothing new begins, and what runs stops before its next state', async () => {
    const calls: string[] = [];
    const states = { A: task('First', { Next: 'B' }), B: task('Second', output) };
    const state = mapOf(states, { MaxConcurrency: 2, ResultPath: null });
    const run = await trial(
      machine({ M: state }),
      { items: [1, 2, 3, 4] },
      {
        handlers: {
          First: async (item: number) => {
            calls.push(`first ${item}`);
            if (item === 1) throw new StoreBusyError('one');
            await wait(20);
            calls.push(`first ${item} still wrote`);
          },
          Second: () => calls.push('second'),
        },
      },
    );
    expect(run.status).toBe('FAILED');
    expect(calls).toEqual(['first 1', 'first 2', 'first 2 still wrote']);
    expect(run.children).toHaveLength(distributed ? 2 : 0);
  });

  test('what is stopped by a sibling is neither retried nor caught', async () => {
    const clock = new VirtualClock();
    const start = clock.now();
    const seen: string[] = [];
    const states = {
      A: task('F', {
        Retry: [{ ErrorEquals: ['FatalError'], MaxAttempts: 0 }, { ErrorEquals: ['States.ALL'] }],
        Catch: [{ ErrorEquals: ['StoreBusyError'], Next: 'B' }],
        ...output,
      }),
      B: pass(),
    };
    const run = await trial(
      machine({ M: mapOf(states) }),
      { items: [1, 2, 3] },
      {
        clock,
        onState: (name) => seen.push(name),
        handlers: {
          F: async (item: number) => {
            if (item === 1) throw Object.assign(new Error('one'), { name: 'FatalError' });
            await wait(10);
            if (item === 3) throw new StoreBusyError('three');
          },
        },
      },
    );
    expect(run.status).toBe('FAILED');
    expect(seen).toEqual(['M', 'A', 'A', 'A']);
    expect(clock.now()).toBe(start);
  });

  test('who sleeps before a retry when a sibling fails does not try again', async () => {
    class SlowClock extends VirtualClock {
      override sleep(): Promise<void> {
        return wait(20);
      }
    }
    const calls: number[] = [];
    const state = mapOf({
      A: task('F', { Retry: [{ ErrorEquals: ['StoreBusyError'] }], ...output }),
    });
    await trial(
      machine({ M: state }),
      { items: [1, 2] },
      {
        clock: new SlowClock(),
        handlers: {
          F: (item: number) => {
            calls.push(item);
            if (item === 1) throw new StoreBusyError('one');
            throw new Error('two');
          },
        },
      },
    );
    expect(calls).toEqual([1, 2]);
  });

  test('a map inside a map stops with its outer one', async () => {
    const calls: string[] = [];
    const inner = map({ A: task('F', { Next: 'B' }), B: task('Late', output) }, { ItemsPath: '$' });
    const run = await trial(
      machine({ M: mapOf({ Inner: inner }) }),
      { items: [[1], [2, 3]] },
      {
        handlers: {
          F: async (item: number) => {
            if (item === 1) throw new StoreBusyError('one');
            await wait(10);
            calls.push(`F ${item}`);
          },
          Late: () => calls.push('late'),
        },
      },
    );
    expect(run.status).toBe('FAILED');
    expect(calls).toEqual(['F 2', 'F 3']);
  });

  test('a Retry of the map runs its items again', async () => {
    let calls = 0;
    const state = mapOf({ A: task('F', output) }, { Retry: [{ ErrorEquals: ['States.ALL'] }] });
    const run = await trial(
      machine({ M: state }),
      { items: [1, 2] },
      {
        handlers: {
          F: () => {
            calls += 1;
            if (calls === 2) throw new StoreBusyError('once');
            return calls;
          },
        },
      },
    );
    expect(run).toMatchObject({ status: 'SUCCEEDED', output: [3, 4] });
  });

  test('a failure of the test itself is not a failure of the machine', async () => {
    const onState = (name: string) => {
      if (name === 'A') throw new Error('power cut');
    };
    const state = machine({ M: mapOf({ A: pass() }) });
    await expect(trial(state, { items: [1, 2] }, { onState })).rejects.toThrow('power cut');
    await expect(trial(state, { items: [1, 2] }, { maxTransitions: 2 })).rejects.toThrow(
      /more than 2/,
    );
  });

  test('TimeoutSeconds of the machine takes its items down', async () => {
    const waits = mapOf({ W: { Type: 'Wait', Seconds: 100, End: true } }, { Catch: [caught] });
    const definition = machine({ M: waits, Caught: pass() }, { TimeoutSeconds: 60 });
    const run = await trial(definition, { items: [1, 2] });
    expect(run).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });
});
