import {
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { SignCommand } from '@aws-sdk/client-kms';
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { meterDynamoDb, meterKms, meterS3 } from '../../../functions/adapters/sdk-metering.ts';
import { Meter } from '../../../functions/core/meter/meter.ts';
import type { UsageName } from '../../../functions/core/meter/prices.ts';
import { scriptedClients } from './scripted-clients.ts';
import { bodyOf, fault, json, type Script, s3Fault } from './scripted-endpoint.ts';

async function metered(script: Script) {
  const { clients, endpoint } = await scriptedClients(script, 3);
  const meter = new Meter();
  return {
    meter,
    endpoint,
    s3: meterS3(clients.s3, meter),
    dynamoDb: meterDynamoDb(clients.dynamoDb, meter),
    kms: meterKms(clients.kms, meter),
  };
}

const at = { Bucket: 'mail', Key: 'a' };
const upload = { ...at, UploadId: '1' };
const CLASSES: readonly [string, UsageName, (s3: S3Client) => Promise<unknown>][] = [
  ['PUT', 's3Tier1Requests', (s3) => s3.send(new PutObjectCommand({ ...at, Body: 'x' }))],
  ['COPY', 's3Tier1Requests', (s3) => s3.send(new CopyObjectCommand({ ...at, CopySource: 'b/c' }))],
  ['LIST', 's3Tier1Requests', (s3) => s3.send(new ListObjectVersionsCommand(at))],
  ['LIST of uploads', 's3Tier1Requests', (s3) => s3.send(new ListMultipartUploadsCommand(at))],
  ['GET', 's3Tier2Requests', (s3) => s3.send(new GetObjectCommand(at))],
  ['HEAD', 's3Tier2Requests', (s3) => s3.send(new HeadObjectCommand(at))],
  ['DELETE', 's3DeleteRequests', (s3) => s3.send(new DeleteObjectCommand(at))],
  [
    'end of an upload',
    's3DeleteRequests',
    (s3) => s3.send(new AbortMultipartUploadCommand(upload)),
  ],
  [
    'DeleteObjects',
    's3DeleteObjectsRequests',
    (s3) =>
      s3.send(new DeleteObjectsCommand({ Bucket: 'mail', Delete: { Objects: [{ Key: 'a' }] } })),
  ],
];

describe('O1: requests of S3 and KMS', () => {
  test.each(CLASSES)('%s counts as %s', async (_name, usage, send) => {
    const { s3, meter } = await metered((_request, _number, response) => {
      response.writeHead(200, { 'content-type': 'application/xml' });
      response.end('<Answer></Answer>');
    });
    await send(s3);
    expect(meter.take()).toEqual({ [usage]: 1 });
    expect(meter.take()).toEqual({});
  });

  test('attempts that met a server fault or SlowDown are not billed, refusals are', async () => {
    const { s3, meter, endpoint } = await metered((_request, number, response) =>
      number === 0 ? s3Fault(response, 503, 'SlowDown') : s3Fault(response, 404, 'NoSuchKey'),
    );
    await expect(s3.send(new GetObjectCommand(at))).rejects.toMatchObject({ name: 'NoSuchKey' });
    expect(endpoint.requests).toHaveLength(2);
    expect(meter.take()).toEqual({ s3Tier2Requests: 1 });
  });

  test('a connection that breaks is not billed', async () => {
    const { s3, meter } = await metered((_request, _number, response) => response.destroy());
    await expect(s3.send(new ListObjectVersionsCommand(at))).rejects.toThrow();
    expect(meter.take()).toEqual({});
  });

  test('KMS counts requests', async () => {
    const { kms, meter } = await metered((_request, _number, response) =>
      json(response, { Signature: 'AAAA' }),
    );
    const Message = Buffer.from('m');
    await kms.send(
      new SignCommand({ KeyId: 'k', Message, SigningAlgorithm: 'RSASSA_PSS_SHA_256' }),
    );
    expect(meter.take()).toEqual({ kmsRequests: 1 });
  });
});

const KEY = { pk: { S: 'p' }, sk: { S: 's' } };
const BODY = { ...KEY, body: { S: 'x'.repeat(2500) } };

describe('O1: units of DynamoDB', () => {
  test('every request asks for its units, and reads are told from writes', async () => {
    const { dynamoDb, meter, endpoint } = await metered((request, _number, response) => {
      const target = String(request.headers['x-amz-target']);
      const CapacityUnits = target.endsWith('Query') ? 12.5 : 1.5;
      json(response, {
        ConsumedCapacity: target.includes('Transact')
          ? [{ CapacityUnits }, { CapacityUnits: 4 }]
          : { CapacityUnits },
      });
    });
    await dynamoDb.send(new GetItemCommand({ TableName: 'D', Key: KEY }));
    await dynamoDb.send(new QueryCommand({ TableName: 'D', KeyConditionExpression: 'pk = :p' }));
    expect(meter.take()).toEqual({ dynamodbReadUnits: 14 });
    await dynamoDb.send(new PutItemCommand({ TableName: 'D', Item: KEY }));
    const TransactItems = [{ Put: { TableName: 'D', Item: KEY } }];
    await dynamoDb.send(new TransactWriteItemsCommand({ TransactItems }));
    expect(meter.take()).toEqual({ dynamodbWriteUnits: 7 });
    const asked = endpoint.requests.map((request) => bodyOf(request)['ReturnConsumedCapacity']);
    expect(asked).toEqual(['TOTAL', 'TOTAL', 'TOTAL', 'TOTAL']);
  });

  test('a refused write is charged for the row as it was, a throttled one not at all', async () => {
    const put = new PutItemCommand({ TableName: 'D', Item: KEY });
    const { dynamoDb, meter } = await metered((_request, number, response) => {
      if (number === 0) fault(response, 'ConditionalCheckFailedException', { Item: BODY });
      else if (number === 1) fault(response, 'ConditionalCheckFailedException');
      else if (number < 5) fault(response, 'ProvisionedThroughputExceededException');
      else {
        const CancellationReasons = [
          { Code: 'ConditionalCheckFailed', Item: BODY },
          { Code: 'None' },
        ];
        fault(response, 'TransactionCanceledException', { CancellationReasons });
      }
    });
    await expect(dynamoDb.send(put)).rejects.toThrow();
    expect(meter.take()).toEqual({ dynamodbWriteUnits: 3 });
    await expect(dynamoDb.send(put)).rejects.toThrow();
    expect(meter.take()).toEqual({ dynamodbWriteUnits: 1 });
    await expect(dynamoDb.send(put)).rejects.toThrow();
    expect(meter.take()).toEqual({ dynamodbWriteUnits: 0 });
    const TransactItems = [{ Put: { TableName: 'D', Item: KEY } }];
    await expect(dynamoDb.send(new TransactWriteItemsCommand({ TransactItems }))).rejects.toThrow();
    expect(meter.take()).toEqual({ dynamodbWriteUnits: 3 * 2 + 2 });
  });
});
