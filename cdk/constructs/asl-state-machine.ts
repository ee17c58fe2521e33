import { readFileSync } from 'node:fs';
import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { EnvName } from '../../functions/contract/env.ts';
import { fillDefinition } from '../asl-definition.ts';
import type { Settings } from '../settings.ts';
import type { NodeFunction } from './node-function.ts';
import { acknowledgeWildcards } from './wildcard-acknowledgement.ts';

export interface AslStateMachineProps {
  /** Path of a definition in Amazon States Language. */
  readonly definitionFile: string;
  /** By name: `EraseRange` supplies the token `${EraseRangeFunctionArn}`. */
  readonly functions: Readonly<Record<string, NodeFunction>>;
  /** Numbers by token name. */
  readonly numbers?: Readonly<Record<string, number>>;
  readonly settings: Settings;
}

const EXECUTIONS_REASON = 'Executions are named at run time; all of them are of this machine.';

/**
 * A Standard state machine whose definition is a file, allowed to invoke its functions, and what
 * else it is granted by name.
 */
export class AslStateMachine extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, props: AslStateMachineProps) {
    super(scope, id);
    const arns = Object.fromEntries(
      Object.entries(props.functions).map(([name, { lambda }]) => [
        `${name}FunctionArn`,
        lambda.functionArn,
      ]),
    );
    const { definition, hasDistributedMap } = fillDefinition(
      props.definitionFile,
      readFileSync(props.definitionFile, 'utf8'),
      { texts: Object.keys(arns), numbers: props.numbers ?? {} },
    );
    this.machine = new StateMachine(this, 'Machine', {
      definitionBody: DefinitionBody.fromString(definition),
      definitionSubstitutions: arns,
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(this, 'Logs', {
          retention: props.settings.logRetentionDays,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ALL,
        // The input may hold an address, and no address belongs into logs.
        includeExecutionData: false,
      },
    });
    this.machine.addToRolePolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: Object.values(arns),
      }),
    );
    acknowledgeWildcards(
      this.machine.role,
      ['*'],
      'Delivery of logs (logs:*LogDelivery and the like) and tracing (xray:Put*) know no resources.',
    );
    if (hasDistributedMap) this.allowDistributedMap();
  }

  /** Tells a function the machine's ARN; lets it start the machine and look at its executions. */
  bindStarter(starter: NodeFunction, variable: EnvName): void {
    const [executions = ''] = this.executionArns();
    starter.setVariable(variable, this.machine.stateMachineArn);
    starter.allow([this.machine.stateMachineArn], ['states:StartExecution']);
    starter.allow([executions], ['states:DescribeExecution']);
    acknowledgeWildcards(starter.role, [executions], EXECUTIONS_REASON);
  }

  /**
   * Lets states call actions of services (`aws-sdk:` integrations) that know no resources.
   * @param reason why they are granted on all, said where the wildcard is acknowledged
   */
  allowSdkCalls(actions: readonly string[], reason: string): void {
    const statement = new PolicyStatement({ actions: [...actions], resources: ['*'] });
    this.machine.addToRolePolicy(statement);
    acknowledgeWildcards(this.machine.role, ['*'], reason);
  }

  /** What executions of the machine, children of a Distributed Map included, are called. */
  private executionArns(): readonly string[] {
    // `execution:<machine>:<name>`, and of a child `execution:<machine>/<map>:<name>`.
    return [':*', '/*'].map((suffix) =>
      Stack.of(this).formatArn({
        service: 'states',
        resource: 'execution',
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        resourceName: `${this.machine.stateMachineName}${suffix}`,
      }),
    );
  }

  /**
   * The parent starts each child as an execution of its own machine, watches it, and stops it when
   * it fails itself. A policy apart: the machine waits for its role, which cannot name the machine.
   */
  private allowDistributedMap(): void {
    const policy = new Policy(this, 'DistributedMapPolicy', {
      roles: [this.machine.role],
      statements: [
        new PolicyStatement({
          actions: ['states:StartExecution'],
          resources: [this.machine.stateMachineArn],
        }),
        new PolicyStatement({
          actions: ['states:DescribeExecution', 'states:StopExecution'],
          resources: [...this.executionArns()],
        }),
      ],
    });
    acknowledgeWildcards(policy, this.executionArns(), EXECUTIONS_REASON);
  }
}
