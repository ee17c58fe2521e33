import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { OUTPUTS } from '../../functions/contract/outputs.ts';
import {
  INDEXES,
  TABLES,
  type TableName,
  TTL_ATTRIBUTE,
} from '../../functions/contract/row-layout.ts';
import { resourceNamed, resourcesOf, synthesize } from './synthesized.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const prod = synthesize('prod');
const local = synthesize('local');
const stages = [
  ['prod', prod.storage],
  ['local', local.storage],
] as const;

const TABLE_IDS: Readonly<Record<TableName, string>> = {
  registry: 'RegistryTable',
  dictmap: 'DictmapTable',
};
const tableOf = (template: Template, table: TableName) =>
  resourceNamed(template, 'AWS::DynamoDB::Table', TABLE_IDS[table]);
const bucketOf = (template: Template, name: string) =>
  resourceNamed(template, 'AWS::S3::Bucket', name);

interface Rule {
  readonly Id: string;
}

function lifecycleOf(template: Template): readonly Rule[] {
  const { LifecycleConfiguration } = bucketOf(template, 'MailBucket').Properties;
  return (LifecycleConfiguration as { readonly Rules: readonly Rule[] }).Rules;
}

/** A day for what nobody finishes; the clock of noncurrent versions is the class's own. */
const classRule = (name: string, noncurrentDays?: number) => ({
  Id: `autoexpunge-${name}`,
  Prefix: `${name}/`,
  Status: 'Enabled',
  ExpiredObjectDeleteMarker: true,
  AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  ...(noncurrentDays === undefined
    ? {}
    : { NoncurrentVersionExpiration: { NoncurrentDays: noncurrentDays } }),
});

const OTHER_RULES = [
  {
    Id: 'purge-expired-blobs',
    Prefix: 'uploads/',
    Status: 'Enabled',
    ExpirationInDays: 1,
    NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  },
  {
    Id: 'replaced-bundles',
    Prefix: 'x1/',
    Status: 'Enabled',
    NoncurrentVersionExpiration: { NoncurrentDays: 1 },
    ExpiredObjectDeleteMarker: true,
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  },
];

describe.each(stages)('buckets of stage %s', (_stage, template) => {
  test.each(['MailBucket', 'EvidenceBucket'])('%s is versioned, encrypted and closed', (name) => {
    expect(bucketOf(template, name).Properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } },
        ],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    });
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      Bucket: { Ref: Match.stringLikeRegexp(`^${name}`) },
      PolicyDocument: {
        Statement: [
          Match.objectLike({
            Effect: 'Deny',
            Action: 's3:*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
        ],
      },
    });
  });

  test('X2: each class has one rule, a day longer than its rows; keep never expires', () => {
    expect(lifecycleOf(template)).toEqual([
      classRule('r30', 31),
      classRule('r7', 8),
      classRule('r365', 366),
      classRule('keep'),
      ...OTHER_RULES,
    ]);
  });
});

describe('retention classes', () => {
  test('X2, X3: a retired class keeps its rule and stays in reach of erasure', () => {
    const historyFile = join(temporaryDirectory(), 'history.json');
    const history = { prod: { r14: { retention: 14, retired: true } } };
    writeFileSync(historyFile, JSON.stringify(history));
    const { storage, service } = synthesize('prod', { historyFile });
    expect(lifecycleOf(storage)).toContainEqual(classRule('r14', 15));
    const { Environment } = resourceNamed(
      service,
      'AWS::Lambda::Function',
      'EraseRange',
    ).Properties;
    const { Variables } = Environment as { readonly Variables: Record<string, string> };
    const ever = JSON.parse(Variables['LETHE_CLASSES_EVER_DEPLOYED'] ?? '') as string[];
    expect(ever).toEqual(['r30', 'r7', 'r365', 'keep', 'r14']);
  });

  test('W1: a class that is gone from the settings stops the synthesis', () => {
    const historyFile = join(temporaryDirectory(), 'history.json');
    writeFileSync(historyFile, '{}');
    synthesize('prod', { historyFile });
    const raw = { retentionClasses: { r30: 30 } };
    expect(() => synthesize('prod', { historyFile, raw })).toThrow('retentionClasses.r7: nothing');
  });
});

