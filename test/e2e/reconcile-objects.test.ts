/** S3 follows rows that are written straight into the deployed dictmap. */
import { GetBucketPolicyCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mailKey, opaqueKey } from '../../functions/contract/key-layout.ts';
import { RECONCILED_LOG } from '../../functions/contract/metrics.ts';
import { retryBody } from '../../functions/contract/reconcile.ts';
import {
  dictmapKeys,
  linkOf,
  type RowKey,
  registryKeys,
} from '../../functions/contract/row-layout.ts';
import { createAccount } from '../../functions/core/accounts/create-account.ts';
import { deliverMessages } from '../../functions/core/messages/deliver-messages.ts';
import type { Attributes } from '../../functions/core/ports/row-store.ts';
import { mail } from '../simulation/mail.ts';
import { awsCli } from './aws-cli.ts';
import { serviceResources } from './deployed-roles.ts';
import { operatorQueues } from './retry-queue.ts';
import { CLASSES, deployedStores, until } from './stores.ts';

const { ports, clients, outputs } = deployedStores();
const Bucket = outputs.mailBucket;
const ACCOUNT = ports.ids.hex(12);
const MAILBOX = `${ACCOUNT}.${ports.ids.hex(8)}`;
const DAY_MS = 86_400_000;
const IN_TIME_SECONDS = 60;

let aws: Awaited<ReturnType<typeof awsCli>>;
let queues: Awaited<ReturnType<typeof operatorQueues>>;
let logGroups: readonly string[];
let made = 0;

beforeAll(async () => {
  aws = await awsCli();
  // Nothing ends by the clock where no account says that it is not held.
  const attributes = { v: 1, type: 'account', accountId: ACCOUNT, state: 'active' };
  await ports.rows.write({ kind: 'put', key: registryKeys.account(ACCOUNT), attributes });
  queues = await operatorQueues(clients.sqs);
  const own = await serviceResources();
  logGroups = own.flatMap(({ LogicalResourceId = '', PhysicalResourceId = '' }) =>
    /^(ReconcileObjects|RetryReconcile)Logs/.test(LogicalResourceId) ? [PhysicalResourceId] : [],
  );
  expect(logGroups).toHaveLength(2);
});

afterAll(() => clients.destroy());

interface Stored {
  readonly key: RowKey;
  readonly objectKey: string;
}

async function put(key: RowKey, objectKey: string, attributes: Attributes): Promise<Stored> {
  const { versionId } = await ports.objects.put(objectKey, Buffer.from('bytes'));
  await ports.rows.write({ kind: 'put', key, attributes: { v: 1, versionId, ...attributes } });
  return { key, objectKey };
}

async function message(state: string, more: Attributes = {}): Promise<Stored> {
  made += 1;
  const blobId = ports.ids.hex(16);
  const bytes = { type: 'message', state, blobId, class: 'r30' };
  const key = dictmapKeys.message(MAILBOX, made);
  return await put(key, mailKey('r30', ACCOUNT, blobId), { ...bytes, ...more });
}

async function blob(more: Attributes = {}): Promise<Stored> {
  const blobId = ports.ids.hex(16);
  const bytes = { type: 'blob', state: 'live', blobId, class: 'r30', revision: 1, size: 5 };
  const key = dictmapKeys.blob(ACCOUNT, blobId);
  return await put(key, mailKey('r30', ACCOUNT, blobId), { ...bytes, ...more });
}

async function opaque(state = 'purging'): Promise<Stored> {
  const objectId = ports.ids.hex(16);
  const names = { type: 'object', state, kind: 'index', objectId, size: 5 };
  const key = dictmapKeys.purgingObject(ACCOUNT, 'index', objectId);
  return await put(key, opaqueKey('index', ACCOUNT, objectId), names);
}

/** What is under a key: `v` for a version, `m` for a marker, the latest first. */
async function under({ objectKey }: Stored): Promise<string> {
  const folder = objectKey.slice(0, objectKey.lastIndexOf('/') + 1);
  const { entries } = await ports.objects.listVersions(folder);
  return entries
    .filter(({ key }) => key === objectKey)
    .map(({ deleteMarker }) => (deleteMarker ? 'm' : 'v'))
    .join('');
}

