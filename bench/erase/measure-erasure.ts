/** One deletion from its execution to its bill. */
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Counts, EstimateAnswer } from '../../functions/contract/api.ts';
import { registryKeys } from '../../functions/contract/row-layout.ts';
import { dollarsOf, shownUsage } from '../../functions/core/meter/usage.ts';
import { billedUsage } from '../../functions/core/operations/metered-step.ts';
import { erasedCounts } from '../../functions/core/operations/progress.ts';
import { number, text } from '../../functions/core/rows/attributes.ts';
import { everyRow } from '../../functions/core/rows/paging.ts';
import { machineNow } from '../../local/machine-clock.ts';
import type { BenchStores } from './stores.ts';

const POLL_MS = 250;
/** A million messages at 500 a second, twice over. */
const EXECUTION_MS_MAX = 4_000_000;
const LISTED_EVENTS = 1000;

export interface Erasure {
  readonly messages: number;
  /** Versions and delete markers. */
  readonly objects: number;
  readonly rows: number;
  readonly seconds: {
    readonly whole: number;
    /** The step that removes objects and message rows, both. */
    readonly eraseRanges: number;
  };
  readonly objectsPerSecond: number;
  readonly rowsPerSecond: number;
  readonly keysPerDeleteObjects: number;
  readonly billed: Counts;
  readonly dollars: number;
  /** The same without the duration of functions, which is this machine's and not Lambda's. */
  readonly dollarsWithoutDuration: number;
  readonly estimatedDollars: number;
  /** Handler to the highest resident memory of any of its processes so far. */
  readonly peakMemoryMb: Readonly<Record<string, number>>;
}

export async function measureErasure(
  stores: BenchStores,
  machineArn: string,
  user: string,
  messages: number,
): Promise<Erasure> {
  const { estimate } = await execute(stores, machineArn, { user, dryRun: true });
  const started = machineNow();
  const run = await execute(stores, machineArn, { user });
  const whole = (machineNow() - started) / 1000;
  const operationId = run.operation?.operationId ?? '';
  const { rows } = stores.ports;
  const usage = await billedUsage(rows, operationId);
  const erased = await erasedCounts(rows, operationId);
  const eraseRanges = await secondsIn(stores, run.executionArn, 'Erase ranges');
  const objects = (erased['objectVersions'] ?? 0) + (erased['deleteMarkers'] ?? 0);
  const rowCount = Object.entries(erased)
    .filter(([name]) => name.endsWith('Rows'))
    .reduce((sum, [, count]) => sum + count, 0);
  return {
    messages,
    objects,
    rows: rowCount,
    seconds: { whole, eraseRanges },
    objectsPerSecond: objects / eraseRanges,
    rowsPerSecond: rowCount / eraseRanges,
    keysPerDeleteObjects: objects / (usage.s3DeleteObjectsRequests ?? 0),
    billed: shownUsage(usage),
    dollars: dollarsOf(usage),
    dollarsWithoutDuration: dollarsOf({ ...usage, lambdaGigabyteSeconds: 0 }),
    estimatedDollars: estimate?.estimatedCostDollars ?? Number.NaN,
    peakMemoryMb: await peakMemory(stores, operationId),
  };
}

interface Outcome {
  readonly executionArn: string;
  readonly operation?: { readonly operationId: string };
  readonly estimate?: EstimateAnswer;
}

/** Runs an execution to its end. @throws Error naming error and cause of one that failed */
async function execute({ sfn }: BenchStores, machineArn: string, input: object): Promise<Outcome> {
  const { executionArn = '' } = await sfn.send(
    new StartExecutionCommand({ stateMachineArn: machineArn, input: JSON.stringify(input) }),
  );
  const end = machineNow() + EXECUTION_MS_MAX;
  while (machineNow() < end) {
    const { status, output, error, cause } = await sfn.send(
      new DescribeExecutionCommand({ executionArn }),
    );
    if (status === 'SUCCEEDED') return { executionArn, ...JSON.parse(output ?? '{}') };
    if (status !== 'RUNNING') throw new Error(`the deletion ${status}: ${error}: ${cause}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new Error(`the deletion has not ended after ${EXECUTION_MS_MAX / 1000} s`);
}

/** From the time a state was entered first until it was left last. */
async function secondsIn({ sfn }: BenchStores, executionArn: string, state: string) {
  const events: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.send(
      new GetExecutionHistoryCommand({
        executionArn,
        maxResults: LISTED_EVENTS,
        ...(nextToken === undefined ? {} : { nextToken }),
      }),
    );
    events.push(...(page.events ?? []));
    ({ nextToken } = page);
  } while (nextToken !== undefined);
  const times = events
    .filter(
      ({ stateEnteredEventDetails: entered, stateExitedEventDetails: exited }) =>
        (entered ?? exited)?.name === state,
    )
    .map(({ timestamp }) => timestamp?.getTime() ?? Number.NaN);
  if (times.length < 2) throw new Error(`the history does not show state "${state}"`);
  return (Math.max(...times) - Math.min(...times)) / 1000;
}

async function peakMemory(
  { ports }: BenchStores,
  operationId: string,
): Promise<Readonly<Record<string, number>>> {
  const { pk, sk } = registryKeys.meter(operationId, '');
  const peaks: Record<string, number> = {};
  const query = { table: 'registry', pk, sk: { prefix: sk }, limit: 300 } as const;
  for await (const row of everyRow(ports.rows, query)) {
    const step = text(row, 'step');
    peaks[step] = Math.max(peaks[step] ?? 0, number(row, 'peakMemoryMb'));
  }
  return peaks;
}
