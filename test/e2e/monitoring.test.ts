import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  classPrefix,
  mailKey,
  OPAQUE_CLASS,
  UPLOADS_PREFIX,
} from '../../functions/contract/key-layout.ts';
import { furnish } from '../simulation/mail.ts';
import { awsCli } from './aws-cli.ts';
import { serviceResources } from './deployed-roles.ts';
import { lethe } from './lethe-command.ts';
import { CLASSES, deployedStores, replacedObjectsGone } from './stores.ts';

interface Filter {
  readonly logGroupName: string;
  readonly filterPattern: string;
  readonly metricTransformations: readonly {
    readonly metricName: string;
    readonly metricValue: string;
  }[];
}

const { ports, clients, outputs } = deployedStores();
let aws: Awaited<ReturnType<typeof awsCli>>;
let filters: readonly Filter[];

beforeAll(async () => {
  aws = await awsCli();
  const answer = await aws('logs', 'describe-metric-filters');
  // Other tests deploy a stage beside this one, with filters of the same names.
  const own = new Set((await serviceResources()).map((one) => one.PhysicalResourceId));
  const { metricFilters } = answer as { readonly metricFilters: readonly Filter[] };
  filters = metricFilters.filter(({ logGroupName }) => own.has(logGroupName));
});

afterAll(() => clients.destroy());

/** What a metric would get from the log: the value of each line that its filter matches. */
async function valuesOf(metric: string): Promise<readonly number[]> {
  const found = filters.find((one) =>
    one.metricTransformations.some(({ metricName }) => metricName === metric),
  );
  if (found === undefined) throw new Error(`no filter makes the metric ${metric}`);
  const { logGroupName, filterPattern } = found;
  const value = found.metricTransformations[0]?.metricValue ?? '';
  const terms = [...filterPattern.matchAll(/\$\.(\w+) = "([^"]*)"/g)];
  expect(terms.length).toBeGreaterThan(0);
  const answer = await aws('logs', 'filter-log-events', '--log-group-name', logGroupName);
  const { events } = answer as { events: readonly { readonly message: string }[] };
  return events
    .filter(({ message }) => message.startsWith('{'))
    .map(({ message }) => JSON.parse(message) as Record<string, unknown>)
    .filter((line) => terms.every(([, field = '', text]) => line[field] === text))
    .map((line) => Number(value.startsWith('$.') ? line[value.slice(2)] : value));
}

test('alarms and the dashboard are there', async () => {
  const { MetricAlarms } = (await aws('cloudwatch', 'describe-alarms')) as {
    readonly MetricAlarms: readonly { readonly AlarmName: string }[];
  };
  const names = MetricAlarms.map(({ AlarmName }) => AlarmName);
  expect(names).toContain('lethe-local-deletion-overdue');
  expect(names.length).toBeGreaterThan(40);
  const dashboard = ['--dashboard-name', 'lethe-local'];
  const { DashboardBody } = (await aws('cloudwatch', 'get-dashboard', ...dashboard)) as {
    readonly DashboardBody: string;
  };
  expect(Object.keys(JSON.parse(DashboardBody))).toContain('widgets');
});

test('O1: the scheduled look leaves how many executions run, and since when', async () => {
  const found = (await serviceResources()).find(({ LogicalResourceId = '' }) =>
    LogicalResourceId.startsWith('WatchExecutionsFunction'),
  );
  const name = found?.PhysicalResourceId ?? '';
  await aws('lambda', 'invoke', '--function-name', name, '/dev/null');
  for (const metric of ['ExecutionsRunning', 'OldestExecutionSeconds']) {
    const values = await valuesOf(metric);
    expect(values.length).toBeGreaterThan(0);
    expect(values.filter((value) => !Number.isSafeInteger(value) || value < 0)).toEqual([]);
  }
});

/** Under every prefix that an upload of the account can have, and one that has ended. */
async function addUploads(accountId: string): Promise<void> {
  const Bucket = outputs.mailBucket;
  const id = '0'.repeat(32);
  const uploaded = `${UPLOADS_PREFIX}${accountId}/${id}`;
  for (const Key of [
    uploaded,
    mailKey('r30', accountId, id),
    classPrefix(OPAQUE_CLASS, '0', accountId) + id,
  ]) {
    await clients.s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  }
  await clients.s3.send(new PutObjectCommand({ Bucket, Key: uploaded, Body: 'uploaded' }));
  await clients.s3.send(new DeleteObjectCommand({ Bucket, Key: uploaded }));
}

test('O1: what was erased is counted from the log, and a clean verification is no leftover', async () => {
  const user = 'counted@example.org';
  const { accountId } = await furnish(ports, CLASSES, user, 10);
  await addUploads(accountId);
  await replacedObjectsGone(ports.rows, accountId);
  const before = await valuesOf('VerificationFoundMore');
  expect(await lethe('user', 'delete', user, '--yes')).toMatchObject({ code: 0 });
  expect(await valuesOf('ErasedMessageRows')).toContain(20);
  expect(await valuesOf('ErasedObjectVersions')).toContain(20 + 6 + 1);
  expect(await valuesOf('VerificationFoundMore')).toEqual(before);
  expect(await valuesOf('VerificationGaveUp')).toEqual([]);
});
