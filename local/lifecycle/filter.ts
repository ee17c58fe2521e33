import type { LifecycleRule } from '@aws-sdk/client-s3';

/** What a rule chooses by. Without a size (an upload) no condition on the size is looked at. */
export interface Filtered {
  readonly key: string;
  readonly sizeBytes?: number;
  readonly tags?: Readonly<Record<string, string>>;
}

interface Conditions {
  readonly Prefix?: string | undefined;
  readonly Tags?: readonly {
    readonly Key?: string | undefined;
    readonly Value?: string | undefined;
  }[];
  readonly ObjectSizeGreaterThan?: number | undefined;
  readonly ObjectSizeLessThan?: number | undefined;
}

/** Whether a lifecycle rule is about this version, marker or upload: every condition must hold. */
export function matchesFilter(rule: LifecycleRule, { key, sizeBytes, tags }: Filtered): boolean {
  const { Prefix, Tags, ObjectSizeGreaterThan, ObjectSizeLessThan } = conditionsOf(rule);
  return (
    key.startsWith(Prefix ?? '') &&
    (Tags ?? []).every(({ Key = '', Value }) => tags !== undefined && tags[Key] === Value) &&
    (sizeBytes === undefined ||
      (sizeBytes > (ObjectSizeGreaterThan ?? Number.NEGATIVE_INFINITY) &&
        sizeBytes < (ObjectSizeLessThan ?? Number.POSITIVE_INFINITY)))
  );
}

/** Whether any of the rules looks at tags: reading them costs a request for each version. */
export function looksAtTags(rules: readonly LifecycleRule[]): boolean {
  return rules.some((rule) => (conditionsOf(rule).Tags ?? []).length > 0);
}

function conditionsOf(rule: LifecycleRule): Conditions {
  const { Filter } = rule;
  // The form of before 2016: a prefix of the rule itself.
  if (Filter === undefined) return { Prefix: rule.Prefix };
  const { And, Tag, ...others } = Filter;
  return (And as Conditions | undefined) ?? { ...others, ...(Tag && { Tags: [Tag] }) };
}
