/** What must outlive everything else: mail, rows, certificates and the key that signs them. */
import {
  CfnOutput,
  Duration,
  RemovalPolicy,
  Stack,
  type StackProps,
  Validations,
} from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
} from 'aws-cdk-lib/aws-dynamodb';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  ObjectLockRetention,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { OUTPUTS } from '../functions/contract/outputs.ts';
import { INDEXES, type TableName, TTL_ATTRIBUTE } from '../functions/contract/row-layout.ts';
import { mailLifecycleRules } from './mail-lifecycle.ts';
import type { RetentionClasses, Settings } from './settings.ts';

export interface StorageStackProps extends StackProps {
  readonly settings: Settings;
  /** Every class ever deployed, with the retention its lifecycle rule has now. */
  readonly classesEver: RetentionClasses;
}

export class StorageStack extends Stack {
  readonly mailBucket: Bucket;
  readonly evidenceBucket: Bucket;
  readonly tables: Readonly<Record<TableName, Table>>;
  readonly certificateKey: Key;

  constructor(scope: Construct, id: string, props: StorageStackProps) {
    super(scope, id, props);
    const { settings, classesEver } = props;
    this.mailBucket = new Bucket(this, 'MailBucket', {
      ...bucketProps(settings),
      lifecycleRules: mailLifecycleRules(classesEver),
    });
    this.evidenceBucket = new Bucket(this, 'EvidenceBucket', {
      ...bucketProps(settings),
      ...objectLockProps(settings),
    });
    this.tables = {
      registry: addTable(this, 'registry', settings),
      dictmap: addTable(this, 'dictmap', settings),
    };
    this.certificateKey = addCertificateKey(this, settings);
    acknowledgeMissingAccessLogs(this.mailBucket, this.evidenceBucket);
    this.addOutputs();
  }

  private addOutputs(): void {
    const values = {
      [OUTPUTS.mailBucket]: this.mailBucket.bucketName,
      [OUTPUTS.evidenceBucket]: this.evidenceBucket.bucketName,
      [OUTPUTS.registryTable]: this.tables.registry.tableName,
      [OUTPUTS.dictmapTable]: this.tables.dictmap.tableName,
      [OUTPUTS.certificateKeyId]: this.certificateKey.keyId,
    };
    for (const [name, value] of Object.entries(values)) new CfnOutput(this, name, { value });
  }
}

/**
 * An ephemeral bucket goes with its stack once it is empty. CDK's way of emptying it first is a
 * custom resource that takes the SDK from the runtime, which not every embedded AWS has.
 */
function removalPolicy(settings: Settings): RemovalPolicy {
  return settings.ephemeral ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
}

function bucketProps(settings: Settings): BucketProps {
  return {
    versioned: true,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    removalPolicy: removalPolicy(settings),
  };
}

/** Certificates cannot be removed before their time, whoever asks; ephemeral stages lock nothing. */
function objectLockProps(settings: Settings): BucketProps {
  if (settings.ephemeral) return {};
  const retention = Duration.days(settings.evidenceRetentionDays);
  return {
    objectLockEnabled: true,
    objectLockDefaultRetention:
      settings.evidenceLockMode === 'COMPLIANCE'
        ? ObjectLockRetention.compliance(retention)
        : ObjectLockRetention.governance(retention),
  };
}

/** CloudFormation adds one index per update, so all are there from the start. */
function addTable(stack: StorageStack, name: TableName, settings: Settings): Table {
  const table = new Table(stack, name === 'registry' ? 'RegistryTable' : 'DictmapTable', {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    sortKey: { name: 'sk', type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    timeToLiveAttribute: TTL_ATTRIBUTE,
    pointInTimeRecoverySpecification: {
      pointInTimeRecoveryEnabled: true,
      recoveryPeriodInDays: settings.recoveryDays,
    },
    deletionProtection: !settings.ephemeral,
    removalPolicy: removalPolicy(settings),
    // What happens to a row wakes the function that makes S3 follow it.
    ...(name === 'dictmap' ? { stream: StreamViewType.NEW_AND_OLD_IMAGES } : {}),
  });
  for (const [indexName, { tables, pk, sk, projection }] of Object.entries(INDEXES)) {
    if (!(tables as readonly TableName[]).includes(name)) continue;
    table.addGlobalSecondaryIndex({
      indexName,
      partitionKey: { name: pk, type: AttributeType.STRING },
      sortKey: { name: sk, type: AttributeType.STRING },
      projectionType: ProjectionType[projection],
    });
  }
  return table;
}

/** PS256 over RSA of 3,072 bits: any JOSE library verifies it, offline, with the public key. */
function addCertificateKey(stack: StorageStack, settings: Settings): Key {
  return new Key(stack, 'CertificateKey', {
    description: `Signs erasure certificates of Lethe, stage ${settings.stage}`,
    keySpec: KeySpec.RSA_3072,
    keyUsage: KeyUsage.SIGN_VERIFY,
    removalPolicy: removalPolicy(settings),
    ...(settings.ephemeral ? { pendingWindow: Duration.days(7) } : {}),
  });
}

function acknowledgeMissingAccessLogs(mailBucket: Bucket, evidenceBucket: Bucket): void {
  Validations.of(mailBucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'An access log would keep a line about every message (key, size, time, reader) beyond the ' +
      'erasure of its account. What is erased is counted in operation records and certificates; ' +
      'who needs more turns on CloudTrail data events for the bucket, with a lifetime of their own.',
  });
  Validations.of(evidenceBucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Certificates are signed, write-once and hold no personal data: who read them, and when, ' +
      'proves nothing that the object and its lock do not.',
  });
}
