import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { STARTED_VERBS } from '../../functions/contract/machines.ts';
import {
  ERASED_LOG,
  RECONCILED_LOG,
  STEP_LOG,
  VERIFY_OUTCOMES,
  VERIFY_STEP,
  WATCH_LOG,
} from '../../functions/contract/metrics.ts';
import { FUNCTIONS } from './function-names.ts';
import { resourcesOf, synthesize } from './synthesized.ts';

const TOPIC = 'arn:aws:sns:eu-central-1:012345678901:operators';

const prod = synthesize('prod', { raw: { alarmTopicArn: TOPIC } }).service;
const local = synthesize('local').service;

interface Alarm {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly Threshold: number;
  readonly TreatMissingData: string;
  readonly AlarmActions?: readonly unknown[];
  readonly OKActions?: readonly unknown[];
  readonly Metrics?: unknown;
}

const alarmsOf = (template: typeof prod) =>
  [...resourcesOf(template, 'AWS::CloudWatch::Alarm').values()].map(
    ({ Properties }) => Properties as unknown as Alarm,
  );
const alarms = alarmsOf(prod);
const byMetric = (namespace: string, metric: string) =>
  alarms.filter((one) => one.Namespace === namespace && one.MetricName === metric);
const dimension = (alarm: Alarm | undefined, name: string) =>
  JSON.stringify(alarm?.Dimensions?.find((one) => one.Name === name)?.Value);

