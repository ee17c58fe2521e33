import { isDeepStrictEqual } from 'node:util';
import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import {
  DescribeContinuousBackupsCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  UpdateContinuousBackupsCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import {
  GetBucketLifecycleConfigurationCommand,
  GetObjectLockConfigurationCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { SdkOptions } from './aws-environment.ts';
import { type DeploymentGap, synthesizedStacks, templateGaps } from './template-gaps.ts';

interface Clients {
  readonly cloudFormation: CloudFormationClient;
  readonly dynamoDb: DynamoDBClient;
  readonly s3: S3Client;
}

/** How one gap is looked at and closed. */
interface Repair {
  /** What the service says now, in a form that compares with `wanted`. */
  read(): Promise<unknown>;
  readonly wanted: unknown;
  apply(): Promise<unknown>;
}

/**
 * Applies what the embedded AWS's CloudFormation leaves out (lifecycle and Object Lock of buckets,
 * TTL and point-in-time recovery of tables), as the synthesized templates ask for it, through the
 * services' own APIs. What is already so is left alone; what was applied is read back.
 *
 * @throws Error when the service does not say afterwards what was asked for.
 */
export async function closeDeploymentGaps(
  assemblyDirectory: string,
  options: SdkOptions,
  log: (line: string) => void,
): Promise<void> {
  const clients: Clients = {
    cloudFormation: new CloudFormationClient(options),
    dynamoDb: new DynamoDBClient(options),
    s3: new S3Client(options),
  };
  try {
    for (const { stackName, templateFile } of synthesizedStacks(assemblyDirectory)) {
      const gaps = templateGaps(templateFile);
      const names = gaps.length === 0 ? new Map() : await physicalNames(clients, stackName);
      for (const gap of gaps) {
        const name: string | undefined = names.get(gap.logicalId);
        if (name !== undefined) {
          await closeGap(repairOf(clients, gap, name), `${gap.kind} of ${name}`, log);
        } else if (!gap.conditional) {
          throw new Error(`The stack ${stackName} has no resource ${gap.logicalId}.`);
        }
      }
    }
  } finally {
    for (const client of Object.values(clients) as { destroy(): void }[]) {
      client.destroy();
    }
  }
}

async function physicalNames(clients: Clients, stackName: string): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  const pages = paginateListStackResources(
    { client: clients.cloudFormation },
    { StackName: stackName },
  );
  for await (const page of pages) {
    for (const { LogicalResourceId, PhysicalResourceId } of page.StackResourceSummaries ?? []) {
      if (LogicalResourceId !== undefined && PhysicalResourceId !== undefined) {
        names.set(LogicalResourceId, PhysicalResourceId);
      }
    }
  }
  return names;
}

async function closeGap(repair: Repair, what: string, log: (line: string) => void): Promise<void> {
  if (isDeepStrictEqual(await repair.read(), repair.wanted)) {
    return;
  }
  await repair.apply();
  const found = await repair.read();
  if (!isDeepStrictEqual(found, repair.wanted)) {
    throw new Error(
      `The embedded AWS did not take the ${what}: it says ${JSON.stringify(found)} instead of ${JSON.stringify(repair.wanted)}.`,
    );
  }
  log(`Applied the ${what}.`);
}

function repairOf(clients: Clients, gap: DeploymentGap, name: string): Repair {
  switch (gap.kind) {
    case 'bucket-lifecycle':
      return lifecycleRepair(clients.s3, name, gap.rules);
    case 'object-lock':
      return objectLockRepair(clients.s3, name, gap);
    case 'time-to-live':
      return timeToLiveRepair(clients.dynamoDb, name, gap.attributeName);
    case 'point-in-time-recovery':
      return recoveryRepair(clients.dynamoDb, name, gap.recoveryPeriodDays);
  }
}

function lifecycleRepair(s3: S3Client, Bucket: string, rules: readonly LifecycleRule[]): Repair {
  return {
    wanted: rules,
    read: async () => {
      try {
        const answer = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
        return answer.Rules ?? [];
      } catch (error) {
        return absentWhen(error, 'NoSuchLifecycleConfiguration');
      }
    },
    apply: () =>
      s3.send(
        new PutBucketLifecycleConfigurationCommand({
          Bucket,
          LifecycleConfiguration: { Rules: [...rules] },
        }),
      ),
  };
}

function objectLockRepair(
  s3: S3Client,
  Bucket: string,
  gap: Extract<DeploymentGap, { kind: 'object-lock' }>,
): Repair {
  return {
    wanted: gap.configuration,
    read: async () => {
      try {
        const answer = await s3.send(new GetObjectLockConfigurationCommand({ Bucket }));
        return answer.ObjectLockConfiguration;
      } catch (error) {
        return absentWhen(error, 'ObjectLockConfigurationNotFoundError');
      }
    },
    apply: () =>
      s3.send(
        new PutObjectLockConfigurationCommand({
          Bucket,
          ObjectLockConfiguration: gap.configuration,
        }),
      ),
  };
}

function timeToLiveRepair(
  dynamoDb: DynamoDBClient,
  TableName: string,
  AttributeName: string,
): Repair {
  return {
    wanted: { enabled: true, attributeName: AttributeName },
    read: async () => {
      const answer = await dynamoDb.send(new DescribeTimeToLiveCommand({ TableName }));
      const found = answer.TimeToLiveDescription;
      const enabled = /^ENABL(ED|ING)$/.test(found?.TimeToLiveStatus ?? '');
      return { enabled, attributeName: found?.AttributeName };
    },
    apply: () =>
      dynamoDb.send(
        new UpdateTimeToLiveCommand({
          TableName,
          TimeToLiveSpecification: { AttributeName, Enabled: true },
        }),
      ),
  };
}

function recoveryRepair(
  dynamoDb: DynamoDBClient,
  TableName: string,
  recoveryPeriodDays: number | undefined,
): Repair {
  return {
    // MiniStack takes the recovery period and never tells it, so it is not compared.
    wanted: { enabled: true },
    read: async () => {
      const answer = await dynamoDb.send(new DescribeContinuousBackupsCommand({ TableName }));
      const found = answer.ContinuousBackupsDescription?.PointInTimeRecoveryDescription;
      return { enabled: found?.PointInTimeRecoveryStatus === 'ENABLED' };
    },
    apply: () =>
      dynamoDb.send(
        new UpdateContinuousBackupsCommand({
          TableName,
          PointInTimeRecoverySpecification: {
            PointInTimeRecoveryEnabled: true,
            ...(recoveryPeriodDays === undefined
              ? {}
              : { RecoveryPeriodInDays: recoveryPeriodDays }),
          },
        }),
      ),
  };
}

function absentWhen(error: unknown, name: string): undefined {
  if ((error as Error).name === name) {
    return undefined;
  }
  throw error;
}
