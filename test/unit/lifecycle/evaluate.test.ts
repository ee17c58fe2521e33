import type { LifecycleRule } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import {
  dueActions,
  type LifecycleContents,
  type LifecycleUpload,
  type LifecycleVersion,
  lifecycleActions,
  midnightAfter,
} from '../../../local/lifecycle/evaluate.ts';

const rule = (members: Partial<LifecycleRule>): LifecycleRule => ({
  Status: 'Enabled',
  Filter: { Prefix: '' },
  ...members,
});

function version(versionId: string, created: string, members: Partial<LifecycleVersion> = {}) {
  const createdMs = Date.parse(created);
  return { key: 'k', versionId, deleteMarker: false, sizeBytes: 10, ...members, createdMs };
}

const marker = (versionId: string, created: string, members: Partial<LifecycleVersion> = {}) =>
  version(versionId, created, { deleteMarker: true, sizeBytes: 0, ...members });

function contents(
  versions: readonly LifecycleVersion[],
  uploads: readonly LifecycleUpload[] = [],
): LifecycleContents {
  return { versions, uploads };
}

/** Each action as text: what, of which version, from when. */
function planned(rules: readonly LifecycleRule[], bucket: LifecycleContents): string[] {
  return lifecycleActions(rules, bucket).map((action) => {
    const id = 'versionId' in action ? action.versionId : action.key;
    return `${action.kind} ${id} ${new Date(action.dueMs).toISOString().slice(0, 16)}`;
  });
}

describe('ages end at the next midnight UTC', () => {
  test.each([
    // The examples of S3's documentation.
    ['2014-01-15T10:30:00Z', 3, '2014-01-19T00:00:00Z'],
    ['2014-01-01T10:30:00Z', 5, '2014-01-07T00:00:00Z'],
    ['2014-01-15T00:00:00.001Z', 1, '2014-01-17T00:00:00Z'],
    ['2014-01-15T23:59:59.999Z', 1, '2014-01-17T00:00:00Z'],
    // Made at midnight: the next one, so that nothing goes before its days are over.
    ['2014-01-15T00:00:00Z', 3, '2014-01-19T00:00:00Z'],
    ['2024-02-28T12:00:00Z', 1, '2024-03-01T00:00:00Z'],
  ])('X2: %s and %i days: %s', (since, days, due) => {
    expect(new Date(midnightAfter(Date.parse(since), days)).toISOString()).toBe(
      new Date(due).toISOString(),
    );
  });
});

describe('expiration of what is current', () => {
  test.each([
    ['days', rule({ Expiration: { Days: 3 } }), ['expire k 2014-01-19T00:00']],
    [
      'a date, however old the object',
      rule({ Expiration: { Date: new Date('2015-01-01T00:00:00Z') } }),
      ['expire k 2015-01-01T00:00'],
    ],
    ['a rule that is off', rule({ Status: 'Disabled', Expiration: { Days: 3 } }), []],
    ['markers only', rule({ Expiration: { ExpiredObjectDeleteMarker: true } }), []],
    ['noncurrent versions only', rule({ NoncurrentVersionExpiration: { NoncurrentDays: 1 } }), []],
    ['a transition', rule({ Transitions: [{ Days: 1, StorageClass: 'GLACIER' }] }), []],
  ])('%s', (_name, given, expected) => {
    expect(planned([given], contents([version('v1', '2014-01-15T10:30:00Z')]))).toEqual(expected);
  });

  test('of several rules the shortest counts', () => {
    const rules = [5, 2, 9].map((Days) => rule({ Expiration: { Days } }));
    const bucket = contents([version('v1', '2014-01-15T10:30:00Z')]);
    expect(planned(rules, bucket)).toEqual(['expire k 2014-01-18T00:00']);
  });

  test('a lock does not keep a marker from being placed', () => {
    const locked = version('v1', '2014-01-15T10:30:00Z', {
      lockedUntilMs: Number.POSITIVE_INFINITY,
    });
    expect(planned([rule({ Expiration: { Days: 3 } })], contents([locked]))).toEqual([
      'expire k 2014-01-19T00:00',
    ]);
  });
});

