import type { MapState, StateGraph } from './asl-definition.ts';
import { runtimeError, StatesError } from './asl-error.ts';
import { ExecutionHistory } from './asl-history.ts';
import {
  isArray,
  isObject,
  type Json,
  parseReferencePath,
  requirePath,
  type Scope,
} from './asl-paths.ts';
import { AbortFlag, type ChildReport, type Execution, type Run } from './asl-run.ts';
import { fillTemplate } from './asl-template.ts';

/** What the service runs at once when the machine does not say (MaxConcurrency 0). */
const INLINE_CONCURRENCY = 40;
const DISTRIBUTED_CONCURRENCY = 10_000;

type RunGraph = (graph: StateGraph, execution: Execution, input: Json) => Promise<Json>;

export interface MapRequest {
  readonly state: MapState;
  readonly stateName: string;
  /** Which attempt of the state this is; tells the children of two attempts apart. */
  readonly attempt: number;
  readonly execution: Execution;
  readonly scope: Scope;
  readonly runGraph: RunGraph;
}

interface Item {
  readonly index: number;
  readonly value: Json;
  readonly input: Json;
}

function selectItems({ state, scope, execution, stateName }: MapRequest): Item[] {
  const path = parseReferencePath(state.ItemsPath ?? '$');
  const values = requirePath(path, scope, 'ItemsPath');
  if (!isArray(values)) throw runtimeError(`ItemsPath '${path.text}' of a Map is not an array`);
  return values.map((value, index) => {
    const context = { ...scope.context, Map: { Item: { Index: index, Value: value } } };
    const input = state.ItemSelector
      ? fillTemplate(state.ItemSelector, { data: scope.data, context })
      : value;
    return { index, value, input: execution.run.measured(input, `an item of "${stateName}"`) };
  });
}

/**
 * Runs the items, so many at once. The first rejection is thrown at once, no further item is
 * begun, and those that run are left behind: the service does not wait for a function
 * that is in flight either, so it can still write while the parent goes on.
 */
async function runItems(
  items: readonly Item[],
  concurrency: number,
  run: Run,
  abort: AbortFlag,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  // After a failure every other worker is stopped by the abort flag before it takes an item.
  const worker = async () => {
    for (const item of queue) {
      try {
        await work(item);
      } catch (error) {
        abort.raised = true;
        throw error;
      }
    }
  };
  const workers = Array.from({ length: Math.min(concurrency, items.length) }, worker);
  try {
    await Promise.all(workers);
  } catch (error) {
    run.leaveBehind(workers);
    throw error;
  }
}

/** Iterations run inside the parent: its history, its limit, the failing item's own error. */
async function runInline(request: MapRequest): Promise<Json> {
  const { state, execution, runGraph } = request;
  const { run, history } = execution;
  const items = selectItems(request);
  const abort = new AbortFlag(execution.abort);
  const results: Json[] = items.map(() => null);
  history.add('mapStarted');
  await runItems(items, state.MaxConcurrency || INLINE_CONCURRENCY, run, abort, async (item) => {
    history.add('mapIteration');
    const map = { Item: { Index: item.index, Value: item.value } };
    const iteration = { ...execution, abort, context: { ...execution.context, Map: map } };
    results[item.index] = await runGraph(state.ItemProcessor, iteration, item.input);
  });
  return results;
}

function childStatus(error: unknown): ChildReport['status'] {
  return error instanceof StatesError && error.terminal ? 'ABORTED' : 'FAILED';
}

/** One child: an execution of its own, which knows its own name and input only. */
async function runChild(request: MapRequest, item: Item, abort: AbortFlag): Promise<Json> {
  const { state, stateName, attempt, execution, runGraph } = request;
  const { run, context } = execution;
  const history = new ExecutionHistory();
  const parent = isObject(context['Execution']) ? context['Execution'] : {};
  const name = `${parent['Name']}/${state.Label ?? stateName}/${attempt}/${item.index}`;
  const child = {
    Execution: {
      Id: `${parent['Id']}/${state.Label ?? stateName}/${attempt}/${item.index}`,
      Input: item.input,
      Name: name,
      StartTime: run.isoNow(),
    },
    StateMachine: context['StateMachine'] ?? null,
  };
  let status: ChildReport['status'] = 'SUCCEEDED';
  history.add('executionStarted');
  try {
    return await runGraph(state.ItemProcessor, { run, history, abort, context: child }, item.input);
  } catch (error) {
    status = childStatus(error);
    throw error;
  } finally {
    history.add('executionEnded');
    run.children.push({ name, status, events: history.events, transitions: history.transitions });
  }
}

function exceedsTolerance(state: MapState, failed: number, total: number): boolean {
  const { ToleratedFailureCount: count, ToleratedFailurePercentage: percentage } = state;
  if (count === undefined && percentage === undefined) return failed > 0;
  return (
    (count !== undefined && failed > count) ||
    (percentage !== undefined && failed * 100 > percentage * total)
  );
}

/** Children run as executions; more failures than tolerated fail the map with its own error. */
async function runDistributed(request: MapRequest): Promise<Json> {
  const { state, execution } = request;
  const { run, history } = execution;
  const items = selectItems(request);
  const abort = new AbortFlag(execution.abort);
  const results: Json[] = items.map(() => null);
  let failed = 0;
  history.add('mapStarted');
  history.add('mapRun');
  await runItems(
    items,
    state.MaxConcurrency || DISTRIBUTED_CONCURRENCY,
    run,
    abort,
    async (item) => {
      try {
        results[item.index] = await runChild(request, item, abort);
      } catch (error) {
        // The parent's own end (its timeout, its abortion) and bugs are no failure of one child.
        if (!(error instanceof StatesError) || error.terminal) throw error;
        failed += 1;
        if (!exceedsTolerance(state, failed, items.length)) return;
        throw new StatesError(
          'States.ExceedToleratedFailureThreshold',
          'The specified tolerated failure threshold was exceeded',
        );
      }
    },
  );
  return results;
}

/**
 * One attempt of a Map state; its result in the order of the items.
 * @throws StatesError of an iteration (inline), or States.ExceedToleratedFailureThreshold
 */
export async function runMap(request: MapRequest): Promise<Json> {
  const distributed = request.state.ItemProcessor.ProcessorConfig?.Mode === 'DISTRIBUTED';
  const result = await (distributed ? runDistributed(request) : runInline(request));
  request.execution.history.add('mapEnded');
  return result;
}
