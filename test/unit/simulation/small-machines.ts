import { VirtualClock } from '../../models/virtual-clock.ts';
import { checkMachine, type MachineRun, runMachine } from '../../simulation/asl-interpreter.ts';

type Handler = (payload: never) => unknown;

/** A Task state that calls the function of this token with the state's input. */
export function task(token: string, fields: object = {}): object {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Parameters: { FunctionName: `\${${token}}`, 'Payload.$': '$' },
    ...fields,
  };
}

export const pass = (fields: object = {}) => ({ Type: 'Pass', End: true, ...fields });
export const fail = (error: string) => ({ Type: 'Fail', Error: error, Cause: `${error} it is` });

/** A machine whose first state is the first one given. */
export function machine(states: Record<string, object>, fields: object = {}): object {
  return { StartAt: Object.keys(states)[0], States: states, ...fields };
}

const DISTRIBUTED = { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' };

/** A Map over `$.items` whose states are given; children are executions when `distributed`. */
export function map(
  states: Record<string, object>,
  fields: object = {},
  distributed = false,
): object {
  const config = distributed ? { ProcessorConfig: DISTRIBUTED } : {};
  return {
    Type: 'Map',
    ItemsPath: '$.items',
    ItemProcessor: { ...machine(states), ...config },
    End: true,
    ...fields,
  };
}

interface Trial {
  readonly handlers?: Record<string, Handler>;
  readonly clock?: VirtualClock;
  readonly maxTransitions?: number;
  readonly onState?: (name: string, kind: string) => void;
}

/** Runs a machine on functions in memory, by token. */
export function trial(definition: object, input: unknown, given: Trial = {}): Promise<MachineRun> {
  const { handlers = {}, clock = new VirtualClock(), maxTransitions = 1000, onState } = given;
  return runMachine({
    definition: checkMachine(definition),
    input,
    clock,
    maxTransitions,
    executionName: 'operation-1',
    ...(onState ? { onState } : {}),
    invoke: async (token, payload) => {
      const handler = handlers[token];
      if (!handler) throw new Error(`the machine calls ${token}, which the test does not have`);
      return handler(payload as never);
    },
  });
}

export class StoreBusyError extends Error {
  override readonly name = 'StoreBusyError';
}

/** A handler that throws on its first calls and answers afterwards. */
export function failingFirst(times: number, answer: unknown): Handler {
  let calls = 0;
  return () => {
    calls += 1;
    if (calls <= times) throw new StoreBusyError(`call ${calls}`);
    return answer;
  };
}
