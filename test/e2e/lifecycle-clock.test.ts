/** Time passes on the embedded AWS: rules, rows, functions and waits. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  PutItemCommand,
  ScanCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateRoleCommand, DeleteRoleCommand } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  type LifecycleRule,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { AccountAnswer } from '../../functions/contract/api.ts';
import { advance } from '../../local/advance.ts';
import { atOtherTime, readClock, setClockOffset } from '../../local/instance-clock.ts';
import { PROJECT_ROOT } from '../../local/project-paths.ts';
import { awsCli } from './aws-cli.ts';
import { letheJson } from './lethe-command.ts';
import { deployedStores, until } from './stores.ts';

const { directory } = inject('lethe');
const { clients } = deployedStores();
const { s3, dynamoDb } = clients;
const Bucket = `lifecycle-clock-${process.pid}`;
const TableName = Bucket;
const DAY = 86_400;
let before = 0;

beforeAll(async () => {
  before = (await readClock(directory)).offsetSeconds;
  await s3.send(new CreateBucketCommand({ Bucket }));
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
});

afterAll(async () => {
  // Other tests live by the machine's clock.
  await setClockOffset(directory, before, { keepSchedules: true });
  await s3.send(new DeleteBucketCommand({ Bucket }));
  clients.destroy();
});

async function setRules(...rules: Partial<LifecycleRule>[]): Promise<void> {
  const Rules = rules.map((rule) => ({ Status: 'Enabled' as const, Filter: {}, ...rule }));
  await s3.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }),
  );
}

/** Everything in the bucket: `key` or `key!` for a marker. */
async function contents(): Promise<string[]> {
  const list = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  const versions = (list.Versions ?? []).map(({ Key }) => `${Key}`);
  return [...versions, ...(list.DeleteMarkers ?? []).map(({ Key }) => `${Key}!`)].sort();
}

const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));

/** The clock's time, in seconds. */
const now = async () => (await readClock(directory)).nowMs / 1000;

test('X2: what was expunged goes when its time is over, and its marker after it', async () => {
  await setRules({
    Filter: { Prefix: 'r7/' },
    NoncurrentVersionExpiration: { NoncurrentDays: 8 },
    Expiration: { ExpiredObjectDeleteMarker: true },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  });
  for (const key of ['r7/expunged', 'r7/live', 'keep/expunged']) await put(key);
  for (const Key of ['r7/expunged', 'keep/expunged']) {
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  }
  await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'r7/upload' }));
  const kept = ['keep/expunged', 'keep/expunged!', 'r7/live'];

  // 8 days, then to the next midnight: never in less than 8 days.
  const early = await advance({ directory, seconds: 8 * DAY - 60 });
  // Other buckets of the instance have rules, too: what is counted is at least what is here.
  expect(early.uploadsAborted).toBeGreaterThanOrEqual(1);
  expect(await contents()).toEqual([...kept, 'r7/expunged', 'r7/expunged!'].sort());
  const late = await advance({ directory, seconds: DAY + 60 });
  expect(late.versionsRemoved).toBeGreaterThanOrEqual(1);
  expect(late.markersRemoved).toBeGreaterThanOrEqual(1);
  expect(await contents()).toEqual(kept);
  const uploads = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
  expect(uploads.Uploads ?? []).toEqual([]);
});

test('X2: a chain of rules ends in one leap as it does day by day', async () => {
  await setRules({ Expiration: { Days: 1 }, NoncurrentVersionExpiration: { NoncurrentDays: 2 } });
  const stale = await contents();
  expect(stale).toHaveLength(3);
  await put('new');
  // Expired at the 2nd midnight, removed at the 5th; a marker is alone and a day old by then.
  const first = await advance({ directory, seconds: 2 * DAY });
  expect(first.objectsExpired).toBeGreaterThanOrEqual(2);
  expect(await contents()).toContain('new!');
  await advance({ directory, seconds: 4 * DAY });
  expect(await contents()).toEqual([]);
});

test('X2: rows go when their time to live is over, and streams tell who removed them', async () => {
  const key = { AttributeName: 'pk', AttributeType: 'S' } as const;
  await dynamoDb.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [key],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  );
  try {
    const TimeToLiveSpecification = { Enabled: true, AttributeName: 'ttl' };
    await dynamoDb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
    const at = Math.ceil((await now()) + 3 * DAY);
    const rows = {
      expiring: { N: `${at}` },
      later: { N: `${at + DAY}` },
      ancient: { N: '1' },
      text: { S: '1' },
    };
    for (const [pk, ttl] of Object.entries(rows)) {
      await dynamoDb.send(new PutItemCommand({ TableName, Item: { pk: { S: pk }, ttl } }));
    }
    const left = async () => {
      const { Items } = await dynamoDb.send(new ScanCommand({ TableName }));
      return (Items ?? []).map(({ pk }) => pk?.S).sort();
    };
    await advance({ directory, seconds: 3 * DAY - 60 });
    expect(await left()).toEqual(['ancient', 'expiring', 'later', 'text']);
    const { rowsExpired } = await advance({ directory, seconds: 61 });
    expect(rowsExpired).toBeGreaterThanOrEqual(1);
    expect(await left()).toEqual(['ancient', 'later', 'text']);
    expect(await lastStreamRecord()).toMatchObject({
      eventName: 'REMOVE',
      userIdentity: { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' },
      dynamodb: { Keys: { pk: { S: 'expiring' } } },
    });
  } finally {
    await dynamoDb.send(new DeleteTableCommand({ TableName }));
  }
});

