/** Starting a machine by a rule of EventBridge. */
import { Validations } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import type { Construct } from 'constructs';
import type { AslStateMachine } from './constructs/asl-state-machine.ts';

const NEXT_TIME = 'What is due stays due: the next execution of the schedule takes it.';

/** Starts a machine for whatever is due, unless the expression is `off`. */
export function startOnSchedule(
  scope: Construct,
  { machine }: AslStateMachine,
  {
    id,
    description,
    expression,
  }: { readonly id: string; readonly description: string; readonly expression: string },
): void {
  if (expression === 'off') return;
  const rule = new Rule(scope, id, { description, schedule: Schedule.expression(expression) });
  rule.addTarget(
    new SfnStateMachine(machine, { input: RuleTargetInput.fromObject({}), retryAttempts: 0 }),
  );
  Validations.of(rule).acknowledge({ id: 'Serverless-EventBusDLQ', reason: NEXT_TIME });
}
