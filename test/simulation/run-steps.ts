/** Runs a machine over the core of its steps: each may crash, or be delivered twice. */
import type { Ports } from '../../functions/core/ports/ports.ts';
import { CrashError, Crashes, type CrashPoint } from '../models/faulty.ts';
import { loadMachine, type MachineRun, runMachine } from './asl-interpreter.ts';
import type { World } from './world.ts';

/** What a handler does. */
export type StepOf = (ports: Ports, payload: never, until: number) => unknown;

export interface StepsOptions {
  /** At which mutating call of the whole run, from 1, and where. */
  readonly crash?: { readonly call: number; readonly point: CrashPoint };
  readonly twice?: 'inTurn' | 'atOnce';
  readonly execution?: string;
  /** Virtual time of one invocation; what paging steps get. */
  readonly invocationMs?: number;
  /** Called before each invocation, with its number from 1. */
  readonly onStep?: (token: string, call: number) => Promise<void>;
}

export interface StepsRun extends MachineRun {
  /** Calls that changed something. */
  readonly changes: number;
  readonly crashed: boolean;
}

const INVOCATION_MS = 255_000;
const TRANSITIONS_MAX = 2000;

export async function runSteps(
  world: World,
  machine: { readonly file: string; readonly numbers: Readonly<Record<string, number>> },
  steps: Readonly<Record<string, StepOf>>,
  input: object,
  options: StepsOptions = {},
): Promise<StepsRun> {
  const { crash, twice, invocationMs = INVOCATION_MS } = options;
  let changes = 0;
  let crashed = false;
  let calls = 0;
  const once = async (token: string, payload: unknown, ports: Ports) => {
    const step = steps[token];
    if (step === undefined) throw new Error(`no step has the token ${token}`);
    return await step(ports, payload as never, world.clock.now() + invocationMs);
  };
  const invoke = async (token: string, payload: unknown): Promise<unknown> => {
    calls += 1;
    await options.onStep?.(token, calls);
    if (twice === 'inTurn') await once(token, payload, world.ports);
    if (twice === 'atOnce') {
      const [first, second] = await Promise.allSettled(
        [1, 2].map(() => once(token, payload, world.ports)),
      );
      if (first?.status === 'fulfilled') return first.value;
      if (second?.status === 'fulfilled') return second.value;
      throw (first as PromiseRejectedResult).reason;
    }
    const left = (crash?.call ?? Number.POSITIVE_INFINITY) - changes;
    const process = new Crashes(
      crash === undefined || left < 1 ? undefined : { call: left, point: crash.point },
    );
    try {
      const answer = await once(token, payload, process.wrapAll({ ...world.ports }));
      // A step that survives the failure of a part has died all the same.
      if (process.crashed) throw new CrashError('the process died');
      return answer;
    } finally {
      changes += process.calls;
      crashed ||= process.crashed;
    }
  };
  const run = await runMachine({
    definition: loadMachine(machine.file, machine.numbers),
    input,
    clock: world.clock,
    executionName: options.execution ?? 'by-hand',
    maxTransitions: TRANSITIONS_MAX,
    invoke,
  });
  return { ...run, changes, crashed };
}
