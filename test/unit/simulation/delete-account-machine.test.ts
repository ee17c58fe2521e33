import { describe, expect, test } from 'vitest';
import { ERASURE_RANGES_MAX } from '../../../functions/contract/limits.ts';
import { VirtualClock } from '../../models/virtual-clock.ts';
import { loadMachine, type MachineRun, runMachine } from '../../simulation/asl-interpreter.ts';
import { StoreBusyError } from './small-machines.ts';

const FILE = new URL('../../../statemachines/delete-account.asl.json', import.meta.url).pathname;
const definition = loadMachine(FILE, { EraseRangesMaxConcurrency: 8 });
const operation = { operationId: 'operation-1', attempt: 1, accountId: 'account-1' };
const refusal = { outcome: 'refused', error: 'AccountHeldError', message: 'held' };

type Answers = Record<string, (payload: Record<string, unknown>, call: number) => unknown>;

/** A deletion that goes well, with ranges, rounds and waits of ordinary size. */
const WELL: Answers = {
  ResolveAccount: () => ({ outcome: 'proceed', operation }),
  DisableUser: () => null,
  KickSessions: () => ({ outcome: 'kicked' }),
  WaitForSessions: () => ({ outcome: 'none' }),
  FenceAccount: () => ({ outcome: 'fenced' }),
  PlanErasure: (_, call) => ({ ranges: [0, 1, 2], rangeCount: 3, round: call, settleSeconds: 960 }),
  EraseRange: () => ({ outcome: 'done' }),
  ClearCaches: () => null,
  EraseAccountRows: () => ({ outcome: 'done' }),
  VerifyErasure: () => ({ outcome: 'clean' }),
  CertifyErasure: () => ({ outcome: 'certified' }),
  ReleaseAddress: () => ({}),
  RecordFailure: () => null,
};

interface Observed {
  readonly run: MachineRun;
  readonly calls: readonly string[];
  readonly payloads: readonly Record<string, unknown>[];
  readonly waitedSeconds: number;
}

/** Runs the real machine; `calls` are the functions in their order, repeats of one as one. */
async function observe(answers: Answers, input: object = { user: 'u@x.org' }): Promise<Observed> {
  const clock = new VirtualClock();
  const start = clock.now();
  const calls: string[] = [];
  const payloads: Record<string, unknown>[] = [];
  const counts = new Map<string, number>();
  const run = await runMachine({
    definition,
    input,
    clock,
    executionName: 'operation-1-1',
    maxTransitions: 100_000,
    invoke: async (token, payload) => {
      const name = token.replace(/FunctionArn$/, '');
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      if (calls.at(-1) !== name) calls.push(name);
      payloads.push(payload as Record<string, unknown>);
      return (answers[name] ?? WELL[name])?.(payload as Record<string, unknown>, count);
    },
  });
  return { run, calls, payloads, waitedSeconds: (clock.now() - start) / 1000 };
}

const BEFORE_ERASURE = [
  'ResolveAccount',
  'DisableUser',
  'KickSessions',
  'WaitForSessions',
  'FenceAccount',
  'PlanErasure',
];
const ROUND = ['EraseRange', 'ClearCaches', 'EraseAccountRows', 'VerifyErasure'];

