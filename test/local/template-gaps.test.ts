import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { synthesizedStacks, templateGaps } from '../../local/template-gaps.ts';
import { temporaryDirectory } from './temporary-directory.ts';

function gapsOf(resources: Record<string, unknown>) {
  const file = join(temporaryDirectory(), 'stack.template.json');
  writeFileSync(file, JSON.stringify({ Resources: resources }));
  return templateGaps(file);
}

function bucket(rule: Record<string, unknown>) {
  const Properties = { LifecycleConfiguration: { Rules: [{ Status: 'Enabled', ...rule }] } };
  return { Mail: { Type: 'AWS::S3::Bucket', Properties } };
}

describe('lifecycle rules', () => {
  test('every part of a rule arrives in the form of the S3 API', () => {
    const gaps = gapsOf(
      bucket({
        Id: 'autoexpunge-r7',
        Prefix: 'r7/',
        NoncurrentVersionExpiration: { NoncurrentDays: 8 },
        ExpiredObjectDeleteMarker: true,
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
      }),
    );
    expect(gaps).toStrictEqual([
      {
        kind: 'bucket-lifecycle',
        logicalId: 'Mail',
        conditional: false,
        rules: [
          {
            ID: 'autoexpunge-r7',
            Status: 'Enabled',
            Filter: { Prefix: 'r7/' },
            Expiration: { ExpiredObjectDeleteMarker: true },
            NoncurrentVersionExpiration: { NoncurrentDays: 8 },
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          },
        ],
      },
    ]);
  });

  test.each([
    [{ ExpirationInDays: '1' }, { Filter: { Prefix: '' }, Expiration: { Days: 1 } }],
    [
      { Prefix: 'a/', ObjectSizeGreaterThan: '100', TagFilters: [{ Key: 'k', Value: 'v' }] },
      {
        Filter: {
          And: { Prefix: 'a/', ObjectSizeGreaterThan: 100, Tags: [{ Key: 'k', Value: 'v' }] },
        },
      },
    ],
    [{ TagFilters: [{ Key: 'k', Value: 'v' }] }, { Filter: { Tag: { Key: 'k', Value: 'v' } } }],
  ])('%j becomes %j', (rule, wanted) => {
    expect(gapsOf(bucket(rule))).toMatchObject([{ rules: [{ Status: 'Enabled', ...wanted }] }]);
  });

  test('a property that cannot be applied is an error, not left out', () => {
    const rule = { Transitions: [{ StorageClass: 'GLACIER', TransitionInDays: 30 }] };
    expect(() => gapsOf(bucket(rule))).toThrow(/Rules\[0\] has Transitions/);
  });

  test('a value that only CloudFormation can resolve is an error', () => {
    const rule = { ExpirationInDays: { Ref: 'Days' } };
    expect(() => gapsOf(bucket(rule))).toThrow(/only CloudFormation can resolve/);
  });
});

test('Object Lock, with and without default retention', () => {
  const Rule = { DefaultRetention: { Mode: 'GOVERNANCE', Days: 400 } };
  const gaps = gapsOf({
    Plain: { Type: 'AWS::S3::Bucket' },
    Enabled: { Type: 'AWS::S3::Bucket', Properties: { ObjectLockEnabled: true } },
    Retained: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        ObjectLockEnabled: true,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule },
      },
    },
  });
  expect(gaps).toMatchObject([
    { logicalId: 'Enabled', configuration: { ObjectLockEnabled: 'Enabled' } },
    { logicalId: 'Retained', configuration: { ObjectLockEnabled: 'Enabled', Rule } },
  ]);
});

test('TTL and point-in-time recovery of tables and global tables', () => {
  const TimeToLiveSpecification = { AttributeName: 'ttl', Enabled: true };
  const recovery = { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 35 };
  const gaps = gapsOf({
    Registry: {
      Type: 'AWS::DynamoDB::Table',
      Properties: { TimeToLiveSpecification, PointInTimeRecoverySpecification: recovery },
    },
    Dictmap: {
      Type: 'AWS::DynamoDB::GlobalTable',
      Condition: 'HasDictmap',
      Properties: {
        TimeToLiveSpecification,
        Replicas: [{ PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }],
      },
    },
    Off: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: false },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
      },
    },
  });
  const registry = { logicalId: 'Registry', conditional: false };
  const dictmap = { logicalId: 'Dictmap', conditional: true };
  expect(gaps).toStrictEqual([
    { ...registry, kind: 'time-to-live', attributeName: 'ttl' },
    { ...registry, kind: 'point-in-time-recovery', recoveryPeriodDays: 35 },
    { ...dictmap, kind: 'time-to-live', attributeName: 'ttl' },
    { ...dictmap, kind: 'point-in-time-recovery' },
  ]);
});

test('a nested stack is an error, because its gaps would stay open', () => {
  expect(() => gapsOf({ Nested: { Type: 'AWS::CloudFormation::Stack' } })).toThrow(/nested stack/);
});

test('the stacks of an assembly are found, those of CDK stages included', () => {
  const directory = temporaryDirectory();
  const stack = (templateFile: string, stackName?: string) => ({
    type: 'aws:cloudformation:stack',
    properties: { templateFile, ...(stackName === undefined ? {} : { stackName }) },
  });
  mkdirSync(join(directory, 'assembly-local'));
  writeFileSync(
    join(directory, 'manifest.json'),
    JSON.stringify({
      artifacts: {
        Tree: { type: 'cdk:tree' },
        LetheStorage: stack('LetheStorage.template.json'),
        Local: { type: 'cdk:cloud-assembly', properties: { directoryName: 'assembly-local' } },
      },
    }),
  );
  writeFileSync(
    join(directory, 'assembly-local', 'manifest.json'),
    JSON.stringify({ artifacts: { Inner: stack('Inner.template.json', 'Local-Inner') } }),
  );
  expect(synthesizedStacks(directory)).toStrictEqual([
    { stackName: 'LetheStorage', templateFile: join(directory, 'LetheStorage.template.json') },
    {
      stackName: 'Local-Inner',
      templateFile: join(directory, 'assembly-local', 'Inner.template.json'),
    },
  ]);
});
