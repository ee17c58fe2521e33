/**
 * Lifecycle of the mail bucket: by it S3 itself reclaims what was expunged (X2). One rule for a
 * class, never for a mailbox: S3 allows 1,000. An expunge places a delete marker, the version
 * under it becomes noncurrent, and the rule's clock starts.
 */
import { Duration } from 'aws-cdk-lib';
import type { LifecycleRule } from 'aws-cdk-lib/aws-s3';
import { OPAQUE_CLASS, UPLOADS_PREFIX } from '../functions/contract/key-layout.ts';
import type { Retention, RetentionClasses } from './settings.ts';

const ONE_DAY = Duration.days(1);

/** Rules for every class ever deployed, retired ones included, then uploads and opaque objects. */
export function mailLifecycleRules(classesEver: RetentionClasses): LifecycleRule[] {
  return [
    ...Object.entries(classesEver).map(([name, retention]) => classRule(name, retention)),
    {
      id: 'purge-expired-blobs',
      prefix: UPLOADS_PREFIX,
      expiration: ONE_DAY,
      noncurrentVersionExpiration: ONE_DAY,
      abortIncompleteMultipartUploadAfter: ONE_DAY,
    },
    {
      id: 'replaced-bundles',
      prefix: `${OPAQUE_CLASS}/`,
      noncurrentVersionExpiration: ONE_DAY,
      expiredObjectDeleteMarker: true,
      abortIncompleteMultipartUploadAfter: ONE_DAY,
    },
  ];
}

function classRule(name: string, retention: Retention): LifecycleRule {
  return {
    id: `autoexpunge-${name}`,
    prefix: `${name}/`,
    // A day more than the row: bytes outlive what makes them readable, never the other way round.
    ...(retention === 'keep' ? {} : { noncurrentVersionExpiration: Duration.days(retention + 1) }),
    expiredObjectDeleteMarker: true,
    abortIncompleteMultipartUploadAfter: ONE_DAY,
  };
}
