/** Metrics made of lines in the functions' logs (see functions/contract/metrics.ts). */
import { type Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, type IFilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import {
  ERASED_LOG,
  RECONCILED_LOG,
  STEP_LOG,
  VERIFY_OUTCOMES,
  VERIFY_STEP,
  WATCH_LOG,
} from '../functions/contract/metrics.ts';
import type { NodeFunction } from './constructs/node-function.ts';
import { ALARM_PERIOD } from './constructs/runbook-alarm.ts';
import type { ObjectsReconciler } from './reconcile-objects.ts';

export interface LogMetricsProps {
  readonly stage: string;
  readonly verifyErasure: NodeFunction;
  readonly certifyErasure: NodeFunction;
  readonly watchExecutions: NodeFunction;
  readonly objects: Pick<ObjectsReconciler, 'reconcile' | 'retry'>;
}

export class LogMetrics extends Construct {
  /** Verifications that found something, by what became of it. */
  readonly foundMore: Metric;
  readonly gaveUp: Metric;
  /** Executions that run, and how long the oldest has been running, in seconds. */
  readonly running: Metric;
  readonly oldestSeconds: Metric;
  /** What was erased, by name of the counter. */
  readonly erased: readonly Metric[];
  /** Rows that S3 was to follow, by what became of them. */
  readonly reconciled: readonly Metric[];
  readonly #namespace: string;

  constructor(scope: Construct, id: string, props: LogMetricsProps) {
    super(scope, id);
    this.#namespace = `Lethe/${props.stage}`;
    const { verifyErasure, certifyErasure, watchExecutions, objects } = props;
    const outcome = (name: string, value: string) =>
      this.metric(name, verifyErasure, {
        pattern: FilterPattern.all(
          FilterPattern.stringValue('$.message', '=', STEP_LOG.message),
          FilterPattern.stringValue('$.step', '=', VERIFY_STEP),
          FilterPattern.stringValue('$.outcome', '=', value),
        ),
        value: '1',
        statistic: Stats.SUM,
      });
    this.foundMore = outcome('VerificationFoundMore', VERIFY_OUTCOMES.foundMore);
    this.gaveUp = outcome('VerificationGaveUp', VERIFY_OUTCOMES.gaveUp);
    const watched = (name: string, field: string) =>
      this.metric(name, watchExecutions, {
        pattern: FilterPattern.stringValue('$.message', '=', WATCH_LOG.message),
        value: `$.${field}`,
        statistic: Stats.MAXIMUM,
      });
    this.running = watched('ExecutionsRunning', WATCH_LOG.fields.running);
    this.oldestSeconds = watched('OldestExecutionSeconds', WATCH_LOG.fields.oldestSeconds);
    this.erased = ERASED_LOG.fields.map((field) =>
      this.sumOf(`Erased${capitalized(field)}`, certifyErasure, {
        message: ERASED_LOG.message,
        field,
      }),
    );
    const { message, fields } = RECONCILED_LOG;
    this.reconciled = fields.map((field) => {
      const name = `Reconciled${capitalized(field)}`;
      // Retried rows count in the same metric.
      const filterId = `Retried${capitalized(field)}`;
      this.sumOf(name, objects.retry, { message, field }, filterId);
      return this.sumOf(name, objects.reconcile, { message, field });
    });
  }

  private sumOf(
    name: string,
    source: NodeFunction,
    { message, field }: { readonly message: string; readonly field: string },
    filterId = name,
  ): Metric {
    const made = {
      pattern: FilterPattern.all(
        FilterPattern.stringValue('$.message', '=', message),
        // Also asks for the field to be there.
        FilterPattern.numberValue(`$.${field}`, '>=', 0),
      ),
      value: `$.${field}`,
      statistic: Stats.SUM,
    };
    return this.metric(name, source, made, filterId);
  }

  private metric(
    metricName: string,
    { logGroup }: NodeFunction,
    made: { readonly pattern: IFilterPattern; readonly value: string; readonly statistic: string },
    filterId = metricName,
  ): Metric {
    const filter = new MetricFilter(this, filterId, {
      logGroup,
      metricNamespace: this.#namespace,
      metricName,
      filterPattern: made.pattern,
      metricValue: made.value,
    });
    return filter.metric({ statistic: made.statistic, period: ALARM_PERIOD });
  }
}

const capitalized = (field: string): string => field.charAt(0).toUpperCase() + field.slice(1);
