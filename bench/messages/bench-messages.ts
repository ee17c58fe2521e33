/** What each operation on messages is billed by S3 and DynamoDB, beside what it must cost. */
import { dollarsOf, sumUsage, type Usage } from '../../functions/core/meter/usage.ts';
import { reconcileObjects } from '../../functions/core/objects/reconcile-objects.ts';
import { inParallel } from '../../functions/core/rows/parallel.ts';
import type { Instance } from '../../local/instance.ts';
import { type MeteredStores, meteredStores } from './metered-stores.ts';
import { benchFor, OPERATIONS, type Operation } from './operations.ts';

const MILLION = 1_000_000;
const PARALLEL_RECONCILES = 16;

export interface MessageCost {
  readonly operation: string;
  readonly messages: number;
  readonly dollarsPerMillion: number;
  readonly floorDollarsPerMillion: number;
  /** 1 where both are nothing. */
  readonly ratioToFloor: number;
  /** Billed requests and units by kind, for all messages together, reconciling included. */
  readonly requests: Usage;
}

export interface MessageBenchOptions {
  readonly messages: number;
  readonly say: (line: string) => void;
}

export async function benchMessages(
  instance: Instance,
  { messages, say }: MessageBenchOptions,
): Promise<MessageCost[]> {
  const stores = await meteredStores(instance);
  try {
    const costs: MessageCost[] = [];
    for (const [index, operation] of OPERATIONS.entries()) {
      say(`${operation.operation}: ${messages} messages ...`);
      costs.push(await measure(stores, operation, messages, `bench-${index}@example.com`));
    }
    return costs;
  } finally {
    stores.destroy();
  }
}

async function measure(
  stores: MeteredStores,
  operation: Operation,
  messages: number,
  user: string,
): Promise<MessageCost> {
  const bench = await benchFor(stores, operation, user);
  await operation.prepare(bench, messages);
  await reconcile(stores);
  stores.meter.take();
  await operation.run(bench, messages);
  await reconcile(stores);
  const requests = sumUsage([stores.meter.take()]);
  const { floorDollarsPerMillion } = operation;
  const dollarsPerMillion = (dollarsOf(requests) / messages) * MILLION;
  const ratio = dollarsPerMillion / floorDollarsPerMillion;
  return {
    operation: operation.operation,
    messages,
    dollarsPerMillion,
    floorDollarsPerMillion,
    ratioToFloor: Number.isNaN(ratio) ? 1 : ratio,
    requests,
  };
}

/** What the function behind the stream does with the rows that were written; it asks for more. */
async function reconcile(stores: MeteredStores): Promise<void> {
  for (let keys = stores.takeFollowed(); keys.length > 0; keys = stores.takeFollowed()) {
    await inParallel(keys, PARALLEL_RECONCILES, (key) => reconcileObjects(stores.ports, key));
  }
}

/** The same as a table. */
export function describeCosts(costs: readonly MessageCost[]): string {
  const cents = (value: number) => `$${value.toFixed(2)}`;
  const lines = costs.map((cost) =>
    [
      cost.operation,
      cents(cost.dollarsPerMillion),
      cents(cost.floorDollarsPerMillion),
      cost.ratioToFloor.toFixed(2),
    ].join(' | '),
  );
  const head = 'operation | dollars per million | floor | ratio';
  return [head, '--- | ---: | ---: | ---:', ...lines].map((line) => `| ${line} |\n`).join('');
}
