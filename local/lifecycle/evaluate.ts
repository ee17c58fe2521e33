import type { LifecycleRule } from '@aws-sdk/client-s3';
import { matchesFilter } from './filter.ts';

const DAY_MILLISECONDS = 86_400_000;

/** A version or a delete marker of a bucket, as lifecycle rules see it. */
export interface LifecycleVersion {
  readonly key: string;
  readonly versionId: string;
  readonly deleteMarker: boolean;
  /** 0 for delete markers. */
  readonly sizeBytes: number;
  /** Missing: none. */
  readonly tags?: Readonly<Record<string, string>>;
  readonly createdMs: number;
  /** Until when Object Lock keeps it from being removed; Infinity under legal hold. */
  readonly lockedUntilMs?: number;
}

export interface LifecycleUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly startedMs: number;
}

export interface LifecycleContents {
  /** Of every key, newest first; keys in any order. */
  readonly versions: readonly LifecycleVersion[];
  readonly uploads: readonly LifecycleUpload[];
}

/**
 * What a rule wants done, from `dueMs` (milliseconds since 1970) on. `expire` is a DELETE without
 * version: a delete marker where the bucket is versioned, the end of the object where it is not.
 */
export type LifecycleAction =
  | { readonly kind: 'expire'; readonly key: string; readonly dueMs: number }
  | {
      readonly kind: 'remove-version' | 'remove-marker';
      readonly key: string;
      readonly versionId: string;
      readonly dueMs: number;
    }
  | {
      readonly kind: 'abort-upload';
      readonly key: string;
      readonly uploadId: string;
      readonly dueMs: number;
    };

/**
 * What the rules want done with a bucket as it is now, and when: at most one action for each
 * version, marker and upload. Carrying some out can make others due (the last version goes, and
 * its marker is alone), so whoever applies rules evaluates again until nothing is due.
 *
 * As S3 documents it: ages count from creation, from becoming noncurrent (the creation of the next
 * version) and from the start of an upload, and end at the next midnight UTC; rules that are not
 * `Enabled` do nothing; of several the earliest wins; transitions change nothing here.
 */
export function lifecycleActions(
  rules: readonly LifecycleRule[],
  contents: LifecycleContents,
): LifecycleAction[] {
  const enabled = rules.filter(({ Status }) => Status === 'Enabled');
  const byKey = Map.groupBy(contents.versions, ({ key }) => key);
  return [
    ...[...byKey.values()].flatMap((versions) => actionsOfKey(enabled, versions)),
    ...contents.uploads.flatMap((upload) => actionOnUpload(enabled, upload)),
  ];
}

/** Those of `lifecycleActions` that are due. */
export function dueActions(
  rules: readonly LifecycleRule[],
  contents: LifecycleContents,
  nowMs: number,
): LifecycleAction[] {
  return lifecycleActions(rules, contents).filter(({ dueMs }) => dueMs <= nowMs);
}

/** The first midnight UTC after a time and a number of days: when S3 acts on it. */
export function midnightAfter(sinceMs: number, days: number): number {
  return (Math.floor(sinceMs / DAY_MILLISECONDS) + days + 1) * DAY_MILLISECONDS;
}

/** `versions`: of one key, newest first. */
function actionsOfKey(
  rules: readonly LifecycleRule[],
  versions: readonly LifecycleVersion[],
): LifecycleAction[] {
  const [current] = versions;
  if (current === undefined) return [];
  const noncurrent = versions.slice(1).flatMap((version, newer) => {
    // It became noncurrent when the one above it was made.
    const sinceMs = versions[newer]?.createdMs ?? version.createdMs;
    return removal(version, noncurrentDueMs(rules, version, sinceMs, newer));
  });
  if (!current.deleteMarker) {
    const dueMs = expirationDueMs(rules, current);
    const { key } = current;
    return dueMs === undefined ? noncurrent : [{ kind: 'expire', key, dueMs }, ...noncurrent];
  }
  // A marker above versions stays: it is what hides them.
  if (versions.length > 1) return noncurrent;
  return removal(current, loneMarkerDueMs(rules, current));
}

function removal(version: LifecycleVersion, due: number | undefined): LifecycleAction[] {
  const dueMs = Math.max(due ?? Number.POSITIVE_INFINITY, version.lockedUntilMs ?? 0);
  if (dueMs === Number.POSITIVE_INFINITY) return [];
  const { key, versionId, deleteMarker } = version;
  return [{ kind: deleteMarker ? 'remove-marker' : 'remove-version', key, versionId, dueMs }];
}

function expirationDueMs(
  rules: readonly LifecycleRule[],
  version: LifecycleVersion,
): number | undefined {
  return earliest(
    rules.map((rule) => {
      if (rule.Expiration === undefined || !matchesFilter(rule, version)) return undefined;
      const { Days, Date: date } = rule.Expiration;
      return Days === undefined ? date?.getTime() : midnightAfter(version.createdMs, Days);
    }),
  );
}

/** An expiration in days or at a date also removes markers of that age that are alone. */
function loneMarkerDueMs(
  rules: readonly LifecycleRule[],
  marker: LifecycleVersion,
): number | undefined {
  const atOnce = rules.some(
    (rule) => rule.Expiration?.ExpiredObjectDeleteMarker === true && matchesFilter(rule, marker),
  );
  return atOnce ? marker.createdMs : expirationDueMs(rules, marker);
}

/** `newer`: how many noncurrent versions of the key are newer than this one. */
function noncurrentDueMs(
  rules: readonly LifecycleRule[],
  version: LifecycleVersion,
  sinceMs: number,
  newer: number,
): number | undefined {
  return earliest(
    rules.map((rule) => {
      const expiration = rule.NoncurrentVersionExpiration;
      if (expiration?.NoncurrentDays === undefined || !matchesFilter(rule, version)) {
        return undefined;
      }
      if (newer < (expiration.NewerNoncurrentVersions ?? 0)) return undefined;
      return midnightAfter(sinceMs, expiration.NoncurrentDays);
    }),
  );
}

/** Uploads have neither a size nor tags that count: only the prefix says which a rule means. */
function actionOnUpload(
  rules: readonly LifecycleRule[],
  { key, uploadId, startedMs }: LifecycleUpload,
): LifecycleAction[] {
  const dueMs = earliest(
    rules.map((rule) => {
      const days = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation;
      if (days === undefined || !matchesFilter(rule, { key })) return undefined;
      return midnightAfter(startedMs, days);
    }),
  );
  return dueMs === undefined ? [] : [{ kind: 'abort-upload', key, uploadId, dueMs }];
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  const given = times.filter((time) => time !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}
