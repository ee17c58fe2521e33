import { parseTimestamp, ruleHolds } from './asl-choice.ts';
import {
  type FailState,
  type State,
  sdkActionOf,
  type TaskState,
  type WaitState,
} from './asl-definition.ts';
import { runtimeError, StatesError } from './asl-error.ts';
import {
  applyResultPath,
  isObject,
  type Json,
  type JsonObject,
  parsePath,
  requirePath,
  type Scope,
} from './asl-paths.ts';
import { errorOfException } from './asl-retry.ts';
import type { Execution } from './asl-run.ts';
import { evaluateExpression, fillTemplate, selectPath } from './asl-template.ts';
import { tokenOf } from './asl-tokens.ts';

/** One state entered. */
export interface Visit {
  readonly name: string;
  readonly execution: Execution;
  readonly input: Json;
  readonly enteredTime: string;
}

/** What a state leaves behind. */
export interface Step {
  readonly output: Json;
  /** Undefined at the end. */
  readonly next: string | undefined;
}

export function contextOf(visit: Visit, retryCount = 0): JsonObject {
  const { name, enteredTime, execution } = visit;
  return {
    ...execution.context,
    State: { Name: name, EnteredTime: enteredTime, RetryCount: retryCount },
  };
}

/** JSON as it leaves and enters a function: own copy, nothing undefined, dates as text. */
export function throughJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value) ?? 'null') as Json;
}

/** What the service adds to a function's answer; a machine without ResultSelector carries it on. */
function lambdaResult(payload: Json): JsonObject {
  const headers = {
    Connection: 'keep-alive',
    'Content-Length': String(Buffer.byteLength(JSON.stringify(payload))),
    'Content-Type': 'application/json',
    'X-Amz-Executed-Version': '$LATEST',
  };
  return {
    ExecutedVersion: '$LATEST',
    Payload: payload,
    SdkHttpMetadata: { HttpHeaders: headers, HttpStatusCode: 200 },
    SdkResponseMetadata: { RequestId: '00000000-0000-0000-0000-000000000000' },
    StatusCode: 200,
  };
}

/** Whom a task calls, with what, and what the service makes of the answer. */
interface Call {
  readonly target: string;
  readonly parameters: Json;
  readonly payload: Json;
  readonly resultOf: (answer: Json) => Json;
}

function callOf({ Resource, Parameters }: TaskState, scope: Scope): Call {
  const action = sdkActionOf(Resource);
  const { FunctionName = '', ...template } = Parameters;
  if (action !== undefined) {
    const parameters = fillTemplate(Parameters, scope);
    return { target: action, parameters, payload: parameters, resultOf: (answer) => answer };
  }
  const filled = fillTemplate(template, scope);
  const payload = isObject(filled) ? (filled['Payload'] ?? null) : null;
  const parameters = { FunctionName, Payload: payload };
  const target = tokenOf(String(FunctionName));
  return { target, parameters, payload, resultOf: lambdaResult };
}

/** One call. @throws StatesError for what went wrong in or around it */
export async function attemptTask(
  state: TaskState,
  visit: Visit,
  retryCount: number,
): Promise<Json> {
  const { run, history, abort } = visit.execution;
  const context = contextOf(visit, retryCount);
  const data = selectPath(state.InputPath, visit.input, context, 'InputPath');
  const call = callOf(state, { data, context });
  run.measured(call.parameters, `the input of "${visit.name}"`);
  history.add('taskAttempt');
  let answer: unknown;
  try {
    answer = await run.invoke(call.target, throughJson(call.payload));
  } catch (thrown) {
    abort.check();
    throw errorOfException(thrown);
  }
  const result = run.measured(call.resultOf(throughJson(answer)), `the result of "${visit.name}"`);
  return finish(state, visit, result, context);
}

/** ResultSelector, ResultPath and OutputPath, in this order. */
export function finish(
  state: Pick<TaskState, 'ResultSelector' | 'ResultPath' | 'OutputPath'>,
  visit: Visit,
  result: Json,
  context: JsonObject,
): Json {
  const selected = state.ResultSelector
    ? fillTemplate(state.ResultSelector, { data: result, context })
    : result;
  const combined = applyResultPath(state.ResultPath, visit.input, selected);
  const output = selectPath(state.OutputPath, combined, context, 'OutputPath');
  return visit.execution.run.measured(output, `the output of "${visit.name}"`);
}

/** Milliseconds since the epoch until which a Wait state waits. */
function waitUntil(state: WaitState, scope: Scope, now: number): number {
  if (state.Timestamp !== undefined || state.TimestampPath !== undefined) {
    const value =
      state.Timestamp ??
      requirePath(parsePath(String(state.TimestampPath)), scope, 'TimestampPath');
    const time = parseTimestamp(value);
    if (time === undefined) throw runtimeError(`${JSON.stringify(value)} is not a timestamp`);
    return time;
  }
  const seconds =
    state.Seconds ?? requirePath(parsePath(String(state.SecondsPath)), scope, 'SecondsPath');
  if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < 0) {
    throw runtimeError(`${JSON.stringify(seconds)} is not a whole number of seconds to wait`);
  }
  return now + seconds * 1000;
}

function failureText(state: FailState, field: 'Error' | 'Cause', scope: Scope): string {
  const path = state[`${field}Path`];
  if (path === undefined) return state[field] ?? '';
  const value = evaluateExpression(path, scope, `${field}Path`);
  if (typeof value !== 'string') throw runtimeError(`${field}Path leads to no string`);
  return value;
}

/** The states that neither call anything nor can be retried. */
export async function runPlainState(
  state: Exclude<State, Extract<State, { Type: 'Task' | 'Map' }>>,
  visit: Visit,
): Promise<Step> {
  const { run } = visit.execution;
  const context = contextOf(visit);
  if (state.Type === 'Fail') {
    const scope = { data: visit.input, context };
    throw new StatesError(failureText(state, 'Error', scope), failureText(state, 'Cause', scope));
  }
  const data = selectPath(state.InputPath, visit.input, context, 'InputPath');
  const scope = { data, context };
  if (state.Type === 'Pass') {
    const filled = state.Parameters ? fillTemplate(state.Parameters, scope) : data;
    const { ResultPath, OutputPath } = state;
    const result = state.Result === undefined ? filled : (state.Result as Json);
    const plain = { ResultSelector: undefined, ResultPath, OutputPath };
    return { output: finish(plain, visit, result, context), next: state.Next };
  }
  const output = selectPath(state.OutputPath, data, context, 'OutputPath');
  if (state.Type === 'Succeed') return { output, next: undefined };
  if (state.Type === 'Wait') {
    await run.sleepUntil(waitUntil(state, scope, run.now()));
    return { output, next: state.Next };
  }
  const chosen = state.Choices.find((rule) => ruleHolds(rule, scope));
  const next = chosen ? String(chosen['Next']) : state.Default;
  if (next === undefined) {
    throw runtimeError(`no rule of "${visit.name}" holds, and it has no Default`);
  }
  return { output, next };
}
