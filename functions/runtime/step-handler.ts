/** What the handlers of a machine's steps share: checking the payload, time, logs. */
import type { Context } from 'aws-lambda';
import { millisecondsSinceStart } from '../adapters/system-clock.ts';
import { STEP_LOG } from '../contract/metrics.ts';
import type { OperationContext } from '../contract/payloads.ts';
import { meteredStep } from '../core/operations/metered-step.ts';
import { entryPoint } from './entry-point.ts';
import { logFault, logInfo } from './logger.ts';
import { peakMemoryMb } from './peak-memory.ts';
import { plainFault } from './plain-faults.ts';
import { once, usageMeter, wireClock, wireRows } from './wiring.ts';

/**
 * A paging step stops this long before its timeout: longer than one page takes with all retries
 * of the client (a page of 1,000 keys some 2 s, a stalled one 32 s).
 */
const RESERVE_MS = 45_000;

export interface Invocation {
  /** Epoch milliseconds after which a paging step should answer `again`. */
  readonly until: number;
}

/** From the start of the process until the handler was loaded; Lambda allows 10 s. */
const INIT_MS = Math.min(millisecondsSinceStart(), 10_000);

const clock = wireClock();
const rows = once(wireRows);
/** The bill's way to the registry; looked for when something is written, so that it fails no step. */
const meterPorts = {
  clock,
  get rows() {
    return rows();
  },
};
let warm = false;

/**
 * Wraps a step: logs how it ended, writes down what it was billed for, passes its answer or its
 * bare fault on.
 * @param step name of the handler
 * @param parse checks the payload; its messages name members, and quote nothing
 */
export function stepHandler<P, A>(
  step: string,
  parse: (event: unknown) => P,
  run: (payload: P, invocation: Invocation) => Promise<A>,
): (event: unknown, context: Context) => Promise<A> {
  const fieldsOf = (event: unknown) => ({ step, ...operationOf(event) });
  const report = (fault: unknown, event: unknown) =>
    logFault('step failed', fault, fieldsOf(event));
  return entryPoint(async (event: unknown, context: Context): Promise<A> => {
    const operation = operationOf(event);
    const fields = fieldsOf(event);
    const invocation = {
      step,
      id: context.awsRequestId,
      memoryMb: Number(context.memoryLimitInMB),
      initMs: warm ? 0 : INIT_MS,
      operation,
      peakMemoryMb,
      onLost: (fault: unknown) => logFault('bill not written', fault, fields),
    };
    warm = true;
    const until = clock.now() + context.getRemainingTimeInMillis() - RESERVE_MS;
    const payload = parsed(parse, event);
    const perform = () => run(payload, { until });
    const answer = await meteredStep(meterPorts, usageMeter, invocation, perform);
    const outcome = outcomeOf(answer);
    logInfo(STEP_LOG.message, { ...fields, outcome, peakMemoryMb: peakMemoryMb() });
    return answer;
  }, report);
}

function parsed<P>(parse: (event: unknown) => P, event: unknown): P {
  try {
    return parse(event);
  } catch (fault) {
    throw fault instanceof TypeError ? plainFault(fault) : fault;
  }
}

/** What a value is, without saying it. */
const kindOf = (value: unknown): string => (Array.isArray(value) ? 'a list' : typeof value);

function outcomeOf(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null || !('outcome' in answer)) return undefined;
  return String(answer.outcome);
}

function operationOf(event: unknown): OperationContext | undefined {
  const { operationId, attempt, accountId } = members(members(event)['operation']);
  return typeof operationId === 'string' &&
    typeof attempt === 'number' &&
    typeof accountId === 'string'
    ? { operationId, attempt, accountId }
    : undefined;
}

/** The members of an object; none of anything else. */
export function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** Payload of a step that needs the operation and some numbers. @throws TypeError naming a field */
export function parseStep<const N extends string>(...numbers: readonly N[]) {
  return (event: unknown): { operation: OperationContext } & Readonly<Record<N, number>> => {
    const given = members(event);
    const operation = operationOf(event);
    if (operation === undefined) {
      throw new TypeError('operation: allowed is {operationId, attempt, accountId}');
    }
    const parsed = numbers.map((name) => {
      const value = given[name];
      if (Number.isSafeInteger(value)) return [name, value];
      throw new TypeError(`${name}: got ${kindOf(value)}, allowed is a whole number`);
    });
    return { operation, ...(Object.fromEntries(parsed) as Record<N, number>) };
  };
}

/** Payload of a step that also needs texts. @throws TypeError naming a field */
export function parseTexts<const N extends string>(
  event: unknown,
  names: readonly N[],
): Readonly<Record<N, string>> {
  const given = members(event);
  const parsed = names.map((name) => {
    const value = given[name];
    if (typeof value === 'string') return [name, value];
    throw new TypeError(`${name}: got ${kindOf(value)}, allowed is text`);
  });
  return Object.fromEntries(parsed) as Record<N, string>;
}

/**
 * What a resolving step gets: the members that the machine gives, and the input of its execution,
 * which the step itself checks.
 * @throws TypeError naming the member
 */
export const parseStart =
  <const N extends string>(...names: readonly N[]) =>
  (event: unknown) => ({ ...parseTexts(event, names), input: members(event)['input'] });