/** Headings as GitHub makes anchors of them. */
const anchorsOf = (markdown: string) =>
  [...markdown.matchAll(/^#+ +(.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('alarms', () => {
  test('every alarm says how bad it is, what happened, and where to read what to do', () => {
    expect(alarms.length).toBeGreaterThan(40);
    const files = new Map<string, readonly string[]>();
    for (const { AlarmName, AlarmDescription } of alarms) {
      expect(AlarmName).toMatch(/^lethe-prod-[a-z-]+$/);
      const told = /^\[(?:critical|warning)\] [A-Z].*[.] (\S+)#(\S+)$/.exec(AlarmDescription);
      const [, file = '', anchor = ''] = told ?? [];
      expect(existsSync(file), `${AlarmName}: ${AlarmDescription}`).toBe(true);
      if (!files.has(file)) files.set(file, anchorsOf(readFileSync(file, 'utf8')));
      expect(files.get(file), AlarmName).toContain(anchor);
    }
  });

  test('names are unique, and no metric is watched twice', () => {
    const names = alarms.map(({ AlarmName }) => AlarmName);
    expect(new Set(names).size).toBe(names.length);
    const metrics = alarms.map(({ Namespace, MetricName, Dimensions }) =>
      JSON.stringify([Namespace, MetricName, Dimensions]),
    );
    expect(new Set(metrics).size).toBe(metrics.length);
  });

  test('each tells the topic of the settings when it rings and when it is over', () => {
    for (const { AlarmActions, OKActions } of alarms) {
      expect(AlarmActions).toEqual([TOPIC]);
      expect(OKActions).toEqual([TOPIC]);
    }
    const silent = alarmsOf(local);
    expect(silent).toHaveLength(alarms.length);
    expect(silent.filter((one) => one.AlarmActions !== undefined)).toEqual([]);
  });

  test('none needs metric arithmetic, which the embedded AWS does not take', () => {
    expect(alarms.filter(({ Metrics }) => Metrics !== undefined)).toEqual([]);
  });

  test.each(FUNCTIONS)('errors and throttles of %s', (name) => {
    for (const metric of ['Errors', 'Throttles']) {
      const found = byMetric('AWS/Lambda', metric).filter((alarm) =>
        dimension(alarm, 'FunctionName')?.startsWith(`{"Ref":"${name}Function`),
      );
      expect(found).toHaveLength(1);
    }
  });

  test.each(['Failed', 'TimedOut', 'Aborted'])('one execution of delete-account: %s', (how) => {
    const [alarm, second] = byMetric('AWS/States', `Executions${how}`).filter((one) =>
      dimension(one, 'StateMachineArn')?.includes('DeleteAccountMachine'),
    );
    expect(second).toBeUndefined();
    expect(alarm).toMatchObject({ Threshold: 1, TreatMissingData: 'notBreaching' });
  });

  test.each([
    ['Autoexpunge', 'Failed'],
    ['Autoexpunge', 'TimedOut'],
    ['PurgeMailboxes', 'Failed'],
    ['PurgeMailboxes', 'TimedOut'],
    ['ExpungeMessages', 'Failed'],
    ['ExpungeMessages', 'TimedOut'],
    ['RestoreMessages', 'Failed'],
    ['RestoreMessages', 'TimedOut'],
    ['HoldAccount', 'Failed'],
    ['HoldAccount', 'TimedOut'],
    ['ReleaseHold', 'Failed'],
    ['ReleaseHold', 'TimedOut'],
  ])('O3: an execution of %s: %s', (machine, how) => {
    const found = byMetric('AWS/States', `Executions${how}`).filter((one) =>
      dimension(one, 'StateMachineArn')?.includes(`${machine}Machine`),
    );
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ Threshold: 1, TreatMissingData: 'notBreaching' });
  });

  test('a deletion that still runs after the hours of the settings, or nobody looking', () => {
    const { service } = synthesize('prod', { raw: { overdueHours: 3 } });
    const overdue = alarmsOf(service).find(({ AlarmName }) => AlarmName.endsWith('-overdue'));
    expect(overdue).toMatchObject({
      Namespace: 'Lethe/prod',
      MetricName: 'OldestExecutionSeconds',
      Statistic: 'Maximum',
      Threshold: 3 * 3600,
      TreatMissingData: 'breaching',
    });
    const rules = [...resourcesOf(service, 'AWS::Events::Rule').values()];
    expect(rules.map(({ Properties }) => Properties['ScheduleExpression'])).toContain(
      'rate(5 minutes)',
    );
  });

  test('throttling of both tables and of each of their indexes', () => {
    const writes = byMetric('AWS/DynamoDB', 'WriteThrottleEvents');
    const watched = writes.map((alarm) => [
      /(Registry|Dictmap)/.exec(dimension(alarm, 'TableName') ?? '')?.[1],
      dimension(alarm, 'GlobalSecondaryIndexName'),
    ]);
    expect(watched).toHaveLength(6);
    expect(watched).toEqual(
      expect.arrayContaining([
        ['Registry', undefined],
        ['Registry', '"due"'],
        ['Registry', '"list"'],
        ['Dictmap', undefined],
        ['Dictmap', '"due"'],
        ['Dictmap', '"lazy"'],
      ]),
    );
    expect(byMetric('AWS/DynamoDB', 'ReadThrottleEvents')).toHaveLength(2);
  });

  test.each([
    ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', 'DeadLetterQueue', 1],
    ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', 'LostRecordsQueue', 1],
    ['AWS/SQS', 'ApproximateAgeOfOldestMessage', 'QueueName', 'RetryQueue', 3600],
    ['AWS/Lambda', 'IteratorAge', 'FunctionName', 'ReconcileObjectsFunction', 3_600_000],
  ])('O3: %s %s of %s %s', (namespace, metric, name, resource, threshold) => {
    const reference = new RegExp(`^\\{"(Ref|Fn::GetAtt)":\\[?"${resource}`);
    const found = byMetric(namespace, metric).filter((one) =>
      reference.test(dimension(one, name) ?? ''),
    );
    expect(found).toHaveLength(1);
    const [alarm] = found;
    expect(alarm).toMatchObject({
      Statistic: 'Maximum',
      Threshold: threshold,
      TreatMissingData: 'notBreaching',
    });
  });

  test('faults and slowness of the doors', () => {
    const [faults] = byMetric('AWS/ApiGateway', '5xx');
    const [slow] = byMetric('AWS/ApiGateway', 'Latency');
    expect(faults?.AlarmDescription).toMatch(/^\[critical\]/);
    expect(slow).toMatchObject({ ExtendedStatistic: 'p99', Threshold: 10_000 });
  });
});

