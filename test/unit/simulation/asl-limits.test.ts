import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../models/virtual-clock.ts';
import { fail, failingFirst, machine, pass, task, trial } from './small-machines.ts';

const START = '2026-11-22T00:00:00.000Z';

describe('limits', () => {
  const bytes = (count: number) => 'x'.repeat(count);

  test('a payload of 256 KiB passes, one byte more is States.DataLimitExceeded', async () => {
    // An empty string is two quotes.
    const most = bytes(256 * 1024 - 2);
    const run = await trial(machine({ A: pass() }), most);
    expect(run).toMatchObject({ status: 'SUCCEEDED', maxPayloadBytes: 262_144 });
    expect(await trial(machine({ A: pass() }), `${most}x`)).toMatchObject({
      status: 'FAILED',
      error: 'States.DataLimitExceeded',
      maxPayloadBytes: 262_145,
    });
  });

  test('bytes are those of UTF-8', async () => {
    const run = await trial(machine({ A: pass() }), { a: 'ä€😀' });
    expect(run.maxPayloadBytes).toBe(Buffer.byteLength('{"a":"ä€😀"}'));
  });

  test.each<[object, string]>([
    [{ ErrorEquals: ['States.ALL'] }, 'FAILED'],
    [{ ErrorEquals: ['States.DataLimitExceeded'] }, 'SUCCEEDED'],
  ])('an answer that is too large, and a catcher of %j: %s', async (catcher, status) => {
    const run = await trial(
      machine({ A: task('F', { Catch: [{ ...catcher, Next: 'B' }], End: true }), B: pass() }),
      {},
      { handlers: { F: () => bytes(262_144) } },
    );
    expect(run.status).toBe(status);
  });

  test('too much in Parameters or in the output of a state', async () => {
    const half = bytes(140_000);
    const twice = pass({ Parameters: { 'a.$': '$', 'b.$': '$' } });
    expect(await trial(machine({ A: twice }), half)).toMatchObject({
      error: 'States.DataLimitExceeded',
    });
  });

  test('O3: a machine that never ends is stopped by the bound of the run', async () => {
    const loop = machine({
      A: {
        Type: 'Choice',
        Choices: [{ Variable: '$.go', BooleanEquals: false, Next: 'B' }],
        Default: 'C',
      },
      B: pass(),
      C: pass({ End: undefined, Next: 'A' }),
    });
    await expect(trial(loop, { go: true }, { maxTransitions: 50 })).rejects.toThrow(
      /more than 50 transitions/,
    );
    // 12,499 rounds of one Choice or Pass, two events each, and ExecutionStarted: 24,999.
    const run = await trial(loop, { go: true }, { maxTransitions: 20_000 });
    expect(run).toMatchObject({ status: 'FAILED', error: 'States.Runtime', transitions: 12_500 });
    expect(run.cause).toMatch(/25000 events/);
  });

  test('TimeoutSeconds of the machine ends it in the middle of a wait', async () => {
    const clock = new VirtualClock();
    const run = await trial(
      machine(
        { A: { Type: 'Wait', Seconds: 7200, Next: 'B' }, B: pass() },
        { TimeoutSeconds: 3600 },
      ),
      {},
      { clock },
    );
    expect(run).toMatchObject({ status: 'FAILED', error: 'States.Timeout', transitions: 1 });
    expect(clock.now() - Date.parse(START)).toBe(3_600_000);
  });
});

describe('watching a run', () => {
  test('onState hears of every state; what it throws is a crash between two states', async () => {
    const seen: string[] = [];
    const three = machine({
      A: pass({ End: undefined, Next: 'B' }),
      B: task('F', { Next: 'C' }),
      C: { Type: 'Succeed' },
    });
    const handlers = { F: () => 1 };
    await trial(three, {}, { handlers, onState: (name, kind) => seen.push(`${name}:${kind}`) });
    expect(seen).toEqual(['A:Pass', 'B:Task', 'C:Succeed']);
    const crash = (name: string) => {
      if (name === 'C') throw new Error('power cut');
    };
    await expect(trial(three, {}, { handlers, onState: crash })).rejects.toThrow('power cut');
  });

  test('events are those the service writes', async () => {
    const handlers = { F: failingFirst(2, 1) };
    const cases: [object, number][] = [
      [machine({ A: pass() }), 2 + 2],
      [machine({ A: fail('X') }), 2 + 1],
      [machine({ A: { Type: 'Wait', Seconds: 1, Next: 'B' }, B: { Type: 'Succeed' } }), 2 + 2 + 2],
      // Two attempts fail, the third succeeds: entered, 3 x 3, exited.
      [
        machine({ A: task('F', { Retry: [{ ErrorEquals: ['States.ALL'] }], End: true }) }),
        2 + 1 + 9 + 1,
      ],
      [machine({ A: task('F', { End: true }) }), 2 + 5],
    ];
    for (const [definition, events] of cases) {
      expect((await trial(definition, {}, { handlers })).events).toBe(events);
    }
    // Without a Catch nothing exits; with one the state does: 6 and 9 events, as recorded on AWS.
    const broken = { F: failingFirst(9, 1) };
    const caught = { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }], Next: 'B' };
    const bare = machine({ A: task('F', { End: true }) });
    expect((await trial(bare, {}, { handlers: broken })).events).toBe(6);
    const safe = machine({ A: task('F', caught), B: pass() });
    expect((await trial(safe, {}, { handlers: broken })).events).toBe(9);
  });
});