describe('noncurrent versions', () => {
  const versions = [
    version('v4', '2014-01-20T10:00:00Z'),
    marker('m3', '2014-01-10T10:00:00Z'),
    version('v2', '2014-01-05T10:00:00Z'),
    version('v1', '2014-01-01T10:00:00Z'),
  ];

  test('X2: age counts from the creation of the next version, not from their own', () => {
    const rules = [rule({ NoncurrentVersionExpiration: { NoncurrentDays: 5 } })];
    expect(planned(rules, contents(versions))).toEqual([
      'remove-marker m3 2014-01-26T00:00',
      'remove-version v2 2014-01-16T00:00',
      'remove-version v1 2014-01-11T00:00',
    ]);
  });

  test('the newest few are kept whatever their age', () => {
    const keep = (NewerNoncurrentVersions: number) =>
      rule({ NoncurrentVersionExpiration: { NoncurrentDays: 5, NewerNoncurrentVersions } });
    expect(planned([keep(2)], contents(versions))).toEqual(['remove-version v1 2014-01-11T00:00']);
    expect(planned([keep(3)], contents(versions))).toEqual([]);
  });

  test('U7: what is locked stays until its lock ends', () => {
    const rules = [rule({ NoncurrentVersionExpiration: { NoncurrentDays: 1 } })];
    const until = (lockedUntilMs: number) =>
      contents([
        version('v2', '2014-01-05T10:00:00Z'),
        version('v1', '2014-01-01T10:00:00Z', { lockedUntilMs }),
      ]);
    expect(planned(rules, until(Date.parse('2014-03-01T10:00:00Z')))).toEqual([
      'remove-version v1 2014-03-01T10:00',
    ]);
    expect(planned(rules, until(Number.POSITIVE_INFINITY))).toEqual([]);
  });
});

describe('a delete marker that is alone', () => {
  const lone = contents([marker('m1', '2014-01-15T10:30:00Z')]);

  test.each([
    [
      'goes at once where the rule says so',
      rule({ Expiration: { ExpiredObjectDeleteMarker: true } }),
      ['remove-marker m1 2014-01-15T10:30'],
    ],
    [
      'DEV-15: goes by an expiration in days, once it is so old',
      rule({ Expiration: { Days: 3 } }),
      ['remove-marker m1 2014-01-19T00:00'],
    ],
    ['stays otherwise', rule({ NoncurrentVersionExpiration: { NoncurrentDays: 1 } }), []],
    [
      'stays where the rule says so',
      rule({ Expiration: { ExpiredObjectDeleteMarker: false } }),
      [],
    ],
    [
      'has no tags',
      rule({ Filter: { Tag: { Key: 'p', Value: 'x' } }, Expiration: { Days: 3 } }),
      [],
    ],
  ])('%s', (_name, given, expected) => {
    expect(planned([given], lone)).toEqual(expected);
  });

  test('W1: one above a version stays, because it hides it', () => {
    const rules = [rule({ Expiration: { ExpiredObjectDeleteMarker: true } })];
    const bucket = contents([
      marker('m2', '2014-01-16T00:00:00Z'),
      version('v1', '2014-01-15T10:30:00Z'),
    ]);
    expect(planned(rules, bucket)).toEqual([]);
  });

  test('DEV-14: one above another marker stays too, until that has gone', () => {
    const rules = [
      rule({
        Expiration: { ExpiredObjectDeleteMarker: true },
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      }),
    ];
    const two = [marker('m2', '2014-01-16T10:00:00Z'), marker('m1', '2014-01-15T10:30:00Z')];
    expect(planned(rules, contents(two))).toEqual(['remove-marker m1 2014-01-18T00:00']);
    expect(planned(rules, contents(two.slice(0, 1)))).toEqual([
      'remove-marker m2 2014-01-16T10:00',
    ]);
  });
});

