import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { CryptoIds } from '../../functions/adapters/crypto-ids.ts';
import { DynamoDbRowStore } from '../../functions/adapters/dynamodb-row-store.ts';
import { meterDynamoDb } from '../../functions/adapters/sdk-metering.ts';
import { SystemClock } from '../../functions/adapters/system-clock.ts';
import { Meter } from '../../functions/core/meter/meter.ts';
import {
  type DynamoDbLocal,
  dynamoDbLocalAvailable,
  startDynamoDbLocal,
} from '../../local/dynamodb-local.ts';
import { type SdkClients, sdkClients } from '../sdk-clients.ts';
import { lostAnswerContract } from './lost-answers.contract.ts';
import { rowStoreContract } from './row-store.contract.ts';
import { rowUnitsContract } from './row-units.contract.ts';
import { createTables, type TableNames } from './tables.ts';

/** The first run fetches it, 48 MB. */
const START_MS_MAX = 900_000;

const availability = dynamoDbLocalAvailable();

if (availability.available) {
  describe('DynamoDB Local', () => {
    let server: DynamoDbLocal | undefined;
    const clients: SdkClients[] = [];
    let tableNames: TableNames = { registry: '', dictmap: '' };

    const makeClient = (): DynamoDBClient => {
      if (server === undefined) throw new Error('DynamoDB Local was not started');
      const made = sdkClients({
        endpoint: server.endpoint,
        region: 'us-east-1',
        accessKeyId: 'local',
        secretAccessKey: 'local',
      });
      clients.push(made);
      return made.dynamoDb;
    };

    beforeAll(async () => {
      server = await startDynamoDbLocal();
      tableNames = await createTables(makeClient(), 'contract');
    }, START_MS_MAX);

    afterAll(async () => {
      for (const one of clients) one.destroy();
      await server?.stop();
    });

    rowStoreContract('DynamoDB Local', async () => {
      const [clock, ids] = [new SystemClock(), new CryptoIds()];
      return new DynamoDbRowStore({ client: makeClient(), tableNames, clock, ids });
    });
    rowUnitsContract(
      'DynamoDB Local',
      async () => {
        const [clock, ids, meter] = [new SystemClock(), new CryptoIds(), new Meter()];
        const client = meterDynamoDb(makeClient(), meter);
        return { rows: new DynamoDbRowStore({ client, tableNames, clock, ids }), meter };
      },
      // By AWS's documentation a miss costs a read unit, and the removal of nothing one write unit.
      // That index entries cost no more in transactions, and checks as much as writes, others have
      // measured on DynamoDB; both are the embedded AWS's way too.
      { emptyPage: -1, missingInBatch: 1, indexInTransaction: 2, checksAsReads: true },
    );
    lostAnswerContract('DynamoDB Local', async () => ({ tableNames, makeClient }));
  });
} else if (process.env['CI'] === 'true') {
  test('row store: DynamoDB Local', () => {
    throw new Error(`DynamoDB Local cannot run here, and CI must run it: ${availability.reason}.`);
  });
} else {
  test.skip(`row store: DynamoDB Local, left out: ${availability.reason}`, () => {});
}
