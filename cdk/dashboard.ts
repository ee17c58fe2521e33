/** One page that shows how executions, functions, tables and doors are doing. */
import { Duration } from 'aws-cdk-lib';
import {
  type CfnDashboard,
  Dashboard,
  GraphWidget,
  type IMetric,
  Stats,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Operation } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { STARTED_VERBS, type StartedVerb } from '../functions/contract/machines.ts';
import type { Watched } from './alarms.ts';
import type { AslStateMachine } from './constructs/asl-state-machine.ts';
import { ALARM_PERIOD } from './constructs/runbook-alarm.ts';

const period = ALARM_PERIOD;
const sum = { statistic: Stats.SUM, period };

/** Half of the 24 columns. */
const WIDTH = 12;

/** What the stores use; system errors are counted for each apart. */
const OPERATIONS = [
  Operation.GET_ITEM,
  Operation.QUERY,
  Operation.PUT_ITEM,
  Operation.UPDATE_ITEM,
  Operation.DELETE_ITEM,
  Operation.BATCH_WRITE_ITEM,
  Operation.TRANSACT_WRITE_ITEMS,
];

const graph = (title: string, left: readonly IMetric[], right: readonly IMetric[] = []) =>
  new GraphWidget({ title, left: [...left], right: [...right], width: WIDTH });

export function addDashboard(scope: Construct, stage: string, watched: Watched): Dashboard {
  const dashboard = new Dashboard(scope, 'Dashboard', {
    dashboardName: `lethe-${stage}`,
    defaultInterval: Duration.days(1),
  });
  // A region whose CloudFormation does not know tags of dashboards yet refuses the stack.
  (dashboard.node.defaultChild as CfnDashboard).addPropertyDeletionOverride('Tags');
  const { running, oldestSeconds, foundMore, gaveUp, erased } = watched.logMetrics;
  dashboard.addWidgets(
    ...STARTED_VERBS.map((verb) => executionGraph(verb, watched.machines[verb])),
    graph('Running deletions, and how long the oldest has run (s)', [running], [oldestSeconds]),
  );
  dashboard.addWidgets(
    graph('Erased', erased),
    graph('Verifications that found something', [foundMore, gaveUp]),
  );
  dashboard.addWidgets(...objectGraphs(watched));
  const ofFunctions = (make: (one: Watched['functions'][number]) => IMetric) =>
    watched.functions.map(make);
  dashboard.addWidgets(
    graph(
      'Functions: longest duration (ms)',
      ofFunctions(({ lambda }) => lambda.metricDuration({ statistic: Stats.MAXIMUM, period })),
    ),
    graph(
      'Functions: errors and throttles',
      ofFunctions(({ lambda }) => lambda.metricErrors(sum)),
      ofFunctions(({ lambda }) => lambda.metricThrottles(sum)),
    ),
  );
  // A graph for each table: the operations of two would have the same names in one.
  for (const [name, table] of Object.entries(watched.tables)) {
    const operations = { operations: OPERATIONS, ...sum };
    dashboard.addWidgets(
      graph(`Table ${name}: throttled requests`, [
        table.metricThrottledRequestsForOperations(operations),
      ]),
      graph(`Table ${name}: system errors`, [table.metricSystemErrorsForOperations(operations)]),
    );
  }
  const { api } = watched.doors;
  dashboard.addWidgets(
    graph('Doors: requests', [
      api.metricCount(sum),
      api.metricClientError(sum),
      api.metricServerError(sum),
    ]),
    graph('Doors: latency (ms)', [
      api.metricLatency({ statistic: Stats.p(50), period }),
      api.metricLatency({ statistic: Stats.p(99), period }),
    ]),
  );
  return dashboard;
}

function executionGraph(verb: StartedVerb, { machine }: AslStateMachine): GraphWidget {
  return graph(`Executions of ${verb}`, [
    machine.metricStarted(sum),
    machine.metricSucceeded(sum),
    machine.metricFailed(sum),
    machine.metricTimedOut(sum),
    machine.metricAborted(sum),
  ]);
}

function objectGraphs({ objects, logMetrics }: Watched): readonly GraphWidget[] {
  const { reconcile, retryQueue, deadLetterQueue } = objects;
  const longest = { statistic: Stats.MAXIMUM, period };
  const waiting = [retryQueue, deadLetterQueue].map((queue) =>
    queue.metricApproximateNumberOfMessagesVisible(longest),
  );
  return [
    graph('Rows that S3 followed, and how late the stream is read (ms)', logMetrics.reconciled, [
      reconcile.lambda.metric('IteratorAge', longest),
    ]),
    graph('Rows in the retry queue and dead, and how long they wait (s)', waiting, [
      retryQueue.metricApproximateAgeOfOldestMessage(longest),
    ]),
  ];
}
