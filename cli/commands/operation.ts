/** `lethe operation show | wait | resume` */
import type { OperationAnswer } from '../../functions/contract/api.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { writeLine } from '../io.ts';
import { type Field, printRecord } from '../output/records.ts';
import { count, dollars, safe, size, words } from '../output/text.ts';
import { operationFailure, watchOperation } from './watch-operation.ts';

const FIXED_FIELDS: readonly Field<OperationAnswer>[] = [
  { name: 'operationId', label: 'operation', value: ({ operationId }) => operationId },
  { name: 'verb', value: ({ verb }) => verb },
  { name: 'state', value: ({ state }) => state },
  { name: 'step', value: ({ step }) => step },
  { name: 'attempt', value: ({ attempt }) => attempt },
  { name: 'accountId', label: 'account', value: ({ accountId }) => accountId },
  { name: 'user', value: ({ user }) => user },
  { name: 'requestedBy', value: ({ requestedBy }) => requestedBy },
  { name: 'createdAt', value: ({ createdAt }) => createdAt },
  { name: 'updatedAt', value: ({ updatedAt }) => updatedAt },
  { name: 'finishedAt', value: ({ finishedAt }) => finishedAt },
  { name: 'deleteAfter', value: ({ deleteAfter }) => deleteAfter },
];

const LAST_FIELDS: readonly Field<OperationAnswer>[] = [
  { name: 'goneForGood', value: ({ goneForGood }) => goneForGood },
  { name: 'dryRun', value: ({ dryRun }) => dryRun, shown: () => 'nothing was changed' },
  {
    name: 'estimatedCostDollars',
    value: ({ estimatedCostDollars }) => estimatedCostDollars,
    shown: ({ estimatedCostDollars = 0 }) => dollars(estimatedCostDollars),
  },
  {
    name: 'costDollars',
    value: ({ costDollars }) => costDollars,
    shown: ({ costDollars }) => dollars(costDollars),
  },
  { name: 'pricesOf', value: ({ pricesOf }) => pricesOf },
  { name: 'certificate', value: ({ certificate }) => certificate },
  { name: 'error.name', label: 'error', value: ({ error }) => error?.name },
  { name: 'error.message', value: ({ error }) => error?.message },
  { name: 'error.next', value: ({ error }) => error?.next },
];

export interface WaitOptions {
  /** Waits unless false. */
  readonly wait?: boolean;
  /** Seconds. */
  readonly timeout: number;
}

/** Prints an operation with all its counters. */
export async function printOperation(
  { io, format }: Pick<Context, 'io' | 'format'>,
  operation: OperationAnswer,
): Promise<void> {
  const names = new Set([
    ...Object.keys(operation.counts),
    ...Object.keys(operation.expected ?? {}),
  ]);
  const counters = [...names].map((name): Field<OperationAnswer> => {
    const show = name.toLowerCase().endsWith('bytes') ? size : count;
    const of = operation.expected?.[name];
    // A dry run does nothing: what it counted is what it found.
    const done = (operation.dryRun === true ? of : operation.counts[name]) ?? 0;
    const isPart = of !== undefined && operation.dryRun !== true;
    return {
      name: `${operation.dryRun === true ? 'expected' : 'counts'}.${name}`,
      value: () => done,
      shown: () => `${show(done)}${isPart ? ` of ${show(of)} expected` : ''}`,
    };
  });
  await printRecord(io, format, operation, [
    ...FIXED_FIELDS,
    ...counters,
    ...billedFields(operation),
    ...LAST_FIELDS,
  ]);
}

/** What was billed, one field each; what was not used is left out. */
function billedFields({ billed }: OperationAnswer): Field<OperationAnswer>[] {
  return Object.entries(billed)
    .filter(([, amount]) => amount > 0)
    .map(([name, amount]) => ({
      name: `billed.${name}`,
      label: `billed ${words(name)}`,
      value: () => amount,
      shown: () => count(amount),
    }));
}

export async function showOperation(context: Context, operationId: string): Promise<number> {
  const client = await context.client();
  await printOperation(context, await client.operation(operationId));
  return EXIT.ok;
}

export async function waitForOperation(
  context: Context,
  operationId: string,
  { timeout }: Pick<WaitOptions, 'timeout'>,
): Promise<number> {
  await watchToEnd(context, operationId, timeout);
  return EXIT.ok;
}

/**
 * Waits, then prints the operation as it ended, or as it waits for the end of a grace period.
 * @throws CliError 75 when it failed, with what is safe to do next
 */
export async function watchToEnd(
  context: Context,
  operationId: string,
  timeoutSeconds: number,
): Promise<OperationAnswer> {
  const operation = await watchOperation(context, operationId, timeoutSeconds);
  await printOperation(context, operation);
  if (operation.state === 'failed') throw operationFailure(operation);
  if (operation.state === 'waiting') await tellWaiting(context, operation);
  return operation;
}

async function tellWaiting({ io }: Context, operation: OperationAnswer): Promise<void> {
  const { user = '', deleteAfter = '' } = operation;
  await writeLine(
    io.stderr,
    `${safe(user)} is disabled; nothing is erased before ${deleteAfter}. Until then: lethe user undelete ${safe(user)}`,
  );
}

export async function resumeOperation(
  context: Context,
  operationId: string,
  { wait, timeout }: WaitOptions,
): Promise<number> {
  const client = await context.client();
  const started = await client.resumeOperation(operationId);
  if (wait === false) await printOperation(context, started);
  else await watchToEnd(context, operationId, timeout);
  return EXIT.ok;
}
