import { DeleteItemCommand, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { GetQueueUrlCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mailKey, opaqueKey, uploadKey } from '../../functions/contract/key-layout.ts';
import type { SdkClients } from '../sdk-clients.ts';
import { answerTo, clientsAs, DENIED, serviceOutput, serviceRoles } from './deployed-roles.ts';
import { deployedStores } from './stores.ts';

const { ports, clients, outputs } = deployedStores();
const Bucket = outputs.mailBucket;
const ACCOUNT = ports.ids.hex(12);
const BLOB = ports.ids.hex(16);
const FOLLOWING = ['ReconcileObjects', 'RetryReconcile'];
const KEY = { pk: { S: 'account#none' }, sk: { S: 'account' } };
/** Followed by doing nothing. */
const ABSENT_ROW = '{"pk":"mailbox#aa.bb#0","sk":"0000000001"}';

const own: SdkClients[] = [];
let roles: ReadonlyMap<string, string>;
let versionId: string;

async function as(construct: string): Promise<SdkClients> {
  const made = await clientsAs(roles.get(construct) ?? `no role of ${construct}`);
  own.push(made);
  return made;
}

async function queueUrl(output: string): Promise<string> {
  const QueueName = serviceOutput(output).split(':').at(-1);
  const { QueueUrl } = await clients.sqs.send(new GetQueueUrlCommand({ QueueName }));
  return QueueUrl ?? '';
}

beforeAll(async () => {
  roles = await serviceRoles();
  const put = await ports.objects.put(mailKey('r30', ACCOUNT, BLOB), Buffer.from('mail'));
  versionId = put.versionId;
});

afterAll(() => {
  for (const { destroy } of [clients, ...own]) destroy();
});

test.each(FOLLOWING)('%s hides and removes below classes, and no more', async (construct) => {
  const { s3 } = await as(construct);
  for (const absent of [mailKey('r30', ACCOUNT, 'f0'), opaqueKey('fts', ACCOUNT, 'f0')]) {
    // X5: where nothing is, nothing is hidden.
    const hide = new DeleteObjectCommand({ Bucket, Key: absent, IfMatch: '*' });
    expect(await answerTo(s3.send(hide))).toBe('NoSuchKey');
    const Objects = [{ Key: absent, VersionId: versionId }];
    const remove = new DeleteObjectsCommand({ Bucket, Delete: { Objects } });
    expect(await answerTo(s3.send(remove))).toBe('allowed');
  }
  const calls = [
    s3.send(new DeleteObjectCommand({ Bucket, Key: uploadKey(ACCOUNT, 'f0') })),
    s3.send(new DeleteObjectCommand({ Bucket, Key: 'elsewhere' })),
    s3.send(new DeleteObjectCommand({ Bucket: outputs.evidenceBucket, Key: 'certificates/x' })),
  ];
  expect(await Promise.all(calls.map(answerTo))).toEqual(calls.map(() => DENIED));
});

test.each(FOLLOWING)(
  '%s reads no body, writes nothing; it lists versions to lift a marker',
  async (construct) => {
    const { s3, dynamoDb, sqs } = await as(construct);
    const Key = mailKey('r30', ACCOUNT, BLOB);
    const { dictmapTable, registryTable } = outputs;
    const get = new GetItemCommand({ TableName: dictmapTable, Key: KEY });
    expect(await answerTo(dynamoDb.send(get))).toBe('allowed');
    const list = new ListObjectVersionsCommand({ Bucket, Prefix: 'r30/' });
    expect(await answerTo(s3.send(list))).toBe('allowed');
    const QueueUrl = await queueUrl('DeadLetterQueueArn');
    const query = {
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: 'account#none' } },
    };
    const calls = [
      s3.send(new GetObjectCommand({ Bucket, Key, VersionId: versionId })),
      s3.send(new GetObjectCommand({ Bucket, Key })),
      s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' })),
      dynamoDb.send(new QueryCommand({ TableName: dictmapTable, ...query })),
      dynamoDb.send(new GetItemCommand({ TableName: registryTable, Key: KEY })),
      dynamoDb.send(new DeleteItemCommand({ TableName: registryTable, Key: KEY })),
      sqs.send(new ReceiveMessageCommand({ QueueUrl })),
      sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' })),
    ];
    expect(await Promise.all(calls.map(answerTo))).toEqual(calls.map(() => DENIED));
  },
);

test('O3: of all functions one queues rows, and one takes them', async () => {
  const QueueUrl = await queueUrl('RetryQueueArn');
  const senders: string[] = [];
  const takers: string[] = [];
  for (const construct of roles.keys()) {
    if (construct.endsWith('Machine')) continue;
    const { sqs } = await as(construct);
    const send = new SendMessageCommand({ QueueUrl, MessageBody: ABSENT_ROW });
    if ((await answerTo(sqs.send(send))) !== DENIED) senders.push(construct);
    const take = new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0 });
    if ((await answerTo(sqs.send(take))) !== DENIED) takers.push(construct);
  }
  expect(senders).toEqual(['ReconcileObjects']);
  expect(takers).toEqual(['RetryReconcile']);
});

test('nothing was changed by all of this', async () => {
  const key = mailKey('r30', ACCOUNT, BLOB);
  const body = (await ports.objects.get(key, versionId))?.body ?? [];
  expect(Buffer.from(body).toString()).toBe('mail');
});