async function lastStreamRecord(): Promise<unknown> {
  const aws = await awsCli();
  const { Table } = await dynamoDb.send(new DescribeTableCommand({ TableName }));
  const stream = ['--stream-arn', Table?.LatestStreamArn ?? ''];
  const { StreamDescription } = (await aws('dynamodbstreams', 'describe-stream', ...stream)) as {
    StreamDescription: { Shards: { ShardId: string }[] };
  };
  const shard = ['--shard-id', StreamDescription.Shards[0]?.ShardId ?? ''];
  const start = ['--shard-iterator-type', 'TRIM_HORIZON'];
  const iterator = await aws(
    ...['dynamodbstreams', 'get-shard-iterator', ...stream, ...shard, ...start],
  );
  const { ShardIterator } = iterator as { ShardIterator: string };
  const read = await aws('dynamodbstreams', 'get-records', '--shard-iterator', ShardIterator);
  return (read as { Records: unknown[] }).Records.at(-1);
}

test('functions live by the clock, whoever signs by the machine', async () => {
  const account = async (name: string) =>
    Date.parse((await letheJson<AccountAnswer>('user', 'add', name)).createdAt) / 1000;
  const away = (await now()) - Date.now() / 1000;
  expect(away).toBeGreaterThan(10 * DAY);
  expect(Math.abs((await account('later@clock.example')) - (await now()))).toBeLessThan(60);
  const earlier = await atOtherTime(directory, -40 * DAY, () => account('before@clock.example'));
  expect(Math.abs(earlier - ((await now()) - 40 * DAY))).toBeLessThan(60);
  // And forward again: what was done meanwhile changes nothing.
  expect(Math.abs((await account('after@clock.example')) - (await now()))).toBeLessThan(60);
});

test('O1: a wait of a state machine ends when the clock passes its end', async () => {
  const { iam, sfn } = clients;
  const name = Bucket;
  const Statement = [
    {
      Effect: 'Allow',
      Principal: { Service: 'states.amazonaws.com' },
      Action: 'sts:AssumeRole',
    },
  ];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  const role = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
  const States = { Wait: { Type: 'Wait', Seconds: 20 * DAY, End: true } };
  const { stateMachineArn } = await sfn.send(
    new CreateStateMachineCommand({
      name,
      roleArn: role.Role?.Arn,
      definition: JSON.stringify({ StartAt: 'Wait', States }),
    }),
  );
  try {
    const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn }));
    const status = async () =>
      (await sfn.send(new DescribeExecutionCommand({ executionArn }))).status;
    // The instance of the tests waits a tenth of what machines say.
    await advance({ directory, seconds: DAY });
    expect(await status()).toBe('RUNNING');
    await advance({ directory, seconds: DAY });
    await until('the end of the wait', 10, async () =>
      (await status()) === 'SUCCEEDED' ? true : undefined,
    );
  } finally {
    await sfn.send(new DeleteStateMachineCommand({ stateMachineArn }));
    await iam.send(new DeleteRoleCommand({ RoleName: name }));
  }
});

test('npm run local -- advance says what it did', async () => {
  await setRules({ Expiration: { Days: 1 }, NoncurrentVersionExpiration: { NoncurrentDays: 1 } });
  await put('a');
  const target = new Date(((await now()) + 10 * DAY) * 1000).toISOString();
  const command = [join(PROJECT_ROOT, 'local', 'local.ts'), '-d', directory, 'advance'];
  const { stdout } = await promisify(execFile)(process.execPath, [...command, '--to', target]);
  const lines = new Map(stdout.split('\n').map((line) => [line.slice(0, 18).trim(), line]));
  expect(stdout).toContain(`arrived at ${target.slice(0, 16)}`);
  // The clock is that of all buckets: what other tests have left in theirs may end with it.
  for (const what of ['objects expired', 'versions removed', 'markers removed']) {
    expect(lines.get(what)).toMatch(/ [1-9]\d*$/);
  }
  expect(await contents()).toEqual([]);
});