describe('metrics of log lines', () => {
  const filters = [...resourcesOf(prod, 'AWS::Logs::MetricFilter').values()].map(
    ({ Properties }) => {
      const [made] = Properties['MetricTransformations'] as readonly {
        readonly MetricName: string;
        readonly MetricValue: string;
      }[];
      const group = JSON.stringify(Properties['LogGroupName']);
      return { ...made, group, pattern: String(Properties['FilterPattern']) };
    },
  );
  const filter = (name: string) => filters.find(({ MetricName }) => MetricName === name);

  test('X3: verification that found something, by what became of it', () => {
    for (const [name, outcome] of [
      ['VerificationFoundMore', VERIFY_OUTCOMES.foundMore],
      ['VerificationGaveUp', VERIFY_OUTCOMES.gaveUp],
    ] as const) {
      expect(filter(name)).toMatchObject({
        MetricValue: '1',
        group: expect.stringContaining('VerifyErasureLogs'),
        pattern:
          `{ ($.message = "${STEP_LOG.message}") && ($.step = "${VERIFY_STEP}") && ` +
          `($.outcome = "${outcome}") }`,
      });
    }
  });

  test('O1: what was erased, and what runs', () => {
    const erased = filters.filter(({ group }) => group.includes('CertifyErasureLogs'));
    expect(erased.map(({ MetricValue }) => MetricValue)).toEqual(
      ERASED_LOG.fields.map((field) => `$.${field}`),
    );
    expect(filter('OldestExecutionSeconds')).toMatchObject({
      MetricValue: `$.${WATCH_LOG.fields.oldestSeconds}`,
      group: expect.stringContaining('WatchExecutionsLogs'),
      pattern: `{ $.message = "${WATCH_LOG.message}" }`,
    });
  });
});

test('O3: rows that S3 followed, of the stream and of the retry queue, make one metric', () => {
  const filters = [...resourcesOf(prod, 'AWS::Logs::MetricFilter').values()].filter(
    ({ Properties }) => String(Properties['FilterPattern']).includes(RECONCILED_LOG.message),
  );
  const names = filters.map(({ Properties }) => {
    const [made] = Properties['MetricTransformations'] as readonly { MetricName: string }[];
    return made?.MetricName;
  });
  expect(names).toHaveLength(8);
  expect(new Set(names)).toEqual(
    new Set(['ReconciledMarked', 'ReconciledRemoved', 'ReconciledNothing', 'ReconciledPostponed']),
  );
});

test('the dashboard shows every machine, what they erased, every function, tables and doors', () => {
  const [dashboard] = [...resourcesOf(prod, 'AWS::CloudWatch::Dashboard').values()];
  expect(dashboard?.Properties['DashboardName']).toBe('lethe-prod');
  const body = JSON.stringify(dashboard?.Properties['DashboardBody']);
  const titles = [...body.matchAll(/\\"title\\":\\"([^\\]+)/g)].map(([, title]) => title);
  expect(titles).toEqual([
    ...STARTED_VERBS.map((verb) => `Executions of ${verb}`),
    'Running deletions, and how long the oldest has run (s)',
    'Erased',
    'Verifications that found something',
    'Rows that S3 followed, and how late the stream is read (ms)',
    'Rows in the retry queue and dead, and how long they wait (s)',
    'Functions: longest duration (ms)',
    'Functions: errors and throttles',
    'Table registry: throttled requests',
    'Table registry: system errors',
    'Table dictmap: throttled requests',
    'Table dictmap: system errors',
    'Doors: requests',
    'Doors: latency (ms)',
  ]);
  for (const name of FUNCTIONS) expect(body).toContain(`"Ref":"${name}Function`);
});
