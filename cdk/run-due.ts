/** The schedule that starts what time has made due: deletions whose grace period is over. */
import { Duration, Validations } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import { ENV } from '../functions/contract/env.ts';
import { machineArnVariable } from '../functions/contract/machines.ts';
import { NodeFunction } from './constructs/node-function.ts';
import { PAGING_STEP_TIMEOUT_SECONDS } from './function-timeouts.ts';
import type { Machines } from './machines.ts';
import type { ServiceStackProps } from './service-props.ts';

/** How late a deletion may begin to erase; a look that finds nothing is one read. */
const DUE_MINUTES = 15;

const NEXT_RUN = 'What is due stays due: the next run takes it.';

export function addRunDue(
  scope: Construct,
  props: ServiceStackProps,
  machines: Machines,
): NodeFunction {
  const { settings, storage, code } = props;
  const runDue = new NodeFunction(scope, 'RunDue', {
    code: code('run-due'),
    description: 'Schedule: starts deletions whose grace period is over',
    timeoutSeconds: PAGING_STEP_TIMEOUT_SECONDS,
    settings,
    whyNoDeadLetters: NEXT_RUN,
  });
  const { registry } = storage.tables;
  runDue.bindTable(registry, ENV.registryTable, ['get', 'update']);
  runDue.bindIndex(registry, 'due');
  machines['delete-account'].bindStarter(runDue, machineArnVariable('delete-account'));
  const rule = new Rule(scope, 'RunDueRule', {
    description: 'Starts deletions whose grace period is over',
    schedule: Schedule.rate(Duration.minutes(DUE_MINUTES)),
  });
  rule.addTarget(new LambdaFunction(runDue.lambda, { retryAttempts: 0 }));
  Validations.of(rule).acknowledge({ id: 'Serverless-EventBusDLQ', reason: NEXT_RUN });
  return runDue;
}