async function followed(stored: Stored, wanted: string): Promise<void> {
  await until(`${stored.objectKey} being ${wanted || 'gone'}`, IN_TIME_SECONDS, async () =>
    (await under(stored)) === wanted ? true : undefined,
  );
  const row = await ports.rows.get(stored.key);
  expect(row === undefined).toBe(wanted === '');
}

/** Rows that the functions were woken for so far, by their logs. */
async function rowsFollowed(): Promise<number> {
  let sum = 0;
  for (const group of logGroups) {
    const answer = await aws('logs', 'filter-log-events', '--log-group-name', group);
    const { events } = answer as { events: readonly { readonly message: string }[] };
    for (const { message: text } of events) {
      if (!text.startsWith('{')) continue;
      const line = JSON.parse(text) as Readonly<Record<string, unknown>>;
      if (line['message'] !== RECONCILED_LOG.message) continue;
      for (const field of RECONCILED_LOG.fields) sum += Number(line[field]);
    }
  }
  return sum;
}

test('X2, B1: markers and versions follow the rows', async () => {
  const link = linkOf(MAILBOX, 1);
  const soon = Date.now() + 30 * DAY_MS;
  const hidden = [
    await message('expunged', { expiresAt: soon }),
    await message('expunged'),
    await blob({ expunged: { [link]: soon } }),
    await blob({ expunged: { [link]: 1, other: 0 } }),
  ];
  const gone = [
    await message('purging'),
    await blob(),
    await blob({ expunged: { [link]: 1 } }),
    await blob({ state: 'purging' }),
    await opaque(),
  ];
  const kept = [
    await message('live'),
    await message('moved'),
    await message('expunged', { copied: true }),
    await blob({ live: new Set([link]), expunged: { other: 1 } }),
  ];
  for (const one of hidden) await followed(one, 'mv');
  for (const one of gone) await followed(one, '');
  for (const one of kept) await followed(one, 'v');
  expect(await queues.waiting()).toBe(0);
});

test('X2: no delivery, change of flags or removal of a row wakes the function', async () => {
  const before = await rowsFollowed();
  const user = 'unwoken@example.org';
  await createAccount(ports, CLASSES, { user });
  const raws = Array.from({ length: 20 }, (_, i) => ({
    raw: mail(`message ${i}`),
    flags: [],
    keywords: [],
  }));
  const delivery = { user, mailbox: 'INBOX', messages: raws };
  await deliverMessages(ports, delivery, Date.now() + 20_000);
  const flagged = await message('live');
  const guard = { row: 'present' } as const;
  const change = { set: { flags: new Set(['\\Seen']) } };
  await ports.rows.write({ kind: 'update', key: flagged.key, guard, change });
  await ports.rows.write({
    kind: 'update',
    key: flagged.key,
    guard,
    change: { set: { state: 'moved' } },
  });
  await ports.rows.write({ kind: 'remove', key: flagged.key });
  const removed = await message('expunged');
  await followed(removed, 'mv');
  await ports.rows.write({ kind: 'remove', key: removed.key });
  // The stream is in order: when the last row has been followed, what came before was looked at.
  await followed(await message('expunged'), 'mv');
  await until('the log', IN_TIME_SECONDS, async () =>
    (await rowsFollowed()) - before === 2 ? true : undefined,
  );
});

test('X5: bytes that are gone get no marker', async () => {
  const { key, objectKey } = await message('live');
  const versionId = (await ports.rows.get(key))?.attributes['versionId'];
  await ports.objects.removeVersions([{ key: objectKey, versionId: String(versionId) }]);
  const guard = { row: 'present' } as const;
  await ports.rows.write({ kind: 'update', key, guard, change: { set: { state: 'expunged' } } });
  await followed(await message('expunged'), 'mv');
  expect(await under({ key, objectKey })).toBe('');
});

