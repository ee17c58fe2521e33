/** What tells an operator how it goes: alarms, a dashboard, and a look at what runs. */
import { Duration, Validations } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import { machineArnVariable } from '../functions/contract/machines.ts';
import { Alarms } from './alarms.ts';
import type { AslStateMachine } from './constructs/asl-state-machine.ts';
import type { SignedHttpApi } from './constructs/http-api.ts';
import { NodeFunction } from './constructs/node-function.ts';
import { addDashboard } from './dashboard.ts';
import { STEP_TIMEOUT_SECONDS } from './function-timeouts.ts';
import { LogMetrics } from './log-metrics.ts';
import type { Machines } from './machines.ts';
import type { ObjectsReconciler } from './reconcile-objects.ts';
import type { ServiceStackProps } from './service-props.ts';

export interface Monitored {
  readonly machines: Machines;
  readonly doors: SignedHttpApi;
  readonly objects: ObjectsReconciler;
  readonly verifyErasure: NodeFunction;
  readonly certifyErasure: NodeFunction;
}

/** As often as alarms look: every period has a value, and its absence means something. */
const WATCH_MINUTES = 5;

const NEXT_LOOK = 'The next look comes five minutes later, and an alarm rings when none comes.';

/** Watches what the scope holds: every function in it, whoever adds it. */
export function addMonitoring(
  scope: Construct,
  props: ServiceStackProps,
  monitored: Monitored,
): void {
  const { settings, storage } = props;
  const { machines, doors, objects, verifyErasure, certifyErasure } = monitored;
  const watchExecutions = addWatch(scope, props, machines['delete-account']);
  const logMetrics = new LogMetrics(scope, 'LogMetrics', {
    stage: settings.stage,
    verifyErasure,
    certifyErasure,
    watchExecutions,
    objects,
  });
  const functions = scope.node.findAll().filter((one) => one instanceof NodeFunction);
  const { tables } = storage;
  const watched = { machines, functions, doors, objects, tables, logMetrics };
  new Alarms(scope, 'Alarms', settings, watched);
  addDashboard(scope, settings.stage, watched);
}

/** CloudWatch times an execution when it has ended; only a look at the running ones finds late ones. */
function addWatch(
  scope: Construct,
  { settings, code }: ServiceStackProps,
  deleteAccount: AslStateMachine,
): NodeFunction {
  const watch = new NodeFunction(scope, 'WatchExecutions', {
    code: code('watch-executions'),
    description: 'Schedule: how many deletions run, and since when',
    timeoutSeconds: STEP_TIMEOUT_SECONDS,
    settings,
    whyNoDeadLetters: NEXT_LOOK,
  });
  const { stateMachineArn } = deleteAccount.machine;
  watch.setVariable(machineArnVariable('delete-account'), stateMachineArn);
  watch.allow([stateMachineArn], ['states:ListExecutions']);
  const rule = new Rule(scope, 'WatchExecutionsRule', {
    description: 'Looks at the running executions of Lethe',
    schedule: Schedule.rate(Duration.minutes(WATCH_MINUTES)),
  });
  rule.addTarget(new LambdaFunction(watch.lambda, { retryAttempts: 0 }));
  Validations.of(rule).acknowledge({ id: 'Serverless-EventBusDLQ', reason: NEXT_LOOK });
  return watch;
}