describe('filters', () => {
  const expiring = (members: Partial<LifecycleRule>) =>
    rule({ Expiration: { Days: 1 }, ...members });
  const bucket = contents([
    version('small', '2014-01-01T00:00:00Z', { key: 'a/small', sizeBytes: 500 }),
    version('tagged', '2014-01-01T00:00:00Z', {
      key: 'a/tagged',
      sizeBytes: 501,
      tags: { p: 'x', q: 'y' },
    }),
    version('other', '2014-01-01T00:00:00Z', {
      key: 'b/other',
      sizeBytes: 64_000,
      tags: { p: 'z' },
    }),
  ]);
  const all = ['a/small', 'a/tagged', 'b/other'];

  test.each<[string, Partial<LifecycleRule>, string[]]>([
    ['none', { Filter: {} }, all],
    ['an empty prefix', { Filter: { Prefix: '' } }, all],
    ['a prefix', { Filter: { Prefix: 'a/' } }, ['a/small', 'a/tagged']],
    ['a prefix in the old form', { Filter: undefined, Prefix: 'b/' }, ['b/other']],
    ['a tag', { Filter: { Tag: { Key: 'p', Value: 'x' } } }, ['a/tagged']],
    ['a tag with another value', { Filter: { Tag: { Key: 'q', Value: 'x' } } }, []],
    ['larger than, exclusive', { Filter: { ObjectSizeGreaterThan: 500 } }, ['a/tagged', 'b/other']],
    ['smaller than, exclusive', { Filter: { ObjectSizeLessThan: 501 } }, ['a/small']],
    [
      'everything of And',
      {
        Filter: {
          And: {
            Prefix: 'a/',
            Tags: [
              { Key: 'p', Value: 'x' },
              { Key: 'q', Value: 'y' },
            ],
            ObjectSizeGreaterThan: 500,
            ObjectSizeLessThan: 64_000,
          },
        },
      },
      ['a/tagged'],
    ],
    [
      'one tag of And missing',
      {
        Filter: {
          And: {
            Tags: [
              { Key: 'p', Value: 'x' },
              { Key: 'r', Value: 'y' },
            ],
          },
        },
      },
      [],
    ],
  ])('%s', (_name, members, keys) => {
    const actions = lifecycleActions([expiring(members as LifecycleRule)], bucket);
    expect(actions.map(({ key }) => key)).toEqual(keys);
  });

  test('each noncurrent version is chosen by its own size', () => {
    const rules = [
      rule({
        Filter: { ObjectSizeGreaterThan: 100 },
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      }),
    ];
    const versions = [
      version('v3', '2014-01-03T00:00:00Z'),
      version('v2', '2014-01-02T00:00:00Z', { sizeBytes: 200 }),
      version('v1', '2014-01-01T00:00:00Z', { sizeBytes: 100 }),
    ];
    expect(planned(rules, contents(versions))).toEqual(['remove-version v2 2014-01-05T00:00']);
  });
});

test('X4: incomplete uploads end so many days after their start', () => {
  const upload = (key: string) => ({
    key,
    uploadId: `${key}-upload`,
    startedMs: Date.parse('2014-01-15T10:30:00Z'),
  });
  const rules = [
    rule({
      Filter: { Prefix: 'a/' },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
    }),
  ];
  expect(lifecycleActions(rules, contents([], [upload('a/1'), upload('b/1')]))).toEqual([
    {
      kind: 'abort-upload',
      key: 'a/1',
      uploadId: 'a/1-upload',
      dueMs: Date.parse('2014-01-17T00:00:00Z'),
    },
  ]);
});

test('what is due is what was due until now, to the millisecond', () => {
  const rules = [rule({ Expiration: { Days: 3 } })];
  const bucket = contents([version('v1', '2014-01-15T10:30:00Z')]);
  const due = Date.parse('2014-01-19T00:00:00Z');
  expect(dueActions(rules, bucket, due - 1)).toEqual([]);
  expect(dueActions(rules, bucket, due)).toHaveLength(1);
});
