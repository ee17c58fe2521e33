import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Effect, Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import {
  Architecture,
  type CfnFunction,
  type Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { EnvName } from '../../functions/contract/env.ts';
import type { IndexName } from '../../functions/contract/row-layout.ts';
import type { VpcPlace } from '../mail-server-settings.ts';
import type { Settings } from '../settings.ts';
import { acknowledgeWildcards } from './wildcard-acknowledgement.ts';

/** What a function may do with rows; a transaction needs the permission of each of its parts. */
const TABLE_ACTIONS = {
  get: 'dynamodb:GetItem',
  query: 'dynamodb:Query',
  put: 'dynamodb:PutItem',
  update: 'dynamodb:UpdateItem',
  remove: 'dynamodb:DeleteItem',
  check: 'dynamodb:ConditionCheckItem',
  removeMany: 'dynamodb:BatchWriteItem',
} as const;
export type TableAction = keyof typeof TABLE_ACTIONS;

/** What a function may do with a bucket as a whole. */
const BUCKET_ACTIONS = {
  /** Without it S3 answers 403 instead of 404 for a key that is not there. */
  tellAbsent: 's3:ListBucket',
  listVersions: 's3:ListBucketVersions',
  listUploads: 's3:ListBucketMultipartUploads',
} as const;
type BucketAction = keyof typeof BUCKET_ACTIONS;

/** What a function may do with the objects under named prefixes. */
const OBJECT_ACTIONS = {
  get: 's3:GetObject',
  getVersion: 's3:GetObjectVersion',
  put: 's3:PutObject',
  lock: 's3:PutObjectRetention',
  removeVersion: 's3:DeleteObjectVersion',
  /** The reference of DeleteObjects asks for it always, besides the one for versions. */
  remove: 's3:DeleteObject',
  abortUpload: 's3:AbortMultipartUpload',
} as const;
type ObjectAction = keyof typeof OBJECT_ACTIONS;

/** What a function, or Lambda in its name, may do with a queue. */
const QUEUE_ACTIONS = {
  send: 'sqs:SendMessage',
  receive: 'sqs:ReceiveMessage',
  remove: 'sqs:DeleteMessage',
  postpone: 'sqs:ChangeMessageVisibility',
  attributes: 'sqs:GetQueueAttributes',
} as const;

type QueueAction = keyof typeof QUEUE_ACTIONS;

/** What Lambda needs to put a function into a VPC; the describing ones know no resources. */
const VPC_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

export interface BucketBinding {
  readonly bucket: readonly BucketAction[];
  readonly objects: readonly ObjectAction[];
  /** Each ends in a slash. */
  readonly prefixes: readonly string[];
}

export interface NodeFunctionProps {
  readonly code: Code;
  readonly description: string;
  readonly timeoutSeconds: number;
  readonly settings: Settings;
  /** Why no event is lost, or why it does not matter, for a function that events invoke. */
  readonly whyNoDeadLetters?: string;
}

const SYNCHRONOUS =
  'Only invoked synchronously, by the state machine or the HTTP doors: Lambda would use a ' +
  'dead letter queue for asynchronous events alone.';

/**
 * A Lambda function on Node with a role, a log group and nothing granted. Binding a resource sets
 * the variable that names it together with the grant, so neither exists without the other.
 */
export class NodeFunction extends Construct {
  readonly lambda: LambdaFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    super(scope, id);
    const { settings } = props;
    this.role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.logGroup.grantWrite(this.role);
    this.lambda = new LambdaFunction(this, 'Function', {
      description: props.description,
      code: props.code,
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: settings.functionMemoryMb,
      timeout: Duration.seconds(props.timeoutSeconds),
      environment: { NODE_OPTIONS: '--enable-source-maps' },
      role: this.role,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      // Shows which call of which step is slow; a trace holds names of services, no payload.
      tracing: Tracing.ACTIVE,
    });
    this.acknowledge(props.whyNoDeadLetters ?? SYNCHRONOUS);
  }

  /** Sets a variable that is no resource. */
  setVariable(name: EnvName, value: string): void {
    this.lambda.addEnvironment(name, value);
  }

  bindTable(table: Table, variable: EnvName, actions: readonly TableAction[]): void {
    this.setVariable(variable, table.tableName);
    this.allow(
      [table.tableArn],
      actions.map((action) => TABLE_ACTIONS[action]),
    );
  }

  /** Lets the function query an index of a table that it is bound to. */
  bindIndex(table: Table, index: IndexName): void {
    this.allow([`${table.tableArn}/index/${index}`], [TABLE_ACTIONS.query]);
  }

  bindBucket(bucket: Bucket, variable: EnvName, binding: BucketBinding): void {
    this.setVariable(variable, bucket.bucketName);
    const objects = binding.prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`));
    this.allow(
      [bucket.bucketArn],
      binding.bucket.map((action) => BUCKET_ACTIONS[action]),
    );
    this.allow(
      objects,
      binding.objects.map((action) => OBJECT_ACTIONS[action]),
    );
    if (binding.objects.length === 0) return;
    const reason = `Keys end in random ids; the grant names its prefixes: ${binding.prefixes}.`;
    acknowledgeWildcards(this.role, objects, reason);
  }

  bindKey(key: Key, variable: EnvName, actions: readonly ('kms:Sign' | 'kms:GetPublicKey')[]) {
    this.setVariable(variable, key.keyId);
    this.allow([key.keyArn], actions);
  }

  bindQueue(queue: Queue, variable: EnvName, actions: readonly QueueAction[]): void {
    this.setVariable(variable, queue.queueUrl);
    this.allow(
      [queue.queueArn],
      actions.map((action) => QUEUE_ACTIONS[action]),
    );
  }

  /**
   * Puts the function into subnets. Lambda makes the network interfaces with the function's role,
   * whose rights for that the function's own code is denied.
   */
  joinVpc({ subnetIds, securityGroupIds }: VpcPlace): void {
    const resource = this.lambda.node.defaultChild as CfnFunction;
    resource.vpcConfig = { subnetIds: [...subnetIds], securityGroupIds: [...securityGroupIds] };
    this.allow(['*'], VPC_ACTIONS);
    // A policy apart: it names the function, which waits for the policy with the rights.
    const denial = new Policy(this, 'OwnCodePolicy', {
      roles: [this.role],
      statements: [
        new PolicyStatement({
          effect: Effect.DENY,
          actions: VPC_ACTIONS,
          resources: ['*'],
          conditions: { ArnEquals: { 'lambda:SourceFunctionArn': this.lambda.functionArn } },
        }),
      ],
    });
    const reason =
      'Network interfaces are made by Lambda under ids of their own; the code of the function is ' +
      'denied these actions.';
    acknowledgeWildcards(this.role, ['*'], reason);
    acknowledgeWildcards(denial, ['*'], reason);
  }

  /** Grants actions on resources; nothing when either is empty. */
  allow(resources: readonly string[], actions: readonly string[]): void {
    if (resources.length === 0 || actions.length === 0) return;
    this.role.addToPrincipalPolicy(
      new PolicyStatement({ actions: [...actions], resources: [...resources] }),
    );
  }

  private acknowledge(whyNoDeadLetters: string): void {
    Validations.of(this.lambda).acknowledge({
      id: 'Serverless-LambdaDLQ',
      reason: whyNoDeadLetters,
    });
    acknowledgeWildcards(
      this.role,
      ['*'],
      'Tracing: xray:PutTraceSegments and xray:PutTelemetryRecords know no resources.',
    );
  }
}
