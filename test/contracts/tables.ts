/** The two tables, made from the row layout and never from the deployed app. */
import {
  CreateTableCommand,
  DeleteTableCommand,
  type DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import {
  INDEXES,
  type IndexName,
  TABLES,
  type TableName,
} from '../../functions/contract/row-layout.ts';

const READY_SECONDS_MAX = 60;

export type TableNames = Readonly<Record<TableName, string>>;

/** Makes `<prefix>-registry` and `<prefix>-dictmap` with their indexes; answers their names. */
export async function createTables(client: DynamoDBClient, prefix: string): Promise<TableNames> {
  const names = { registry: `${prefix}-registry`, dictmap: `${prefix}-dictmap` };
  for (const table of TABLES) await createTable(client, table, names[table]);
  return names;
}

export async function deleteTables(client: DynamoDBClient, names: TableNames): Promise<void> {
  for (const table of TABLES) {
    await client.send(new DeleteTableCommand({ TableName: names[table] }));
  }
}

async function createTable(client: DynamoDBClient, table: TableName, name: string): Promise<void> {
  const indexes = (Object.keys(INDEXES) as IndexName[]).filter((index) =>
    (INDEXES[index].tables as readonly string[]).includes(table),
  );
  const keys = [{ pk: 'pk', sk: 'sk' }, ...indexes.map((index) => INDEXES[index])];
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: keySchema({ pk: 'pk', sk: 'sk' }),
      AttributeDefinitions: keys.flatMap(({ pk, sk }) => [
        { AttributeName: pk, AttributeType: 'S' },
        { AttributeName: sk, AttributeType: 'S' },
      ]),
      GlobalSecondaryIndexes: indexes.map((index) => ({
        IndexName: index,
        KeySchema: keySchema(INDEXES[index]),
        Projection: { ProjectionType: INDEXES[index].projection },
      })),
    }),
  );
  const waiter = { client, maxWaitTime: READY_SECONDS_MAX, minDelay: 1, maxDelay: 2 };
  await waitUntilTableExists(waiter, { TableName: name });
}

function keySchema(keys: { readonly pk: string; readonly sk: string }) {
  return [
    { AttributeName: keys.pk, KeyType: 'HASH' as const },
    { AttributeName: keys.sk, KeyType: 'RANGE' as const },
  ];
}
