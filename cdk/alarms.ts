/**
 * Alarms for what exists, each with a line in the runbook.
 *
 * Not here: S3's 5xx, because request metrics are billed for every request to the bucket and
 * what fails there after its retries is an error of a function or a 5xx of the doors; DynamoDB's
 * system errors, counted for each operation apart and retried, for the same reason.
 */
import {
  type IAlarmAction,
  type IMetric,
  type MetricOptions,
  Stats,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { machineOf, STARTED_VERBS, type StartedVerb } from '../functions/contract/machines.ts';
import { INDEXES, type TableName } from '../functions/contract/row-layout.ts';
import type { AslStateMachine } from './constructs/asl-state-machine.ts';
import type { SignedHttpApi } from './constructs/http-api.ts';
import type { NodeFunction } from './constructs/node-function.ts';
import { ALARM_PERIOD, RunbookAlarm, type RunbookAlarmProps } from './constructs/runbook-alarm.ts';
import type { LogMetrics } from './log-metrics.ts';
import type { Machines } from './machines.ts';
import type { ObjectsReconciler } from './reconcile-objects.ts';
import type { Settings } from './settings.ts';
import { throttleEvents } from './throttle-events.ts';

export interface Watched {
  readonly machines: Machines;
  readonly functions: readonly NodeFunction[];
  readonly doors: SignedHttpApi;
  readonly objects: ObjectsReconciler;
  readonly tables: Readonly<Record<TableName, Table>>;
  readonly logMetrics: LogMetrics;
}

/** A step is called again after an error; three within five minutes are no chance. */
const FUNCTION_ERRORS = 3;

/** A gateway that is restarted answers a few; more within five minutes is trouble. */
const API_FAULTS = 5;

/** A request takes at most 29 s; the slowest of a hundred takes 1 to 3 s for 98 messages. */
const API_SLOW_MILLISECONDS = 10_000;

/** Of the 24 hours that the stream keeps a record, and of the two that a row is tried again. */
const WAITING_SECONDS = 3600;

/** Clients sit out throttling for some seconds: only what lasts is worth a look. */
const LASTING = { breaching: 3, of: 3 } as const;

type AlarmText = Omit<RunbookAlarmProps, 'stage' | 'actions' | 'metric'>;

const sum = { statistic: Stats.SUM, period: ALARM_PERIOD } satisfies MetricOptions;

export class Alarms extends Construct {
  readonly #stage: string;
  readonly #actions: readonly IAlarmAction[];

  constructor(scope: Construct, id: string, settings: Settings, watched: Watched) {
    super(scope, id);
    this.#stage = settings.stage;
    const { alarmTopicArn } = settings;
    this.#actions =
      alarmTopicArn === undefined
        ? []
        : [new SnsAction(Topic.fromTopicArn(this, 'Topic', alarmTopicArn))];
    this.watchExecutions(watched, settings.overdueHours);
    for (const verb of STARTED_VERBS) this.watchMachine(verb, watched.machines[verb]);
    this.watchVerification(watched.logMetrics);
    for (const one of watched.functions) this.watchFunction(one);
    for (const [name, table] of Object.entries(watched.tables)) this.watchTable(name, table);
    this.watchDoors(watched.doors);
    this.watchObjects(watched.objects);
  }

  private add(id: string, metric: IMetric, text: AlarmText): void {
    new RunbookAlarm(this, id, { ...text, metric, stage: this.#stage, actions: this.#actions });
  }

  private watchExecutions({ machines, logMetrics }: Watched, overdueHours: number): void {
    const { machine } = machines['delete-account'];
    this.add('DeletionFailed', machine.metricFailed(sum), {
      name: 'deletion-failed',
      severity: 'critical',
      runbook: 'a-deletion-failed-or-was-refused',
      says: 'An execution of delete-account failed, or its input was refused.',
      threshold: 1,
    });
    this.add('DeletionTimedOut', machine.metricTimedOut(sum), {
      name: 'deletion-timed-out',
      severity: 'critical',
      runbook: 'a-deletion-timed-out-or-was-stopped',
      says: 'An execution of delete-account did not end within a day.',
      threshold: 1,
    });
    this.add('DeletionAborted', machine.metricAborted(sum), {
      name: 'deletion-aborted',
      severity: 'warning',
      runbook: 'a-deletion-timed-out-or-was-stopped',
      says: 'Somebody stopped an execution of delete-account.',
      threshold: 1,
    });
    this.add('DeletionOverdue', logMetrics.oldestSeconds, {
      name: 'deletion-overdue',
      severity: 'critical',
      runbook: 'a-deletion-is-overdue',
      says: `A deletion has been running for more than ${overdueHours} hours, or nobody looks.`,
      threshold: overdueHours * 3600,
      periods: LASTING,
      silenceIsTrouble: true,
    });
    this.add('MachineThrottled', machine.metricThrottled(sum), {
      name: 'machine-throttled',
      severity: 'warning',
      runbook: 'something-is-throttled',
      says: 'Step Functions holds back state transitions of delete-account.',
      threshold: 1,
      periods: LASTING,
    });
  }

  /** Nothing where the register names no alarm: the machine has alarms of its own kind. */
  private watchMachine(verb: StartedVerb, { machine }: AslStateMachine): void {
    const { alarm } = machineOf(verb);
    if (alarm === undefined) return;
    const { id, runbook, failed } = alarm;
    this.add(`${id}Failed`, machine.metricFailed(sum), {
      name: `${verb}-failed`,
      severity: 'warning',
      runbook,
      says: `An execution of ${verb} failed${failed}.`,
      threshold: 1,
    });
    this.add(`${id}TimedOut`, machine.metricTimedOut(sum), {
      name: `${verb}-timed-out`,
      severity: 'warning',
      runbook,
      says: `An execution of ${verb} did not end within a day.`,
      threshold: 1,
    });
  }

  private watchVerification({ foundMore, gaveUp }: LogMetrics): void {
    this.add('LeftoversRemain', gaveUp, {
      name: 'leftovers-remain',
      severity: 'critical',
      runbook: 'something-is-left-after-the-last-round',
      says: 'The last round of verification still found something of an erased account.',
      threshold: 1,
    });
    this.add('LeftoversFound', foundMore, {
      name: 'leftovers-found',
      severity: 'warning',
      runbook: 'verification-found-something',
      says: 'A verification found something that was written behind the fence, and erased it.',
      threshold: 1,
    });
  }

  private watchFunction({ lambda, node }: NodeFunction): void {
    const name = node.id.replaceAll(/(?<=.)[A-Z]/g, '-$&').toLowerCase();
    this.add(`${node.id}Errors`, lambda.metricErrors(sum), {
      name: `function-errors-${name}`,
      severity: 'warning',
      runbook: 'a-function-fails',
      says: `The function ${name} failed ${FUNCTION_ERRORS} times within five minutes.`,
      threshold: FUNCTION_ERRORS,
    });
    this.add(`${node.id}Throttled`, lambda.metricThrottles(sum), {
      name: `function-throttled-${name}`,
      severity: 'warning',
      runbook: 'something-is-throttled',
      says: `Lambda refuses invocations of the function ${name}.`,
      threshold: 1,
      periods: LASTING,
    });
  }

  /** An index that throttles holds back the writes of its table, and only its own metric says so. */
  private watchTable(name: string, table: Table): void {
    const indexes = Object.entries(INDEXES).filter(([, { tables }]) =>
      (tables as readonly string[]).includes(name),
    );
    const throttled = (what: string, metric: IMetric) =>
      this.add(`${what}Throttled`, metric, {
        name: `${what.replaceAll(/(?<=.)[A-Z]/g, '-$&').toLowerCase()}-throttled`,
        severity: 'warning',
        runbook: 'something-is-throttled',
        says: `DynamoDB throttles (${what}).`,
        threshold: 1,
        periods: LASTING,
      });
    const title = name.charAt(0).toUpperCase() + name.slice(1);
    for (const kind of ['Read', 'Write'] as const) {
      throttled(`${title}${kind}s`, throttleEvents(table, kind));
    }
    for (const [index] of indexes) {
      const suffix = index.charAt(0).toUpperCase() + index.slice(1);
      throttled(`${title}${suffix}Index`, throttleEvents(table, 'Write', index));
    }
  }

  private watchDoors({ api }: SignedHttpApi): void {
    this.add('ApiFaults', api.metricServerError(sum), {
      name: 'api-faults',
      severity: 'critical',
      runbook: 'the-doors-answer-5xx',
      says: `The HTTP doors answered 5xx ${API_FAULTS} times within five minutes.`,
      threshold: API_FAULTS,
      periods: { breaching: 2, of: 3 },
    });
    this.add('ApiSlow', api.metricLatency({ ...sum, statistic: Stats.p(99) }), {
      name: 'api-slow',
      severity: 'warning',
      runbook: 'the-doors-are-slow',
      says: `One of a hundred requests takes longer than ${API_SLOW_MILLISECONDS / 1000} s.`,
      threshold: API_SLOW_MILLISECONDS,
      periods: LASTING,
    });
  }

  /** Rows that S3 does not follow: mail that was expunged stays, and nobody else would notice. */
  private watchObjects(objects: ObjectsReconciler): void {
    const { reconcile, retryQueue, deadLetterQueue, lostRecordsQueue } = objects;
    const longest = { statistic: Stats.MAXIMUM, period: ALARM_PERIOD };
    this.add('LostRecords', lostRecordsQueue.metricApproximateNumberOfMessagesVisible(longest), {
      name: 'lost-records',
      severity: 'critical',
      runbook: 'records-of-the-stream-are-lost',
      says: "Records of the dictmap's stream were given up after 23 hours: S3 does not follow their rows.",
      threshold: 1,
    });
    this.add('DeadLetters', deadLetterQueue.metricApproximateNumberOfMessagesVisible(longest), {
      name: 'dead-letters',
      severity: 'critical',
      runbook: 'dead-letters',
      says: 'Rows that S3 could not follow in two hours wait in the dead-letter queue.',
      threshold: 1,
    });
    this.add('RetriesOld', retryQueue.metricApproximateAgeOfOldestMessage(longest), {
      name: 'retries-old',
      severity: 'warning',
      runbook: 'rows-wait-in-the-retry-queue',
      says: 'A row has been waiting in the retry queue for an hour.',
      threshold: WAITING_SECONDS,
    });
    this.add('StreamLate', reconcile.lambda.metric('IteratorAge', longest), {
      name: 'stream-late',
      severity: 'critical',
      runbook: 'the-stream-is-late',
      says: "The dictmap's stream is read an hour late; it keeps records for a day.",
      threshold: WAITING_SECONDS * 1000,
    });
  }
}
