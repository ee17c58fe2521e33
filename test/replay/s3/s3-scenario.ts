import { readFileSync } from 'node:fs';
import type { LifecycleRule } from '@aws-sdk/client-s3';

/** A step of a scenario: a verb, its arguments, and what S3 answered. */
export type S3Step = Readonly<Record<string, unknown>> & {
  readonly do: string;
  readonly label?: string | undefined;
  readonly deviates?: boolean | undefined;
  readonly expect?: Readonly<Record<string, unknown>> | undefined;
};

/** A recorded scenario of `s3/`: one bucket, new and unversioned. */
export interface S3Scenario {
  readonly id: string;
  readonly deviates?: boolean | undefined;
  readonly deviation?: string | undefined;
  readonly needs?: readonly string[] | undefined;
  readonly steps: readonly S3Step[];
}

export function readS3Scenario(path: string): S3Scenario {
  return JSON.parse(readFileSync(path, 'utf8')) as S3Scenario;
}

/** A lifecycle rule as scenarios write it. */
export interface ScenarioRule {
  readonly id?: string;
  readonly status?: string;
  readonly prefix?: string;
  readonly tag?: Readonly<Record<string, string>>;
  readonly expireDays?: number;
  readonly expireLoneDeleteMarker?: boolean;
  readonly noncurrentDays?: number;
  readonly newerNoncurrentVersions?: number;
}

const RULE_MEMBERS = [
  ...['id', 'status', 'prefix', 'tag', 'expireDays', 'expireLoneDeleteMarker'],
  ...['noncurrentDays', 'newerNoncurrentVersions'],
];

/** @throws Error naming a member that the format does not have */
export function toLifecycleRule(rule: ScenarioRule): LifecycleRule {
  const unknown = Object.keys(rule).filter((name) => !RULE_MEMBERS.includes(name));
  if (unknown.length > 0) throw new Error(`a rule has no member ${unknown.join(', ')}`);
  const { id, status, expireDays, expireLoneDeleteMarker } = rule;
  const { noncurrentDays, newerNoncurrentVersions } = rule;
  const expiration = without({
    Days: expireDays,
    ExpiredObjectDeleteMarker: expireLoneDeleteMarker,
  });
  const noncurrent = without({
    NoncurrentDays: noncurrentDays,
    NewerNoncurrentVersions: newerNoncurrentVersions,
  });
  return {
    ...(id === undefined ? {} : { ID: id }),
    Status: status as LifecycleRule['Status'],
    Filter: toFilter(rule),
    ...(Object.keys(expiration).length === 0 ? {} : { Expiration: expiration }),
    ...(Object.keys(noncurrent).length === 0 ? {} : { NoncurrentVersionExpiration: noncurrent }),
  };
}

function toFilter({ prefix, tag = {} }: ScenarioRule): NonNullable<LifecycleRule['Filter']> {
  const Tags = Object.entries(tag).map(([Key, Value]) => ({ Key, Value }));
  const [Tag] = Tags;
  if (Tag === undefined) return { Prefix: prefix ?? '' };
  if (Tags.length === 1 && prefix === undefined) return { Tag };
  return { And: { ...without({ Prefix: prefix }), Tags } };
}

/** What S3 says of a rule, as scenarios write it; the empty prefix is none. */
export function toScenarioRule(rule: LifecycleRule): ScenarioRule {
  const { Filter, Expiration, NoncurrentVersionExpiration } = rule;
  const prefix = Filter?.And?.Prefix ?? Filter?.Prefix ?? rule.Prefix;
  const tags = Filter?.And?.Tags ?? (Filter?.Tag === undefined ? [] : [Filter.Tag]);
  const tag = Object.fromEntries(tags.map(({ Key, Value }) => [Key ?? '', Value ?? '']));
  return without({
    id: rule.ID,
    status: rule.Status,
    prefix: prefix === '' ? undefined : prefix,
    tag: tags.length === 0 ? undefined : tag,
    expireDays: Expiration?.Days,
    expireLoneDeleteMarker: Expiration?.ExpiredObjectDeleteMarker,
    noncurrentDays: NoncurrentVersionExpiration?.NoncurrentDays,
    newerNoncurrentVersions: NoncurrentVersionExpiration?.NewerNoncurrentVersions,
  });
}

/** Without the members that are undefined. */
function without<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
