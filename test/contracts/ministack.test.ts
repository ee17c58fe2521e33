/** The contracts over the embedded AWS, in tables, buckets and a machine of their own. */
import { CreateRoleCommand, DeleteRoleCommand } from '@aws-sdk/client-iam';
import { CreateKeyCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectRetentionCommand,
  HeadObjectCommand,
  type ObjectLockMode,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import {
  CreateActivityCommand,
  CreateStateMachineCommand,
  DeleteActivityCommand,
  DeleteStateMachineCommand,
  GetActivityTaskCommand,
  SendTaskSuccessCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { CryptoIds } from '../../functions/adapters/crypto-ids.ts';
import { DynamoDbRowStore } from '../../functions/adapters/dynamodb-row-store.ts';
import { KmsSigner } from '../../functions/adapters/kms-signer.ts';
import { S3EvidenceStore } from '../../functions/adapters/s3-evidence-store.ts';
import { S3ObjectStore } from '../../functions/adapters/s3-object-store.ts';
import { meterDynamoDb } from '../../functions/adapters/sdk-metering.ts';
import { executionArn, SfnWorkflows } from '../../functions/adapters/sfn-workflows.ts';
import { SqsRetryQueue } from '../../functions/adapters/sqs-retry-queue.ts';
import { SystemClock } from '../../functions/adapters/system-clock.ts';
import { Meter } from '../../functions/core/meter/meter.ts';
import { openUrl, sendPut } from '../presigned-requests.ts';
import { sdkClients } from '../sdk-clients.ts';
import { evidenceStoreContract } from './evidence-store.contract.ts';
import { lostAnswerContract } from './lost-answers.contract.ts';
import { objectStoreContract } from './object-store.contract.ts';
import { retryQueueContract } from './retry-queue.contract.ts';
import { rowStoreContract } from './row-store.contract.ts';
import { rowUnitsContract } from './row-units.contract.ts';
import { signerContract } from './signer.contract.ts';
import { createTables, deleteTables } from './tables.ts';
import { workflowsContract } from './workflows.contract.ts';

const target = inject('ministack');
const clients = sdkClients(target);
const ids = new CryptoIds();
const clock = new SystemClock();
/** The instance may outlive this run. */
const run = `contract-${ids.hex(4)}`;

describe('MiniStack', () => {
  const ends: (() => Promise<unknown>)[] = [];
  afterAll(async () => {
    for (const end of ends) await end();
    clients.destroy();
  });

  const madeTables = lazily(async () => {
    const tableNames = await createTables(clients.dynamoDb, run);
    ends.push(() => deleteTables(clients.dynamoDb, tableNames));
    return tableNames;
  });

  rowStoreContract(
    'MiniStack',
    async () => {
      const tableNames = await madeTables();
      return new DynamoDbRowStore({ client: clients.dynamoDb, tableNames, clock, ids });
    },
    { lenient: true },
  );

  rowUnitsContract('MiniStack', async () => {
    const [tableNames, meter] = [await madeTables(), new Meter()];
    const client = meterDynamoDb(sdkClients(target).dynamoDb, meter);
    return { rows: new DynamoDbRowStore({ client, tableNames, clock, ids }), meter };
  });

  lostAnswerContract('MiniStack', async () => ({
    tableNames: await madeTables(),
    makeClient: () => sdkClients(target).dynamoDb,
  }));

  objectStoreContract('MiniStack', async () => {
    const bucket = `${run}-mail`;
    const { s3 } = clients;
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
    await s3.send(
      new PutBucketVersioningCommand({
        Bucket: bucket,
        VersioningConfiguration: { Status: 'Enabled' },
      }),
    );
    return {
      store: new S3ObjectStore({ client: s3, bucket }),
      addVersion: async (key, body) => {
        const made = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
        return { versionId: given(made.VersionId) };
      },
      copiesOnce: false,
      placeMarker: async (key) => {
        await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
      },
      startUpload: async (key) => {
        await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
      },
      send: (put, body) => sendPut(put, body, target.caFile),
      open: (url) => openUrl(url, target.caFile),
    };
  });

  retryQueueContract('MiniStack', async () => {
    const { sqs } = clients;
    const made = await sqs.send(
      new CreateQueueCommand({ QueueName: run, Attributes: { VisibilityTimeout: '60' } }),
    );
    const QueueUrl = given(made.QueueUrl);
    ends.push(() => sqs.send(new DeleteQueueCommand({ QueueUrl })));
    return {
      queue: new SqsRetryQueue({ client: sqs, queueUrl: QueueUrl }),
      receive: async () => {
        const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 });
        const { Messages = [] } = await sqs.send(command);
        return Messages.map(({ Body, ReceiptHandle }) => ({
          body: given(Body),
          receipt: given(ReceiptHandle),
        }));
      },
      remove: async ({ receipt }) => {
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: receipt }));
      },
      pass: (seconds) => clock.sleep(seconds * 1000),
    };
  });

  /** A machine that only waits for an activity needs a role without any permission. */
  const stateMachineRole = async (): Promise<string> => {
    const trust = {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 'states.amazonaws.com' },
          Action: 'sts:AssumeRole',
        },
      ],
    };
    const role = { RoleName: run, AssumeRolePolicyDocument: JSON.stringify(trust) };
    const { Role } = await clients.iam.send(new CreateRoleCommand(role));
    ends.push(() => clients.iam.send(new DeleteRoleCommand({ RoleName: run })));
    return given(Role?.Arn);
  };

  describe.each(['COMPLIANCE', 'GOVERNANCE'] as const)('evidence locked by %s', (lockMode) => {
    const bucket = `${run}-${lockMode.toLowerCase()}`;
    evidenceStoreContract(`MiniStack, ${lockMode}`, () => evidenceStore(bucket, lockMode));

    test('U7: the lock lasts until the time given, in the mode given', async () => {
      const { s3 } = clients;
      const store = new S3EvidenceStore({ client: s3, bucket, lockMode, clock, ids });
      const lockedUntil = Date.parse('2036-11-22T10:00:00Z');
      await store.save('certificates/lock.json', Buffer.from('{}'), lockedUntil);
      const name = { Bucket: bucket, Key: 'certificates/lock.json' };
      const { Retention } = await s3.send(new GetObjectRetentionCommand(name));
      expect(Retention?.Mode).toBe(lockMode);
      expect(Retention?.RetainUntilDate?.getTime()).toBe(lockedUntil);
    });
  });
  evidenceStoreContract('MiniStack, no lock', () => evidenceStore(`${run}-unlocked`, undefined), {
    locks: false,
  });

  signerContract('MiniStack', async () => {
    const { KeyMetadata } = await clients.kms.send(
      new CreateKeyCommand({ KeyUsage: 'SIGN_VERIFY', KeySpec: 'RSA_3072' }),
    );
    const KeyId = given(KeyMetadata?.KeyId);
    ends.push(() =>
      clients.kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 })),
    );
    return new KmsSigner({ client: clients.kms, keyId: KeyId });
  });

  workflowsContract('MiniStack', async () => {
    const { sfn } = clients;
    const roleArn = await stateMachineRole();
    const { activityArn } = await sfn.send(new CreateActivityCommand({ name: run }));
    const made = await sfn.send(
      new CreateStateMachineCommand({
        name: run,
        roleArn,
        definition: JSON.stringify({
          StartAt: 'Until told',
          States: { 'Until told': { Type: 'Task', Resource: activityArn, End: true } },
        }),
      }),
    );
    const stateMachineArn = given(made.stateMachineArn);
    ends.push(
      () => sfn.send(new DeleteStateMachineCommand({ stateMachineArn })),
      () => sfn.send(new DeleteActivityCommand({ activityArn })),
    );
    const machineArns = { 'delete-account': stateMachineArn };
    return {
      workflows: new SfnWorkflows({ client: sfn, machineArns }),
      end: async (name, status) => {
        if (status === 'failed') {
          const execution = executionArn(stateMachineArn, name);
          await sfn.send(new StopExecutionCommand({ executionArn: execution }));
          return;
        }
        const { taskToken } = await sfn.send(new GetActivityTaskCommand({ activityArn }));
        await sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
      },
    };
  });
});

async function evidenceStore(bucket: string, lockMode: ObjectLockMode | undefined) {
  const { s3 } = clients;
  await s3.send(
    new CreateBucketCommand({
      Bucket: bucket,
      ...(lockMode === undefined ? {} : { ObjectLockEnabledForBucket: true }),
    }),
  );
  const options = { client: s3, bucket, clock, ids };
  return {
    store: new S3EvidenceStore(lockMode === undefined ? options : { ...options, lockMode }),
    remove: async (name: string) => {
      const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: name }));
      const version = { Bucket: bucket, Key: name, VersionId: given(head.VersionId) };
      await s3.send(new DeleteObjectCommand(version));
    },
  };
}

function given(value: string | undefined): string {
  if (value === undefined) throw new Error('the answer lacks an id');
  return value;
}

/** Makes a thing once, when it is first asked for. */
function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
