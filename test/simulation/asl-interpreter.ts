import type { Clock } from '../../functions/core/ports/clock.ts';
import type { MachineDefinition, State, StateGraph, StateKind } from './asl-definition.ts';
import { StatesError } from './asl-error.ts';
import { ExecutionHistory } from './asl-history.ts';
import { runMap } from './asl-map.ts';
import { applyResultPath, type Json } from './asl-paths.ts';
import { errorOutput, findCatcher, RetryBudget } from './asl-retry.ts';
import {
  AbortFlag,
  type ChildReport,
  checkMayGoOn,
  type Execution,
  type Invoke,
  Run,
} from './asl-run.ts';
import {
  attemptTask,
  contextOf,
  finish,
  runPlainState,
  type Step,
  throughJson,
  type Visit,
} from './asl-states.ts';
import { selectPath } from './asl-template.ts';

export { checkMachine, loadMachine } from './asl-definition.ts';

type Retryable = Extract<State, { Type: 'Task' | 'Map' }>;

/** Attempts a Task or Map until it succeeds, its retries are used up or a Catch takes over. */
async function withRetryAndCatch(
  state: Retryable,
  visit: Visit,
  attempt: (retryCount: number) => Promise<Json>,
): Promise<Step> {
  const { run, history } = visit.execution;
  const budget = new RetryBudget(state.Retry);
  // Bounded by the retriers' MaxAttempts.
  for (let retryCount = 0; ; retryCount += 1) {
    try {
      return { output: await attempt(retryCount), next: state.Next };
    } catch (error) {
      if (!(error instanceof StatesError)) throw error;
      const delaySeconds = budget.next(error);
      if (delaySeconds === undefined) {
        if (state.Type === 'Map') history.add('mapEnded');
        const catcher = findCatcher(state.Catch, error);
        if (!catcher) throw error;
        const output = applyResultPath(catcher.ResultPath, visit.input, errorOutput(error));
        return { output, next: catcher.Next };
      }
      run.countTransition(visit.name);
      history.countRetry();
      await run.sleepUntil(run.now() + delaySeconds * 1000);
      checkMayGoOn(visit.execution);
    }
  }
}

function runMapState(state: Extract<State, { Type: 'Map' }>, visit: Visit): Promise<Step> {
  return withRetryAndCatch(state, visit, async (retryCount) => {
    const context = contextOf(visit, retryCount);
    const data = selectPath(state.InputPath, visit.input, context, 'InputPath');
    const result = await runMap({
      state,
      stateName: visit.name,
      attempt: retryCount,
      execution: visit.execution,
      scope: { data, context },
      runGraph,
    });
    return finish(state, visit, result, context);
  });
}

function runState(state: State, visit: Visit): Promise<Step> {
  if (state.Type === 'Map') return runMapState(state, visit);
  if (state.Type !== 'Task') return runPlainState(state, visit);
  return withRetryAndCatch(state, visit, (retryCount) => attemptTask(state, visit, retryCount));
}

/** Runs states from StartAt to an end. @throws StatesError with which the execution fails */
async function runGraph(graph: StateGraph, execution: Execution, input: Json): Promise<Json> {
  const { run, history } = execution;
  let name: string | undefined = graph.StartAt;
  let data = run.measured(input, 'the input');
  while (name !== undefined) {
    checkMayGoOn(execution);
    const state = graph.States[name];
    // checkMachine has seen that every Next exists.
    if (!state) throw new Error(`no state "${name}"`);
    run.countTransition(name);
    history.add('stateEntered');
    run.announce(name, state.Type);
    const visit: Visit = { name, execution, input: data, enteredTime: run.isoNow() };
    const step = await runState(state, visit);
    execution.abort.check();
    history.add('stateExited');
    data = run.measured(step.output, `the output of "${name}"`);
    name = step.next;
  }
  return data;
}

export interface RunMachineOptions {
  readonly definition: MachineDefinition;
  readonly input: unknown;
  readonly invoke: Invoke;
  readonly clock: Clock;
  readonly executionName: string;
  readonly executionArn?: string;
  /** Bound of states entered and retries, children included; beyond it the promise rejects. */
  readonly maxTransitions: number;
  /** Called when a state is entered. What it throws ends the run: a crash between two states. */
  readonly onState?: (name: string, kind: StateKind) => void;
}

export interface MachineRun {
  readonly status: 'SUCCEEDED' | 'FAILED';
  readonly output?: Json;
  readonly error?: string;
  readonly cause?: string;
  /** Events in the history of the execution itself, without those of its children. */
  readonly events: number;
  readonly transitions: number;
  readonly children: readonly ChildReport[];
  /** The largest input, parameter, result or output of any state, as JSON in UTF-8. */
  readonly maxPayloadBytes: number;
}

const ACCOUNT = 'arn:aws:states:us-east-1:123456789012';

/**
 * Runs a checked machine as a Standard execution, in this process and on the given clock.
 * @throws TransitionLimitError and whatever `onState` throws: neither is a failure of the machine
 */
export async function runMachine(options: RunMachineOptions): Promise<MachineRun> {
  const { definition, clock, invoke, maxTransitions, onState, executionName } = options;
  const { TimeoutSeconds: timeoutSeconds } = definition;
  const run = new Run({ invoke, clock, maxTransitions, onState, timeoutSeconds });
  const history = new ExecutionHistory();
  const input = throughJson(options.input);
  const context = {
    Execution: {
      Id: options.executionArn ?? `${ACCOUNT}:execution:machine:${executionName}`,
      Input: input,
      Name: executionName,
      StartTime: run.isoNow(),
    },
    StateMachine: { Id: `${ACCOUNT}:stateMachine:machine`, Name: 'machine' },
  };
  const report = () => ({
    events: history.events,
    transitions: history.transitions,
    children: run.children,
    maxPayloadBytes: run.maxPayloadBytes,
  });
  history.add('executionStarted');
  try {
    const execution = { run, history, abort: new AbortFlag(), context };
    const output = await runGraph(definition, execution, input);
    history.add('executionEnded');
    return { status: 'SUCCEEDED', output, ...report() };
  } catch (error) {
    if (!(error instanceof StatesError)) throw error;
    history.add('executionEnded');
    return { status: 'FAILED', error: error.error, cause: error.reason, ...report() };
  } finally {
    await run.settleStragglers();
  }
}
