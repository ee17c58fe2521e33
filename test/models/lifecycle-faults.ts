import type { LifecycleRule } from '@aws-sdk/client-s3';

const RULES_MAX = 1000;
const ID_LENGTH_MAX = 255;
const NEWER_VERSIONS_MAX = 100;

/** S3's error code for a lifecycle configuration that it refuses; undefined when it takes it. */
export function lifecycleFault(rules: readonly LifecycleRule[]): string | undefined {
  if (rules.length < 1 || rules.length > RULES_MAX) return 'MalformedXML';
  // The document's form comes first, then each rule, then what they are together.
  const malformed = rules.some(isMalformed);
  if (malformed) return 'MalformedXML';
  const faults = rules.map(ruleFault).filter((fault) => fault !== undefined);
  if (faults[0] !== undefined) return faults[0];
  const ids = rules.flatMap(({ ID }) => ID ?? []);
  return new Set(ids).size < ids.length ? 'InvalidArgument' : undefined;
}

/** What the schema of the document does not allow. */
function isMalformed({ Status, Expiration, NoncurrentVersionExpiration }: LifecycleRule): boolean {
  const expirations = [
    Expiration?.Days,
    Expiration?.Date,
    Expiration?.ExpiredObjectDeleteMarker,
  ].filter((member) => member !== undefined);
  return (
    !['Enabled', 'Disabled'].includes(Status ?? '') ||
    (Expiration !== undefined && expirations.length !== 1) ||
    (NoncurrentVersionExpiration !== undefined &&
      NoncurrentVersionExpiration.NoncurrentDays === undefined)
  );
}

function ruleFault(rule: LifecycleRule): string | undefined {
  const { Expiration, NoncurrentVersionExpiration, AbortIncompleteMultipartUpload } = rule;
  if ((rule.ID ?? '').length > ID_LENGTH_MAX) return 'InvalidArgument';
  const days = [
    Expiration?.Days,
    NoncurrentVersionExpiration?.NoncurrentDays,
    NoncurrentVersionExpiration?.NewerNoncurrentVersions,
    AbortIncompleteMultipartUpload?.DaysAfterInitiation,
  ].filter((number) => number !== undefined);
  if (days.some((number) => !Number.isInteger(number) || number < 1)) return 'InvalidArgument';
  const newer = NoncurrentVersionExpiration?.NewerNoncurrentVersions ?? 0;
  if (newer > NEWER_VERSIONS_MAX) return 'InvalidArgument';
  if (!(Expiration ?? NoncurrentVersionExpiration ?? AbortIncompleteMultipartUpload)) {
    return 'InvalidRequest';
  }
  // Markers and uploads have no tags to choose them by.
  const byTags = (rule.Filter?.Tag ?? rule.Filter?.And?.Tags) !== undefined;
  const untagged = Expiration?.ExpiredObjectDeleteMarker ?? AbortIncompleteMultipartUpload;
  return byTags && untagged !== undefined ? 'InvalidRequest' : undefined;
}
