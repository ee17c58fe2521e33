/** The stores of the deployed app, reached by the adapters, for filling accounts quickly. */
import { inject } from 'vitest';
import { CryptoIds } from '../../functions/adapters/crypto-ids.ts';
import { DynamoDbRowStore } from '../../functions/adapters/dynamodb-row-store.ts';
import { S3ObjectStore } from '../../functions/adapters/s3-object-store.ts';
import { SystemClock } from '../../functions/adapters/system-clock.ts';
import { accountPartition } from '../../functions/contract/row-layout.ts';
import type { RowStore } from '../../functions/core/ports/row-store.ts';
import { everyRow } from '../../functions/core/rows/paging.ts';
import { sdkClients } from '../sdk-clients.ts';

export const CLASSES = { names: ['r7', 'r30', 'r365', 'keep'], fallback: 'r30' };

export function deployedStores() {
  const { outputs } = inject('lethe');
  const clients = sdkClients(inject('ministack'));
  const clock = new SystemClock();
  const ids = new CryptoIds();
  const tableNames = { registry: outputs.registryTable, dictmap: outputs.dictmapTable };
  return {
    clients,
    outputs,
    ports: {
      rows: new DynamoDbRowStore({ client: clients.dynamoDb, tableNames, clock, ids }),
      objects: new S3ObjectStore({ client: clients.s3, bucket: outputs.mailBucket }),
      clock,
      ids,
    },
  };
}

/** Waits until a condition holds, or fails naming what was waited for. */
export async function until<T>(
  what: string,
  seconds: number,
  look: () => Promise<T | undefined>,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${what} did not happen within ${seconds} s`);
}

/** Waits until the objects that an account has replaced are gone: from then on its counts stand. */
export async function replacedObjectsGone(rows: RowStore, accountId: string): Promise<void> {
  const sk = { prefix: 'object#' };
  const query = { table: 'dictmap', pk: accountPartition(accountId), sk, limit: 100 } as const;
  await until(`the end of what ${accountId} has replaced`, 60, async () => {
    for await (const { attributes } of everyRow(rows, query)) {
      if (attributes['state'] === 'purging') return undefined;
    }
    return true;
  });
}
