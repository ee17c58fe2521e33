import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { machine, map, pass, StoreBusyError, task, trial } from './small-machines.ts';

const output = { OutputPath: '$.Payload', End: true };
const caught = { ErrorEquals: ['States.ALL'], ResultPath: '$.failure', Next: 'Caught' };

describe('inline map', () => {
  test('its states see the item in the context object and write the parent’s history', async () => {
    const run = await trial(
      machine({ M: map({ A: pass({ Parameters: { 'i.$': '$$.Map.Item.Index' } }) }) }),
      { items: ['x', 'y'] },
    );
    expect(run.output).toEqual([{ i: 0 }, { i: 1 }]);
    // 2 + map entered, started, succeeded, exited + two items of 2 events and a Pass of 2.
    expect(run).toMatchObject({ events: 2 + 4 + 2 * (2 + 2), transitions: 3, children: [] });
  });

  test('States.Runtime of an item is caught by nothing', async () => {
    const state = map({ A: pass({ InputPath: '$.no' }) }, { Catch: [caught] });
    const run = await trial(machine({ M: state, Caught: pass() }), { items: [{}] });
    expect(run).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  });
});

describe('distributed map', () => {
  test('children are executions: own name and input, own history, six events for the parent', async () => {
    const states = { A: pass({ Parameters: { 'me.$': '$$.Execution' } }) };
    const items = [...Array(300).keys()];
    const run = await trial(machine({ M: map(states, { ItemsPath: '$' }, true) }), items);
    expect(run).toMatchObject({ events: 2 + 6, transitions: 1 });
    expect(run.children).toHaveLength(300);
    expect(run.children[7]).toEqual({
      name: 'operation-1/M/0/7',
      status: 'SUCCEEDED',
      events: 4,
      transitions: 1,
    });
    expect(run.output).toMatchObject({ 7: { me: { Name: 'operation-1/M/0/7', Input: 7 } } });
  });

  test('children do not see the item in the context object', async () => {
    const states = { A: pass({ Parameters: { 'i.$': '$$.Map.Item.Index' } }) };
    const run = await trial(machine({ M: map(states, {}, true) }), { items: [1] });
    expect(run).toMatchObject({ error: 'States.ExceedToleratedFailureThreshold' });
    expect(run.children).toMatchObject([{ status: 'FAILED', events: 3 }]);
  });

  test('a child stopped by a sibling’s failure is aborted', async () => {
    const states = { A: task('F', output) };
    const run = await trial(
      machine({ M: map(states, {}, true) }),
      { items: [1, 2] },
      {
        handlers: {
          F: async (item: number) => {
            if (item === 1) throw new StoreBusyError('one');
            await wait(10);
          },
        },
      },
    );
    expect(run.children).toMatchObject([{ status: 'FAILED' }, { status: 'ABORTED' }]);
  });

  test.each<[object, number, string]>([
    [{}, 1, 'FAILED'],
    [{ ToleratedFailureCount: 2 }, 2, 'SUCCEEDED'],
    [{ ToleratedFailureCount: 2 }, 3, 'FAILED'],
    [{ ToleratedFailurePercentage: 20 }, 2, 'SUCCEEDED'],
    [{ ToleratedFailurePercentage: 20 }, 3, 'FAILED'],
    [{ ToleratedFailureCount: 5, ToleratedFailurePercentage: 20 }, 3, 'FAILED'],
  ])('tolerance %j and %d failures of 10: %s', async (tolerance, failures, status) => {
    const state = map({ A: task('F', output) }, { ResultPath: null, ...tolerance }, true);
    const run = await trial(
      machine({ M: state }),
      { items: [...Array(10).keys()] },
      {
        handlers: {
          F: (item: number) => {
            if (item < failures) throw new StoreBusyError('busy');
          },
        },
      },
    );
    expect(run.status).toBe(status);
  });

  test('the results of all children together obey the limit of a payload', async () => {
    const handlers = { F: () => 'x'.repeat(100_000) };
    const input = { items: [1, 2, 3] };
    const kept = map({ A: task('F', output) }, {}, true);
    expect(await trial(machine({ M: kept }), input, { handlers })).toMatchObject({
      error: 'States.DataLimitExceeded',
    });
  });
});
