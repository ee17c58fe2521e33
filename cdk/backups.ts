/** What learns of the jobs of AWS Backup, by their events and by asking; deployed with the gate. */
import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import type { BackupArns } from '../functions/contract/backups.ts';
import { ENV } from '../functions/contract/env.ts';
import type { AslStateMachine } from './constructs/asl-state-machine.ts';
import { NodeFunction } from './constructs/node-function.ts';
import { STEP_TIMEOUT_SECONDS } from './function-timeouts.ts';
import { addMachine } from './machines.ts';
import type { ServiceStackProps } from './service-props.ts';

/** Folders are purged once a week: a backup whose event was lost is known in time. */
const POLL_HOURS = 6;

const NEXT_POLL = `The next poll, ${POLL_HOURS} hours later at most, finds the job all the same.`;

const NO_RESOURCES =
  'backup:ListBackupJobs knows no resources; its answers are metadata of jobs, no contents.';

/**
 * @returns the machine that polls; undefined unless backups are those of AWS Backup
 */
export function addBackups(
  scope: Construct,
  props: ServiceStackProps,
): AslStateMachine | undefined {
  const { settings } = props;
  if (settings.backupGate !== 'aws-backup') return undefined;
  const arns = arnsOf(props);
  const RecordBackup = addRecorder(scope, props, arns);
  listen(scope, RecordBackup, arns);
  const machine = addMachine(scope, props, 'poll-backups', { RecordBackup });
  machine.allowSdkCalls(['backup:ListBackupJobs'], NO_RESOURCES);
  poll(scope, machine);
  return machine;
}

function arnsOf({ storage }: Pick<ServiceStackProps, 'storage'>): BackupArns {
  return {
    'mail-bucket': storage.mailBucket.bucketArn,
    registry: storage.tables.registry.tableArn,
    dictmap: storage.tables.dictmap.tableArn,
  };
}

function addRecorder(
  scope: Construct,
  { code, settings, storage }: ServiceStackProps,
  arns: BackupArns,
): NodeFunction {
  const recorder = new NodeFunction(scope, 'RecordBackup', {
    code: code('record-backup'),
    description: 'Events of AWS Backup, and step of poll-backups: remembers completed jobs',
    timeoutSeconds: STEP_TIMEOUT_SECONDS,
    settings,
    whyNoDeadLetters: NEXT_POLL,
  });
  recorder.bindTable(storage.tables.registry, ENV.registryTable, ['get', 'put']);
  recorder.setVariable(ENV.backupArns, Stack.of(scope).toJsonString(arns));
  return recorder;
}

function listen(scope: Construct, recorder: NodeFunction, arns: BackupArns): void {
  const rule = new Rule(scope, 'BackupJobsRule', {
    description: 'Completed jobs of AWS Backup for the mail bucket and the tables of Lethe',
    eventPattern: {
      source: ['aws.backup'],
      detailType: ['Backup Job State Change'],
      detail: { state: ['COMPLETED'], resourceArn: Object.values(arns) },
    },
  });
  rule.addTarget(new LambdaFunction(recorder.lambda));
  Validations.of(rule).acknowledge({ id: 'Serverless-EventBusDLQ', reason: NEXT_POLL });
}

function poll(scope: Construct, { machine }: AslStateMachine): void {
  const rule = new Rule(scope, 'PollBackupsRule', {
    description: 'Looks for completed backup jobs whose events were lost',
    schedule: Schedule.rate(Duration.hours(POLL_HOURS)),
  });
  rule.addTarget(
    new SfnStateMachine(machine, { input: RuleTargetInput.fromObject({}), retryAttempts: 0 }),
  );
  Validations.of(rule).acknowledge({ id: 'Serverless-EventBusDLQ', reason: NEXT_POLL });
}
