/**
 * The bill of an operation: one row for each invocation of one of its steps, under the operation.
 * Rows instead of one sum, because a row of its own needs no read, no guard and no transaction,
 * and written twice it still counts once. What an invocation used that was killed before it could
 * write is missing.
 */
import type { OperationContext } from '../../contract/payloads.ts';
import { ROW_VERSION, registryKeys, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import type { Meter } from '../meter/meter.ts';
import { MB_PER_GB } from '../meter/prices.ts';
import { FAILED_TRANSITIONS, transitionsOf } from '../meter/transitions.ts';
import { sumUsage, type Usage, usageOf } from '../meter/usage.ts';
import type { Ports } from '../ports/ports.ts';
import type { RowStore } from '../ports/row-store.ts';
import { numbers } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';
import { retentionEnd } from './operations.ts';

const PAGE_ROWS = 300;
/** The row that says all this is written too: below 1 KB, one unit. */
const OWN_WRITE: Usage = { dynamodbWriteUnits: 1 };

export interface MeteredInvocation {
  /** Name of the handler, for instance `erase-range`. */
  readonly step: string;
  /** Unique for each invocation, also of one that is retried. */
  readonly id: string;
  readonly memoryMb: number;
  /** What starting the sandbox took, when this invocation started it: billed like the rest. */
  readonly initMs: number;
  /** Known from the payload; the first step learns it by its own answer. */
  readonly operation: OperationContext | undefined;
  /** Resident memory of the process at its highest so far; missing where nothing measures it. */
  readonly peakMemoryMb?: () => number;
  /** Takes the fault when the bill could not be written: never a reason for the step to fail. */
  readonly onLost: (fault: unknown) => void;
}

type MeterPorts = Pick<Ports, 'rows' | 'clock'>;

/** Runs a step and writes down what it used, whether it answers or fails. */
export async function meteredStep<A>(
  ports: MeterPorts,
  meter: Meter,
  invocation: MeteredInvocation,
  run: () => Promise<A>,
): Promise<A> {
  meter.take();
  const startedAt = ports.clock.now();
  let operation = invocation.operation;
  let transitions = FAILED_TRANSITIONS;
  try {
    const answer = await run();
    const { outcome, operation: opened } = answerMembers(answer);
    operation ??= opened as OperationContext | undefined;
    transitions = transitionsOf(invocation.step, outcome as string | undefined);
    return answer;
  } finally {
    const usage = sumUsage([
      meter.take(),
      lambdaUsage(invocation, ports.clock.now() - startedAt),
      { stateTransitions: transitions },
    ]);
    if (operation !== undefined) {
      await record(ports, operation.operationId, invocation, usage).catch(invocation.onLost);
    }
  }
}

function answerMembers(answer: unknown): Readonly<Record<string, unknown>> {
  return typeof answer === 'object' && answer !== null ? { ...answer } : {};
}

/** Lambda bills whole milliseconds. */
function lambdaUsage({ memoryMb, initMs }: MeteredInvocation, durationMs: number): Usage {
  const seconds = Math.ceil(initMs + durationMs) / 1000;
  return { lambdaRequests: 1, lambdaGigabyteSeconds: seconds * (memoryMb / MB_PER_GB) };
}

async function record(
  { rows, clock }: MeterPorts,
  operationId: string,
  { step, id, peakMemoryMb }: MeteredInvocation,
  usage: Usage,
): Promise<void> {
  await rows.write({
    kind: 'put',
    key: registryKeys.meter(operationId, `${step}#${id}`),
    attributes: {
      v: ROW_VERSION,
      type: 'meter',
      step,
      usage: { ...sumUsage([usage, OWN_WRITE]) },
      ...(peakMemoryMb === undefined ? {} : { peakMemoryMb: peakMemoryMb() }),
      [TTL_ATTRIBUTE]: retentionEnd(clock.now()),
    },
  });
}

/** Everything that the invocations of an operation have used so far. */
export async function billedUsage(rows: RowStore, operationId: string): Promise<Usage> {
  const { pk, sk } = registryKeys.meter(operationId, '');
  const all: Usage[] = [];
  const query = { table: 'registry', pk, sk: { prefix: sk }, limit: PAGE_ROWS } as const;
  for await (const row of everyRow(rows, query)) all.push(usageOf(numbers(row, 'usage')));
  return sumUsage(all);
}