describe.each(stages)('tables of stage %s', (_stage, template) => {
  test.each(TABLES)('%s has its keys and every index of the contract, all at once', (name) => {
    const { Properties } = tableOf(template, name);
    const indexes = Object.entries(INDEXES)
      .filter(([, { tables }]) => (tables as readonly string[]).includes(name))
      .map(([IndexName, { pk, sk, projection }]) => ({
        IndexName,
        KeySchema: [
          { AttributeName: pk, KeyType: 'HASH' },
          { AttributeName: sk, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: projection },
      }));
    expect(indexes.length).toBeGreaterThan(0);
    expect(Properties['GlobalSecondaryIndexes']).toEqual(indexes);
    expect(Properties['KeySchema']).toEqual([
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ]);
    const attributes = Properties['AttributeDefinitions'] as { readonly AttributeType: string }[];
    expect(new Set(attributes.map(({ AttributeType }) => AttributeType))).toEqual(new Set(['S']));
  });

  test.each(TABLES)('%s is on demand, expires rows, and can be restored', (name) => {
    expect(tableOf(template, name).Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      TimeToLiveSpecification: { AttributeName: TTL_ATTRIBUTE, Enabled: true },
      PointInTimeRecoverySpecification: {
        PointInTimeRecoveryEnabled: true,
        RecoveryPeriodInDays: 35,
      },
    });
  });

  test('only the dictmap has a stream', () => {
    const streamOf = (name: TableName) => tableOf(template, name).Properties['StreamSpecification'];
    expect(streamOf('dictmap')).toEqual({ StreamViewType: 'NEW_AND_OLD_IMAGES' });
    expect(streamOf('registry')).toBeUndefined();
  });
});

describe('what a stage protects', () => {
  const stateful = ['AWS::S3::Bucket', 'AWS::DynamoDB::Table', 'AWS::KMS::Key'];
  const policiesOf = (template: Template) =>
    stateful
      .flatMap((type) => [...resourcesOf(template, type).values()])
      .map(({ DeletionPolicy }) => DeletionPolicy);

  test('W1: a lasting stage keeps buckets, tables and key whatever happens to its stack', () => {
    expect(policiesOf(prod.storage)).toEqual(Array(5).fill('Retain'));
    for (const name of TABLES) {
      expect(tableOf(prod.storage, name).Properties['DeletionProtectionEnabled']).toBe(true);
    }
  });

  test('U7: a lasting stage locks certificates', () => {
    const lockOf = (mode: 'GOVERNANCE' | 'COMPLIANCE', template: Template) =>
      expect(bucketOf(template, 'EvidenceBucket').Properties).toMatchObject({
        ObjectLockEnabled: true,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Days: 1095, Mode: mode } },
        },
      });
    lockOf('GOVERNANCE', prod.storage);
    lockOf('COMPLIANCE', synthesize('prod', { raw: { evidenceLockMode: 'COMPLIANCE' } }).storage);
  });

  test('an ephemeral stage destroys with its stack, protects and locks nothing', () => {
    expect(policiesOf(local.storage)).toEqual(Array(5).fill('Delete'));
    for (const name of TABLES) {
      expect(tableOf(local.storage, name).Properties['DeletionProtectionEnabled']).toBe(false);
    }
    const { Properties } = bucketOf(local.storage, 'EvidenceBucket');
    expect(Object.keys(Properties)).not.toContain('ObjectLockEnabled');
    expect(Object.keys(Properties)).not.toContain('ObjectLockConfiguration');
  });

  test('only a lasting stage is protected from being terminated', () => {
    const protections: (boolean | undefined)[] = [];
    for (const stage of ['prod', 'local']) {
      synthesize(stage, {
        change: ({ storage, service }) =>
          protections.push(storage.terminationProtection, service.terminationProtection),
      });
    }
    expect(protections).toEqual([true, true, false, false]);
  });
});

describe('the rest', () => {
  test('U7: certificates are signed by an RSA key of 3,072 bits that can do nothing else', () => {
    prod.storage.hasResourceProperties('AWS::KMS::Key', {
      KeySpec: 'RSA_3072',
      KeyUsage: 'SIGN_VERIFY',
    });
  });

  test('every name is an output, by the name of the contract', () => {
    const { apiUrl, deleteAccountStateMachineArn, ...names } = OUTPUTS;
    for (const name of Object.values(names)) prod.storage.hasOutput(name, {});
    for (const name of [apiUrl, deleteAccountStateMachineArn]) prod.service.hasOutput(name, {});
  });

  test('every resource that can be tagged says what it belongs to', () => {
    const raw = { owner: 'mail team', costCentre: '4711', tags: { tier: 'gold' } };
    const { storage } = synthesize('prod', { raw });
    for (const { Properties } of resourcesOf(storage, 'AWS::S3::Bucket').values()) {
      expect(Properties['Tags']).toEqual([
        { Key: 'app', Value: 'lethe' },
        { Key: 'cost-centre', Value: '4711' },
        { Key: 'owner', Value: 'mail team' },
        { Key: 'stage', Value: 'prod' },
        { Key: 'tier', Value: 'gold' },
      ]);
    }
  });

  test('the checks do find what nobody acknowledged', () => {
    const addBucket = () =>
      synthesize('local', { change: ({ storage }) => new CfnBucket(storage, 'Careless') });
    expect(addBucket).toThrow(/LetheLocalStorage\/Careless.*AwsSolutions-S1'.*AwsSolutions-S10'/s);
  });
});