describe('the machine of delete-account', () => {
  test('U1: the steps come in their order, and verification waits for the settling time', async () => {
    const { run, calls, payloads, waitedSeconds } = await observe({});
    expect(run.status).toBe('SUCCEEDED');
    expect(calls).toEqual([...BEFORE_ERASURE, ...ROUND, 'CertifyErasure', 'ReleaseAddress']);
    expect(payloads[0]).toEqual({ input: { user: 'u@x.org' }, executionName: 'operation-1-1' });
    expect(payloads).toContainEqual({ operation, round: 1, rangeCount: 3, range: 2 });
    expect(waitedSeconds).toBe(960);
  });

  test.each([
    [{ outcome: 'dryRun', estimate: { messages: 3 } }, 'SUCCEEDED', undefined],
    [{ outcome: 'alreadyRunning', operationId: 'o', message: 'm' }, 'SUCCEEDED', undefined],
    [refusal, 'FAILED', 'AccountHeldError'],
  ])('O1, O2: %j ends before anything is touched', async (answer, status, error) => {
    const { run, calls } = await observe({ ResolveAccount: () => answer });
    expect(calls).toEqual(['ResolveAccount']);
    expect(run.status).toBe(status);
    expect(run.error).toBe(error);
    if (status === 'SUCCEEDED') expect(run.output).toEqual(answer);
  });

  test('steps that answer `again` are called again', async () => {
    const twice = (end: string) => (_: unknown, call: number) => ({
      outcome: call < 2 ? 'again' : end,
    });
    const { run, payloads, waitedSeconds } = await observe({
      WaitForSessions: (_, call) =>
        call < 2 ? { outcome: 'again', waitSeconds: 7, sessions: 1 } : { outcome: 'none' },
      FenceAccount: twice('fenced'),
      EraseRange: (_, call) => ({ outcome: call <= 3 ? 'again' : 'done' }),
      EraseAccountRows: twice('done'),
      VerifyErasure: twice('clean'),
    });
    expect(run.status).toBe('SUCCEEDED');
    // Eleven steps and three ranges once each; then 1 + 1 + 3 + 1 + 1 repeats.
    expect(payloads).toHaveLength(11 + 3 + 7);
    expect(waitedSeconds).toBe(7 + 960);
  });

  test('U1: without mail servers nobody waits for sessions', async () => {
    const { run, calls } = await observe({ KickSessions: () => ({ outcome: 'noServers' }) });
    expect(run.status).toBe('SUCCEEDED');
    expect(calls).not.toContain('WaitForSessions');
  });

  test('X3: what the account rows or the verification still find is planned and erased again', async () => {
    const { calls, waitedSeconds } = await observe({
      EraseAccountRows: (_, call) => ({ outcome: call === 1 ? 'nextRound' : 'done' }),
      VerifyErasure: (_, call) => ({ outcome: call === 1 ? 'nextRound' : 'clean' }),
    });
    const rowsLeft = ['EraseRange', 'ClearCaches', 'EraseAccountRows', 'PlanErasure'];
    const again = [...ROUND, 'PlanErasure', ...ROUND];
    expect(calls).toEqual([
      ...BEFORE_ERASURE,
      ...rowsLeft,
      ...again,
      'CertifyErasure',
      'ReleaseAddress',
    ]);
    expect(waitedSeconds).toBe(2 * 960);
  });

  test.each([
    'KickSessions',
    'WaitForSessions',
    'FenceAccount',
    'EraseAccountRows',
    'VerifyErasure',
  ])('W6: a refusal of %s is recorded and fails the execution by its name', async (step) => {
    const { run, calls, payloads } = await observe({ [step]: () => refusal });
    expect(calls.slice(-2)).toEqual([step, 'RecordFailure']);
    expect(payloads.at(-1)).toEqual({ operation, error: 'AccountHeldError', message: 'held' });
    expect(run).toMatchObject({ status: 'FAILED', error: 'AccountHeldError', cause: 'held' });
  });

  test.each(Object.keys(WELL).filter((name) => name !== 'RecordFailure'))(
    'U5: %s may fail four times in a row',
    async (step) => {
      const { run } = await observe({
        [step]: (payload, call) => {
          if (call <= 4) throw new StoreBusyError('busy');
          return WELL[step]?.(payload, 1);
        },
      });
      expect(run.status).toBe('SUCCEEDED');
    },
  );

  test.each(
    Object.keys(WELL).filter((name) => !['ResolveAccount', 'RecordFailure'].includes(name)),
  )('a fault of %s that lasts is recorded', async (step) => {
    const { run, calls, payloads } = await observe({
      [step]: () => {
        throw new StoreBusyError('busy');
      },
    });
    const error =
      step === 'EraseRange' ? 'States.ExceedToleratedFailureThreshold' : 'StoreBusyError';
    expect(calls.slice(-2)).toEqual([step, 'RecordFailure']);
    expect(payloads.at(-1)).toMatchObject({ operation, error });
    expect(run).toMatchObject({ status: 'FAILED', error });
  });

  test('history and payloads stay far below 25,000 events and 256 KiB', async () => {
    // 256 ranges, 3,000 invocations in each (25,000 events allow 3,570), five rounds.
    const ranges = [...Array(ERASURE_RANGES_MAX).keys()];
    const loops = new Map<unknown, number>();
    const { run } = await observe({
      PlanErasure: (_, call) => ({ ranges, rangeCount: 256, round: call, settleSeconds: 960 }),
      EraseRange: ({ range }) => {
        const count = (loops.get(range) ?? 0) + 1;
        loops.set(range, count);
        return { outcome: range === 0 && count < 3000 ? 'again' : 'done' };
      },
      VerifyErasure: (_, call) => ({ outcome: call < 5 ? 'nextRound' : 'clean' }),
    });
    expect(run.status).toBe('SUCCEEDED');
    expect(run.children).toHaveLength(5 * ERASURE_RANGES_MAX);
    expect(run.events).toBeLessThan(500);
    expect(Math.max(...run.children.map((child) => child.events))).toBeLessThan(22_000);
    expect(run.maxPayloadBytes).toBeLessThan(200 * 1024);
  });
});
