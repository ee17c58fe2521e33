/** Metrics made of lines in the functions' logs (see functions/contract/metrics.ts). */
import { type Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, type IFilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import {
  ERASED_LOG,
  STEP_LOG,
  VERIFY_OUTCOMES,
  VERIFY_STEP,
  WATCH_LOG,
} from '../functions/contract/metrics.ts';
import type { NodeFunction } from './constructs/node-function.ts';
import { ALARM_PERIOD } from './constructs/runbook-alarm.ts';

export interface LogMetricsProps {
  readonly stage: string;
  readonly verifyErasure: NodeFunction;
  readonly certifyErasure: NodeFunction;
  readonly watchExecutions: NodeFunction;
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
  readonly #namespace: string;

  constructor(scope: Construct, id: string, props: LogMetricsProps) {
    super(scope, id);
    this.#namespace = `Lethe/${props.stage}`;
    const { verifyErasure, certifyErasure, watchExecutions } = props;
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
      this.metric(`Erased${field.charAt(0).toUpperCase()}${field.slice(1)}`, certifyErasure, {
        pattern: FilterPattern.all(
          FilterPattern.stringValue('$.message', '=', ERASED_LOG.message),
          // Also asks for the field to be there.
          FilterPattern.numberValue(`$.${field}`, '>=', 0),
        ),
        value: `$.${field}`,
        statistic: Stats.SUM,
      }),
    );
  }

  private metric(
    metricName: string,
    { logGroup }: NodeFunction,
    made: { readonly pattern: IFilterPattern; readonly value: string; readonly statistic: string },
  ): Metric {
    const filter = new MetricFilter(this, metricName, {
      logGroup,
      metricNamespace: this.#namespace,
      metricName,
      filterPattern: made.pattern,
      metricValue: made.value,
    });
    return filter.metric({ statistic: made.statistic, period: ALARM_PERIOD });
  }
}
