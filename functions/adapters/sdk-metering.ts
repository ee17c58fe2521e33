/**
 * Middleware of the SDK clients that counts what AWS bills. S3 and KMS bill requests: each attempt
 * that was answered, except by a server fault (5xx). DynamoDB bills units, and says with every
 * answer how many; what a refused write cost it does not say, so that is computed.
 */
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Meter } from '../core/meter/meter.ts';
import type { UsageName } from '../core/meter/prices.ts';
import { writeUnits } from '../core/meter/row-units.ts';
import { rowOfFault } from './dynamodb-items.ts';

/** Last in the step that begins with the client's retries: sees every attempt, not every call. */
const EACH_ATTEMPT = { name: 'letheMeter', step: 'finalizeRequest', priority: 'low' } as const;

const SERVER_FAULT_STATUS = 500;

/** The part of an SDK error that says whether and how a request was answered. */
function statusOf(error: unknown): number | undefined {
  return (error as { readonly $metadata?: { readonly httpStatusCode?: number } } | undefined)
    ?.$metadata?.httpStatusCode;
}

/** Runs one attempt and reports it unless AWS does not bill it. */
async function billed<T>(attempt: () => Promise<T>, count: () => void): Promise<T> {
  try {
    const answer = await attempt();
    count();
    return answer;
  } catch (error) {
    // Without a status nothing was answered: the connection broke, or was never made.
    if ((statusOf(error) ?? SERVER_FAULT_STATUS) < SERVER_FAULT_STATUS) count();
    throw error;
  }
}

const TIER_2 = /^(Get|Head)Object/;
const DELETES = /^(DeleteObject|AbortMultipartUpload)Command$/;

/** S3's price class of a command, by its name in the SDK. LISTs and whatever is new are tier 1. */
function s3UsageName(commandName: string): UsageName {
  if (commandName === 'DeleteObjectsCommand') return 's3DeleteObjectsRequests';
  if (DELETES.test(commandName)) return 's3DeleteRequests';
  return TIER_2.test(commandName) ? 's3Tier2Requests' : 's3Tier1Requests';
}

export function meterS3(client: S3Client, meter: Meter): S3Client {
  client.middlewareStack.add(
    (next, context) => (args) =>
      billed(
        () => next(args),
        () => meter.add(s3UsageName(context.commandName ?? '')),
      ),
    EACH_ATTEMPT,
  );
  return client;
}

export function meterKms(client: KMSClient, meter: Meter): KMSClient {
  client.middlewareStack.add(
    (next) => (args) =>
      billed(
        () => next(args),
        () => meter.add('kmsRequests'),
      ),
    EACH_ATTEMPT,
  );
  return client;
}

export function meterSecretsManager(client: SecretsManagerClient, meter: Meter): void {
  client.middlewareStack.add(
    (next) => (args) =>
      billed(
        () => next(args),
        () => meter.add('secretsManagerRequests'),
      ),
    EACH_ATTEMPT,
  );
}

/** The part of an answer that says what a request consumed. */
interface Consumed {
  readonly CapacityUnits?: number | undefined;
}

const READS = /^(GetItem|BatchGetItem|Query|Scan|Get|BatchGet)Command$/;

/**
 * Asks DynamoDB with every request how many units it took. Attempts that were throttled or met a
 * fault take none.
 */
export function meterDynamoDb(client: DynamoDBClient, meter: Meter): DynamoDBClient {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const input = { ...args.input, ReturnConsumedCapacity: 'TOTAL' };
      try {
        const result = await next({ ...args, input: input as typeof args.input });
        const reads = READS.test(context.commandName ?? '');
        const units = consumedUnits(result.output);
        meter.add(reads ? 'dynamodbReadUnits' : 'dynamodbWriteUnits', units);
        return result;
      } catch (error) {
        meter.add('dynamodbWriteUnits', refusedUnits(error));
        throw error;
      }
    },
    { name: 'letheMeter', step: 'initialize', priority: 'low' },
  );
  return client;
}

function consumedUnits(output: object): number {
  const { ConsumedCapacity: consumed } = output as {
    readonly ConsumedCapacity?: Consumed | readonly Consumed[];
  };
  const parts = Array.isArray(consumed)
    ? (consumed as readonly Consumed[])
    : [consumed as Consumed];
  return parts.reduce((sum, part) => sum + (part?.CapacityUnits ?? 0), 0);
}

/**
 * A write whose condition did not hold is charged for the row as it was. A canceled transaction has
 * been prepared: each of its rows is charged twice, as if it had been written.
 */
function refusedUnits(error: unknown): number {
  if (error instanceof ConditionalCheckFailedException) return unitsOfFault(error.Item, false);
  if (!(error instanceof TransactionCanceledException)) return 0;
  const reasons = error.CancellationReasons ?? [];
  return reasons.reduce((sum, { Item }) => sum + unitsOfFault(Item, true), 0);
}

type FaultItem = Parameters<typeof rowOfFault>[1];

function unitsOfFault(item: FaultItem, transactional: boolean): number {
  // No index entry changes, so the table whose indexes are looked at does not matter.
  const row = rowOfFault('dictmap', item);
  const key = row?.key ?? { table: 'dictmap', pk: '', sk: '' };
  return writeUnits({ key, before: row?.attributes, after: row?.attributes }, transactional);
}
