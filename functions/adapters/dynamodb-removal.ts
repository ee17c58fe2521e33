/** Removal of any number of rows, in batches of 25. */
import {
  BatchWriteCommand,
  type BatchWriteCommandInput,
  type DynamoDBDocumentClient,
} from '@aws-sdk/lib-dynamodb';
import { BATCH_WRITE_ITEMS } from '../contract/limits.ts';
import type { RowKey } from '../contract/row-layout.ts';
import { StoreBusyError } from '../core/errors.ts';
import { type Backoff, REQUEST_TRIES_MAX } from './backoff.ts';
import { keyItem, type TableNames } from './dynamodb-items.ts';
import { answered, faultName } from './store-faults.ts';

/** 10 x 25 rows under way at a time: what a partition's 1,000 writes a second still allow. */
const PARALLEL_BATCHES = 10;

type Requests = NonNullable<BatchWriteCommandInput['RequestItems']>;

/** Throws StoreBusyError when a batch is still unprocessed after `TRIES_MAX` tries. */
export async function removeRows(
  client: DynamoDBDocumentClient,
  tables: TableNames,
  keys: readonly RowKey[],
  backoff: Backoff,
): Promise<void> {
  const batches = batchesOf(keys);
  let next = 0;
  const faults: unknown[] = [];
  // After a fault no worker begins another batch: nothing runs on behind a call that has failed.
  const worker = async (): Promise<void> => {
    while (next < batches.length && faults.length === 0) {
      const batch = batches[next] ?? [];
      next += 1;
      try {
        await removeBatch(client, requestsOf(batch, tables), backoff);
      } catch (fault) {
        faults.push(fault);
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL_BATCHES }, worker));
  if (faults.length > 0) throw faults[0];
}

/** DynamoDB refuses a batch that names a row twice. */
function batchesOf(keys: readonly RowKey[]): readonly (readonly RowKey[])[] {
  const distinct = new Map(keys.map((key) => [JSON.stringify([key.table, key.pk, key.sk]), key]));
  const rest = [...distinct.values()];
  const batches: RowKey[][] = [];
  for (let start = 0; start < rest.length; start += BATCH_WRITE_ITEMS) {
    batches.push(rest.slice(start, start + BATCH_WRITE_ITEMS));
  }
  return batches;
}

function requestsOf(batch: readonly RowKey[], tables: TableNames): Requests {
  const requests: Requests = {};
  for (const key of batch) {
    const table = tables[key.table];
    requests[table] = [...(requests[table] ?? []), { DeleteRequest: { Key: keyItem(key) } }];
  }
  return requests;
}

async function removeBatch(
  client: DynamoDBDocumentClient,
  requests: Requests,
  backoff: Backoff,
): Promise<void> {
  let rest = requests;
  for (let tryNumber = 0; tryNumber < REQUEST_TRIES_MAX; tryNumber += 1) {
    rest = await unprocessed(client, rest);
    if (Object.keys(rest).length === 0) return;
    await backoff.wait(tryNumber);
  }
  throw new StoreBusyError(`removing rows: rows were left unprocessed ${REQUEST_TRIES_MAX} times.`);
}

/** Sends a batch once; answers what DynamoDB did not get to. */
async function unprocessed(client: DynamoDBDocumentClient, requests: Requests): Promise<Requests> {
  try {
    const answer = await answered('removing rows', () =>
      client.send(new BatchWriteCommand({ RequestItems: requests })),
    );
    return answer.UnprocessedItems ?? {};
  } catch (error) {
    // A transaction holds one of the rows; removals are safe to repeat.
    if (faultName(error) === 'TransactionConflictException') return requests;
    throw error;
  }
}
