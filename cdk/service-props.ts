import type { StackProps } from 'aws-cdk-lib';
import type { HandlerCode } from './handler-bundles.ts';
import type { RetentionClasses, Settings } from './settings.ts';
import type { StorageStack } from './storage-stack.ts';

export interface ServiceStackProps extends StackProps {
  readonly settings: Settings;
  /** Every class ever deployed: erasure finds mail of retired ones, and it stays readable. */
  readonly classesEver: RetentionClasses;
  readonly storage: StorageStack;
  readonly code: HandlerCode;
}
