import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { ALARM_PERIOD } from './constructs/runbook-alarm.ts';

/** Requests that DynamoDB refused for capacity, on a table or on one of its indexes. */
export function throttleEvents(table: Table, kind: 'Read' | 'Write', index?: string): Metric {
  return new Metric({
    namespace: 'AWS/DynamoDB',
    metricName: `${kind}ThrottleEvents`,
    dimensionsMap: {
      TableName: table.tableName,
      ...(index === undefined ? {} : { GlobalSecondaryIndexName: index }),
    },
    statistic: Stats.SUM,
    period: ALARM_PERIOD,
  });
}