test('O3: what time has changed is seen by a retry: it reads the row anew', async () => {
  const expiring = await blob({ expunged: { [linkOf(MAILBOX, 1)]: Date.now() + 3000 } });
  await followed(expiring, 'mv');
  await ports.clock.sleep(3000);
  await queues.retry(expiring.key);
  await until('the row going', IN_TIME_SECONDS, async () =>
    (await ports.rows.get(expiring.key)) === undefined ? true : undefined,
  );
  expect(await under(expiring)).toBe('m');
});

describe('rows that S3 cannot follow', () => {
  let policy: string;

  /** Lets S3 refuse every deletion of these keys, whoever asks. */
  async function protect(stored: readonly Stored[]): Promise<void> {
    const document = JSON.parse(policy) as { readonly Statement: readonly object[] };
    const denial = {
      Effect: 'Deny',
      Principal: '*',
      Action: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
      Resource: stored.map(({ objectKey }) => `arn:aws:s3:::${Bucket}/${objectKey}`),
    };
    const Policy = JSON.stringify({ ...document, Statement: [...document.Statement, denial] });
    await clients.s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  }
  const unprotect = () => clients.s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policy }));

  beforeAll(async () => {
    const { Policy = '' } = await clients.s3.send(new GetBucketPolicyCommand({ Bucket }));
    policy = Policy;
    expect(policy).toContain('aws:SecureTransport');
  });

  test('O3: delay no other, die, ring, and are followed after a redrive', async () => {
    expect(await queues.dead()).toBe(0);
    const poison = [await message('live'), await message('live'), await opaque('waiting')];
    const [marked, removed, bundle] = poison as [Stored, Stored, Stored];
    await protect(poison);
    await turn(marked, 'expunged');
    await turn(removed, 'purging');
    await turn(bundle, 'purging');
    const damaged = await message('purging', { class: '../..' });
    const others = [await message('expunged'), await message('expunged')];
    for (const one of others) await followed(one, 'mv');

    const dead = 4;
    await until('dead letters', IN_TIME_SECONDS, async () =>
      (await queues.dead()) === dead ? true : undefined,
    );
    expect(await Promise.all(poison.map(under))).toEqual(['v', 'v', 'v']);
    expect(await queues.waiting()).toBe(0);
    await expectAlarm();

    await unprotect();
    const letters = await queues.redrive();
    expect([...letters].sort()).toEqual(
      [...poison, damaged].map(({ key }) => retryBody(key)).sort(),
    );
    await followed(marked, 'mv');
    await followed(removed, '');
    await followed(bundle, '');
    // What is damaged stays, and dies again.
    await until('the damaged one', IN_TIME_SECONDS, async () =>
      (await queues.dead()) === 1 ? true : undefined,
    );
    expect(await queues.takeDead()).toEqual([retryBody(damaged.key)]);
    expect(await ports.rows.get(damaged.key)).toBeDefined();
  });

  test('O3: a message that names no row dies as well, and harms none', async () => {
    for (const body of ['not JSON', '{}', '{"pk":"mailbox#x","sk":"y"}']) await queues.send(body);
    const fine = await message('expunged');
    await followed(fine, 'mv');
    await queues.retry(fine.key);
    await until('two dead letters', IN_TIME_SECONDS, async () =>
      (await queues.dead()) === 2 && (await queues.waiting()) === 0 ? true : undefined,
    );
    // The third names a row that is not there: nothing to do.
    expect([...(await queues.takeDead())].sort()).toEqual(['not JSON', '{}']);
  });

  async function turn({ key }: Stored, state: string): Promise<void> {
    const guard = { row: 'present' } as const;
    await ports.rows.write({ kind: 'update', key, guard, change: { set: { state } } });
  }

  /** CloudWatch's metric of the queue is what the alarm looks at. */
  async function expectAlarm(): Promise<void> {
    const names = ['--alarm-names', 'lethe-local-dead-letters'];
    const { MetricAlarms } = (await aws('cloudwatch', 'describe-alarms', ...names)) as {
      readonly MetricAlarms: readonly unknown[];
    };
    expect(MetricAlarms).toEqual([
      expect.objectContaining({
        Namespace: 'AWS/SQS',
        MetricName: 'ApproximateNumberOfMessagesVisible',
        Dimensions: [{ Name: 'QueueName', Value: queues.deadName }],
        Threshold: 1,
      }),
    ]);
  }
});
