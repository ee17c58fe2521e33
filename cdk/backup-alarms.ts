/** Alarms of the backup gate; there are none without it. */
import { type IAlarmAction, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { BACKUP_WAIT_LOG } from '../functions/contract/metrics.ts';
import type { AslStateMachine } from './constructs/asl-state-machine.ts';
import type { NodeFunction } from './constructs/node-function.ts';
import { ALARM_PERIOD, RunbookAlarm, type RunbookAlarmProps } from './constructs/runbook-alarm.ts';
import type { Settings } from './settings.ts';

type AlarmProps = Omit<RunbookAlarmProps, 'stage' | 'actions' | 'runbook' | 'severity'>;

const sum = { statistic: Stats.SUM, period: ALARM_PERIOD };

export class BackupAlarms extends Construct {
  readonly #settings: Settings;
  readonly #actions: readonly IAlarmAction[];

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    this.#settings = settings;
    const { alarmTopicArn } = settings;
    this.#actions =
      alarmTopicArn === undefined
        ? []
        : [new SnsAction(Topic.fromTopicArn(this, 'Topic', alarmTopicArn))];
  }

  /**
   * Rings while a deleted folder has been waiting for a backup for too long.
   * @param source the function that logs BACKUP_WAIT_LOG at the end of every purge
   */
  watchWaits({ logGroup }: NodeFunction): void {
    const { message, metric, fields } = BACKUP_WAIT_LOG;
    const { stage, backupWaitAlarmDays } = this.#settings;
    const filter = new MetricFilter(this, 'Waits', {
      logGroup,
      metricNamespace: `Lethe/${stage}`,
      metricName: metric,
      filterPattern: FilterPattern.stringValue('$.message', '=', message),
      metricValue: `$.${fields.oldestWaitDays}`,
    });
    this.add('WaitsLong', {
      name: 'folders-wait-for-backup',
      says: `A deleted folder has been waiting for a backup for ${backupWaitAlarmDays} days.`,
      metric: filter.metric({ statistic: Stats.MAXIMUM, period: ALARM_PERIOD }),
      threshold: backupWaitAlarmDays,
      // A purge comes once a week: until the next one says otherwise, what it said holds.
      silenceChangesNothing: true,
    });
  }

  /** Rings when the jobs of AWS Backup cannot be listed. */
  watchPolls({ machine }: AslStateMachine): void {
    this.add('PollFailed', {
      name: 'backup-poll-failed',
      says: 'An execution of poll-backups failed.',
      metric: machine.metricFailed(sum),
      threshold: 1,
    });
    this.add('PollTimedOut', {
      name: 'backup-poll-timed-out',
      says: 'An execution of poll-backups did not end within an hour.',
      metric: machine.metricTimedOut(sum),
      threshold: 1,
    });
  }

  private add(id: string, props: AlarmProps): void {
    new RunbookAlarm(this, id, {
      ...props,
      severity: 'warning',
      runbook: 'deleted-folders-wait-for-a-backup',
      stage: this.#settings.stage,
      actions: this.#actions,
    });
  }
}
