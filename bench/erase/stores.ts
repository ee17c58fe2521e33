/** The stores of the deployed app, reached as an administrator, for filling accounts and looking. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { CryptoIds } from '../../functions/adapters/crypto-ids.ts';
import { DynamoDbRowStore } from '../../functions/adapters/dynamodb-row-store.ts';
import { S3ObjectStore } from '../../functions/adapters/s3-object-store.ts';
import { SystemClock } from '../../functions/adapters/system-clock.ts';
import { ROOT_CREDENTIALS } from '../../local/aws-environment.ts';
import { type Instance, sdkOptions } from '../../local/instance.ts';

export function benchStores(instance: Instance) {
  const options = sdkOptions(instance, ROOT_CREDENTIALS);
  const [s3, dynamoDb] = [new S3Client(options), new DynamoDBClient(options)];
  const sfn = new SFNClient(sdkOptions(instance));
  const { registryTable: registry, dictmapTable: dictmap, mailBucket } = instance.outputs;
  const [clock, ids] = [new SystemClock(), new CryptoIds()];
  const tableNames = { registry, dictmap };
  return {
    s3,
    sfn,
    ports: {
      rows: new DynamoDbRowStore({ client: dynamoDb, tableNames, clock, ids }),
      objects: new S3ObjectStore({ client: s3, bucket: mailBucket }),
      clock,
      ids,
    },
    destroy: () => {
      for (const client of [s3, dynamoDb, sfn]) client.destroy();
    },
  };
}

export type BenchStores = ReturnType<typeof benchStores>;
