/**
 * Tables and a bucket of their own beside the deployed app, so that nothing but the benchmark
 * works in them, and clients that count what every request is billed.
 */
import { randomBytes } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { CryptoIds } from '../../functions/adapters/crypto-ids.ts';
import { DynamoDbRowStore } from '../../functions/adapters/dynamodb-row-store.ts';
import { S3ObjectStore } from '../../functions/adapters/s3-object-store.ts';
import { meterDynamoDb, meterS3 } from '../../functions/adapters/sdk-metering.ts';
import { SystemClock } from '../../functions/adapters/system-clock.ts';
import type { RowKey } from '../../functions/contract/row-layout.ts';
import { Meter } from '../../functions/core/meter/meter.ts';
import type { RowStore, Write } from '../../functions/core/ports/row-store.ts';
import { ROOT_CREDENTIALS } from '../../local/aws-environment.ts';
import { type Instance, sdkOptions } from '../../local/instance.ts';
import { createTables } from '../../test/contracts/tables.ts';

export async function meteredStores(instance: Instance) {
  const options = sdkOptions(instance, ROOT_CREDENTIALS);
  const plain = { s3: new S3Client(options), dynamoDb: new DynamoDBClient(options) };
  const name = `bench-${randomBytes(6).toString('hex')}`;
  const tableNames = await createTables(plain.dynamoDb, name);
  await plain.s3.send(new CreateBucketCommand({ Bucket: name }));
  await plain.s3.send(
    new PutBucketVersioningCommand({
      Bucket: name,
      VersioningConfiguration: { Status: 'Enabled' },
    }),
  );
  const meter = new Meter();
  const s3 = meterS3(new S3Client(options), meter);
  const client = meterDynamoDb(new DynamoDBClient(options), meter);
  const [clock, ids] = [new SystemClock(), new CryptoIds()];
  const rows = new DynamoDbRowStore({ client, tableNames, clock, ids });
  const followed: RowKey[] = [];
  return {
    meter,
    /** Rows written since the last time that wake reconciling. */
    takeFollowed: () => followed.splice(0),
    ports: {
      rows: recording(rows, followed),
      objects: new S3ObjectStore({ client: s3, bucket: name }),
      clock,
      ids,
    },
    destroy: () => {
      for (const one of [plain.s3, plain.dynamoDb, s3, client]) one.destroy();
    },
  };
}

export type MeteredStores = Awaited<ReturnType<typeof meteredStores>>;

/** Notes the rows whose stream records would pass the filters of contract/reconcile.ts. */
function recording(rows: RowStore, followed: RowKey[]): RowStore {
  const note = (writes: readonly Write[]) =>
    followed.push(...writes.filter(isFollowed).map(({ key }) => key));
  return {
    get: (key) => rows.get(key),
    query: (query) => rows.query(query),
    removeAll: (keys) => rows.removeAll(keys),
    write: async (write) => {
      const result = await rows.write(write);
      if (result.outcome === 'written') note([write]);
      return result;
    },
    transact: async (writes) => {
      const result = await rows.transact(writes);
      if (result.outcome === 'written') note(writes);
      return result;
    },
  };
}

function isFollowed(write: Write): boolean {
  if (write.key.table !== 'dictmap') return false;
  if (write.kind === 'put') return write.attributes['type'] === 'blob';
  if (write.kind !== 'update') return false;
  const state = write.change.set?.['state'];
  return state === 'expunged' || state === 'purging';
}
