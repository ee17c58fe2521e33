import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LifecycleRule, ObjectLockConfiguration } from '@aws-sdk/client-s3';
import { toLifecycleRules } from './lifecycle-configuration.ts';

/** A property of a resource that the embedded AWS's CloudFormation takes and does not apply. */
export type DeploymentGap = { readonly logicalId: string; readonly conditional: boolean } & (
  | { readonly kind: 'bucket-lifecycle'; readonly rules: readonly LifecycleRule[] }
  | { readonly kind: 'object-lock'; readonly configuration: ObjectLockConfiguration }
  | { readonly kind: 'time-to-live'; readonly attributeName: string }
  | { readonly kind: 'point-in-time-recovery'; readonly recoveryPeriodDays?: number }
);

/** A synthesized stack: its name and the path of its template. */
export interface SynthesizedStack {
  readonly stackName: string;
  readonly templateFile: string;
}

type Properties = Readonly<Record<string, unknown>>;

interface Template {
  readonly Resources?: Readonly<
    Record<string, { Type: string; Properties?: Properties; Condition?: string }>
  >;
}

interface Manifest {
  readonly artifacts?: Readonly<
    Record<
      string,
      {
        readonly type: string;
        readonly properties?: {
          readonly templateFile?: string;
          readonly stackName?: string;
          readonly directoryName?: string;
        };
      }
    >
  >;
}

/** The stacks of a cloud assembly (cdk.out), those of CDK stages included. */
export function synthesizedStacks(assemblyDirectory: string): SynthesizedStack[] {
  const manifestFile = join(assemblyDirectory, 'manifest.json');
  if (!existsSync(manifestFile)) {
    throw new Error(`${assemblyDirectory} holds no cloud assembly: ${manifestFile} is missing.`);
  }
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as Manifest;
  return Object.entries(manifest.artifacts ?? {}).flatMap(([id, { type, properties }]) => {
    if (type === 'aws:cloudformation:stack' && properties?.templateFile !== undefined) {
      const templateFile = join(assemblyDirectory, properties.templateFile);
      return [{ stackName: properties.stackName ?? id, templateFile }];
    }
    return type === 'cdk:cloud-assembly' && properties?.directoryName !== undefined
      ? synthesizedStacks(join(assemblyDirectory, properties.directoryName))
      : [];
  });
}

/**
 * What a template asks for and the embedded AWS's CloudFormation leaves out.
 *
 * @throws Error for a nested stack and for a value that is not plain (a Ref, a Fn::...): neither
 *   can be read from the template alone.
 */
export function templateGaps(templateFile: string): DeploymentGap[] {
  const template = JSON.parse(readFileSync(templateFile, 'utf8')) as Template;
  return Object.entries(template.Resources ?? {}).flatMap(([logicalId, resource]) => {
    const base = { logicalId, conditional: resource.Condition !== undefined };
    const properties = resource.Properties ?? {};
    switch (resource.Type) {
      case 'AWS::S3::Bucket':
        return bucketGaps(base, properties);
      case 'AWS::DynamoDB::Table':
        return tableGaps(base, properties, properties['PointInTimeRecoverySpecification']);
      case 'AWS::DynamoDB::GlobalTable': {
        // A table of one replica: the embedded AWS has one region.
        const [replica] = (properties['Replicas'] ?? []) as Properties[];
        return tableGaps(base, properties, replica?.['PointInTimeRecoverySpecification']);
      }
      case 'AWS::CloudFormation::Stack':
        throw new Error(
          `${templateFile}: ${logicalId} is a nested stack; local/ applies gaps of top-level stacks only.`,
        );
      default:
        return [];
    }
  });
}

type Base = Pick<DeploymentGap, 'logicalId' | 'conditional'>;

function bucketGaps(base: Base, properties: Properties): DeploymentGap[] {
  const gaps: DeploymentGap[] = [];
  const lifecycle = plain(properties['LifecycleConfiguration'], `${base.logicalId}.Lifecycle`);
  if (lifecycle !== undefined) {
    const where = `${base.logicalId}.LifecycleConfiguration`;
    const rules = toLifecycleRules(lifecycle as Properties, where);
    gaps.push({ ...base, kind: 'bucket-lifecycle', rules });
  }
  const lock = plain(properties['ObjectLockConfiguration'], `${base.logicalId}.ObjectLock`);
  if (lock !== undefined || String(properties['ObjectLockEnabled']) === 'true') {
    const configuration = { ObjectLockEnabled: 'Enabled', ...(lock as object | undefined) };
    gaps.push({
      ...base,
      kind: 'object-lock',
      configuration: configuration as ObjectLockConfiguration,
    });
  }
  return gaps;
}

function tableGaps(base: Base, properties: Properties, recovery: unknown): DeploymentGap[] {
  const gaps: DeploymentGap[] = [];
  const timeToLive = plain(properties['TimeToLiveSpecification'], `${base.logicalId}.TimeToLive`) as
    | { AttributeName?: string; Enabled?: boolean }
    | undefined;
  if (timeToLive?.Enabled === true && timeToLive.AttributeName !== undefined) {
    gaps.push({ ...base, kind: 'time-to-live', attributeName: timeToLive.AttributeName });
  }
  const pointInTime = plain(recovery, `${base.logicalId}.PointInTimeRecovery`) as
    | { PointInTimeRecoveryEnabled?: boolean; RecoveryPeriodInDays?: number }
    | undefined;
  if (pointInTime?.PointInTimeRecoveryEnabled === true) {
    const days = pointInTime.RecoveryPeriodInDays;
    gaps.push({
      ...base,
      kind: 'point-in-time-recovery',
      ...(days === undefined ? {} : { recoveryPeriodDays: days }),
    });
  }
  return gaps;
}

/** The value itself, if it holds no CloudFormation function anywhere. */
function plain(value: unknown, where: string): unknown {
  const text = JSON.stringify(value) ?? '';
  if (/"(Ref|Fn::[A-Za-z]+)":/.test(text)) {
    throw new Error(
      `${where} holds a value that only CloudFormation can resolve (${text}); local/ applies plain values only.`,
    );
  }
  return value;
}
