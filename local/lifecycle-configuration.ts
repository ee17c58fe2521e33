import type { LifecycleRule } from '@aws-sdk/client-s3';

type Properties = Readonly<Record<string, unknown>>;

/**
 * Translates the lifecycle rules of a CloudFormation template (LifecycleConfiguration of
 * AWS::S3::Bucket) into those of the S3 API.
 *
 * @throws Error for a property it does not know: a rule half applied would be worse than none.
 */
export function toLifecycleRules(configuration: Properties, where: string): LifecycleRule[] {
  const rules = list(configuration['Rules'], `${where}.Rules`);
  return rules.map((rule, index) => toLifecycleRule(rule, `${where}.Rules[${index}]`));
}

function toLifecycleRule(rule: Properties, where: string): LifecycleRule {
  const take = taker(rule, where);
  const id = take.text('Id');
  const expiration = compact({
    Days: take.number('ExpirationInDays'),
    Date: date(take.text('ExpirationDate')),
    ExpiredObjectDeleteMarker: take.flag('ExpiredObjectDeleteMarker'),
  });
  const noncurrent = take.object('NoncurrentVersionExpiration', [
    'NoncurrentDays',
    'NewerNoncurrentVersions',
  ]);
  const abort = take.object('AbortIncompleteMultipartUpload', ['DaysAfterInitiation']);
  const translated: LifecycleRule = {
    Status: take.text('Status') === 'Enabled' ? 'Enabled' : 'Disabled',
    Filter: toFilter(take, where),
    ...(id === undefined ? {} : { ID: id }),
    ...(Object.keys(expiration).length === 0 ? {} : { Expiration: expiration }),
    ...(noncurrent === undefined ? {} : { NoncurrentVersionExpiration: noncurrent }),
    ...(abort === undefined ? {} : { AbortIncompleteMultipartUpload: abort }),
  };
  take.nothingElse();
  return translated;
}

function toFilter(take: Taker, where: string): NonNullable<LifecycleRule['Filter']> {
  const conditions = compact({
    Prefix: take.text('Prefix'),
    ObjectSizeGreaterThan: take.number('ObjectSizeGreaterThan'),
    ObjectSizeLessThan: take.number('ObjectSizeLessThan'),
  });
  const tags = take.list('TagFilters').map((tag, index) => {
    const inner = taker(tag, `${where}.TagFilters[${index}]`);
    return { Key: inner.text('Key') ?? '', Value: inner.text('Value') ?? '' };
  });
  const count = Object.keys(conditions).length + tags.length;
  if (count === 0) {
    return { Prefix: '' };
  }
  if (count === 1) {
    const [Tag] = tags;
    return Tag === undefined ? conditions : { Tag };
  }
  return { And: { ...conditions, ...(tags.length === 0 ? {} : { Tags: tags }) } };
}

type Taker = ReturnType<typeof taker>;

/** Reads properties one by one and remembers which, so that an unknown one is not passed over. */
function taker(properties: Properties, where: string) {
  const taken = new Set<string>();
  const wrong = (name: string, wanted: string): never => {
    throw new Error(
      `${where}.${name} is ${JSON.stringify(properties[name])}; local/lifecycle-configuration.ts can apply ${wanted} only.`,
    );
  };
  const value = (name: string): unknown => {
    taken.add(name);
    return properties[name];
  };
  return {
    text: (name: string): string | undefined => {
      const found = value(name);
      return found === undefined || typeof found === 'string' ? found : wrong(name, 'text');
    },
    number: (name: string): number | undefined => {
      const found = value(name);
      return found === undefined || found === '' || Number.isNaN(Number(found))
        ? found === undefined
          ? undefined
          : wrong(name, 'a number')
        : Number(found);
    },
    flag: (name: string): boolean | undefined => {
      const found = value(name);
      return found === undefined ? undefined : String(found) === 'true';
    },
    list: (name: string): Properties[] => list(value(name) ?? [], `${where}.${name}`),
    object: (name: string, members: readonly string[]): Record<string, number> | undefined => {
      const found = value(name);
      if (found === undefined) {
        return undefined;
      }
      const inner = taker(found as Properties, `${where}.${name}`);
      const numbers = members.map((member) => [member, inner.number(member)] as const);
      inner.nothingElse();
      return Object.fromEntries(numbers.flatMap(([k, v]) => (v === undefined ? [] : [[k, v]])));
    },
    nothingElse: (): void => {
      const unknown = Object.keys(properties).filter((name) => !taken.has(name));
      if (unknown.length > 0) {
        throw new Error(
          `${where} has ${unknown.join(', ')}, which local/lifecycle-configuration.ts cannot apply yet.`,
        );
      }
    },
  };
}

function list(value: unknown, where: string): Properties[] {
  if (!Array.isArray(value)) {
    throw new Error(`${where} is not a list.`);
  }
  return value as Properties[];
}

function date(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}

/** Without the members that are undefined. */
function compact<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
