import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BACKUP_WAIT_LOG } from '../../functions/contract/metrics.ts';
import {
  actionsOn,
  grantsOf,
  policiesOf,
  resourceNamed,
  resourcesOf,
  synthesize,
} from './synthesized.ts';

const TOPIC = 'arn:aws:sns:eu-central-1:012345678901:operators';

const off = synthesize('prod').service;
const recorded = synthesize('prod', { raw: { backupGate: 'recorded' } }).service;
const aws = synthesize('prod', {
  raw: { backupGate: 'aws-backup', backupWaitAlarmDays: 3, alarmTopicArn: TOPIC },
}).service;

const idsOf = (template: typeof off, type: string) => [...resourcesOf(template, type).keys()];
const ruleNamed = (name: string) => resourceNamed(aws, 'AWS::Events::Rule', name).Properties;
const routesOf = (template: typeof off) =>
  [...resourcesOf(template, 'AWS::ApiGatewayV2::Route').values()]
    .map(({ Properties }) => String(Properties['RouteKey']))
    .filter((key) => key.includes('backups'))
    .sort();

describe('the backup gate', () => {
  test('off deploys nothing of it', () => {
    for (const type of ['AWS::Lambda::Function', 'AWS::Events::Rule', 'AWS::CloudWatch::Alarm']) {
      expect(idsOf(off, type).filter((id) => id.includes('Backup'))).toEqual([]);
    }
    expect(routesOf(off)).toEqual([]);
    expect([...policiesOf(off).keys()].filter((id) => id.includes('Backup'))).toEqual([]);
  });

  test('recorded deploys the door, and nothing that asks AWS Backup', () => {
    expect(routesOf(recorded)).toEqual(['GET /v1/backups', 'POST /v1/backups']);
    for (const type of ['AWS::Lambda::Function', 'AWS::StepFunctions::StateMachine']) {
      expect(idsOf(recorded, type)).toEqual(idsOf(off, type));
    }
    expect(JSON.stringify(recorded.toJSON())).not.toContain('aws.backup');
  });

  test('whoever records backups can do nothing else', () => {
    const policies = [...policiesOf(recorded)].filter(([id]) => id.includes('BackupCaller'));
    const paths = policies.flatMap(([, statements]) =>
      statements.flatMap(({ resources }) =>
        resources.map((one) => one.replace(/^.*\/\$default\//, '')),
      ),
    );
    expect(paths.sort()).toEqual(['GET/v1/backups', 'POST/v1/backups']);
    recorded.hasOutput('BackupCallerPolicyArn', {});
  });
});

describe('aws-backup', () => {
  const ARNS = ['MailBucket', 'RegistryTable', 'DictmapTable'];

  test('F5: completed jobs of the three resources, and no others, wake a function', () => {
    const { EventPattern, Targets } = ruleNamed('BackupJobsRule');
    const { detail, ...rest } = EventPattern as { detail: Record<string, unknown[]> };
    expect(rest).toEqual({ source: ['aws.backup'], 'detail-type': ['Backup Job State Change'] });
    expect(detail['state']).toEqual(['COMPLETED']);
    const named = (detail['resourceArn'] ?? []).map((arn) => JSON.stringify(arn));
    expect(named).toEqual(ARNS.map((name) => expect.stringMatching(`GetAtt${name}\\w*Arn`)));
    expect(JSON.stringify(Targets)).toContain('RecordBackupFunction');
  });

  test('F5: the function knows what AWS Backup calls each resource', () => {
    const { Properties } = resourceNamed(aws, 'AWS::Lambda::Function', 'RecordBackupFunction');
    const { Variables } = Properties['Environment'] as { Variables: Record<string, unknown> };
    const arns = Variables['LETHE_BACKUP_ARNS'] as { 'Fn::Join': [string, unknown[]] };
    const parts = arns['Fn::Join'][1].map((part) =>
      typeof part === 'string'
        ? part
        : /GetAtt(\w+?Table|\w+?Bucket)/.exec(JSON.stringify(part))?.[1],
    );
    expect(JSON.parse(parts.join(''))).toEqual({
      'mail-bucket': 'MailBucket',
      registry: 'RegistryTable',
      dictmap: 'DictmapTable',
    });
  });

  test('W1: it reads and writes rows of the registry, and touches no mail', () => {
    const grants = grantsOf(aws, 'RecordBackup');
    expect(actionsOn(grants, 'RegistryTable')).toEqual(['dynamodb:GetItem', 'dynamodb:PutItem']);
    expect(actionsOn(grants, 'DictmapTable')).toEqual([]);
    expect(actionsOn(grants, 'Bucket')).toEqual([]);
  });

  test('the machine asks every six hours, and may do nothing else on all resources', () => {
    expect(ruleNamed('PollBackupsRule')).toMatchObject({
      ScheduleExpression: 'rate(6 hours)',
      State: 'ENABLED',
      Targets: [{ Input: '{}', RetryPolicy: { MaximumRetryAttempts: 0 } }],
    });
    const grants = [...policiesOf(aws)]
      .filter(([id]) => id.startsWith('PollBackupsMachineRole'))
      .flatMap(([, statements]) => statements);
    const onAll = grants
      .filter(({ resources }) => resources.includes('*'))
      .flatMap(({ actions }) => actions)
      .filter((action) => !/^(xray|logs):/.test(action));
    expect(onAll).toEqual(['backup:ListBackupJobs']);
    const invoked = grants.find(({ actions }) => actions.includes('lambda:InvokeFunction'));
    expect(invoked?.resources).toEqual([expect.stringContaining('RecordBackupFunction')]);
  });
});

describe('alarms', () => {
  const alarms = [...resourcesOf(aws, 'AWS::CloudWatch::Alarm').values()].map(
    ({ Properties }) => Properties,
  );
  const named = (name: string) =>
    alarms.find(({ AlarmName }) => AlarmName === `lethe-prod-${name}`);

  test('O3: a folder that has waited for the days of the settings, until a purge says otherwise', () => {
    expect(named('folders-wait-for-backup')).toMatchObject({
      Namespace: 'Lethe/prod',
      MetricName: BACKUP_WAIT_LOG.metric,
      Statistic: 'Maximum',
      Threshold: 3,
      TreatMissingData: 'ignore',
      AlarmActions: [TOPIC],
    });
    const filters = [...resourcesOf(aws, 'AWS::Logs::MetricFilter').values()];
    expect(filters.map(({ Properties }) => Properties)).toContainEqual(
      expect.objectContaining({
        FilterPattern: `{ $.message = "${BACKUP_WAIT_LOG.message}" }`,
        MetricTransformations: [
          expect.objectContaining({ MetricValue: `$.${BACKUP_WAIT_LOG.fields.oldestWaitDays}` }),
        ],
      }),
    );
  });

  test.each(['backup-poll-failed', 'backup-poll-timed-out'])('O3: %s', (name) => {
    expect(named(name)).toMatchObject({ Threshold: 1, TreatMissingData: 'notBreaching' });
    expect(JSON.stringify(named(name)?.['Dimensions'])).toContain('PollBackupsMachine');
  });

  test('each says where to read what to do', () => {
    const runbook = readFileSync('docs/runbook.md', 'utf8');
    const anchors = [...runbook.matchAll(/^#+ +(.+)$/gm)].map(([, heading = '']) =>
      heading.toLowerCase().replaceAll(' ', '-'),
    );
    const names = ['folders-wait-for-backup', 'backup-poll-failed', 'backup-poll-timed-out'];
    for (const name of names) {
      const said = String(named(name)?.['AlarmDescription']);
      const [, file = '', anchor = ''] = /^\[warning\] [A-Z].*[.] (\S+)#(\S+)$/.exec(said) ?? [];
      expect(existsSync(file), said).toBe(true);
      expect(anchors).toContain(anchor);
    }
  });
});
