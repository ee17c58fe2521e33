import type { S3Scenario, S3Step } from './s3-scenario.ts';

const versioned: S3Step = { do: 'putVersioning', status: 'Enabled', expect: { status: 200 } };
const suspended: S3Step = { do: 'putVersioning', status: 'Suspended', expect: { status: 200 } };
const put = (version: string, key = 'k'): S3Step => ({ do: 'put', key, body: version, version });
const rules = (...list: object[]): S3Step => ({
  do: 'putLifecycle',
  rules: list.map((rule) => ({ id: 'r', status: 'Enabled', prefix: '', ...rule })),
  expect: { status: 200 },
});
const days = (count: number): readonly S3Step[] => [
  { do: 'advance', days: count },
  { do: 'runLifecycle' },
];
const versions = (...list: object[]): S3Step => ({
  do: 'versions',
  expect: { versions: list.map((one) => ({ key: 'k', ...one })) },
});
const latest = { latest: true };
const marker = { deleteMarker: true };

/** What Amazon documents of S3, in the form of the recordings: where those differ, and beyond. */
export const AWS_SCENARIOS: readonly S3Scenario[] = [
  {
    id: 'DEV-14: a marker above a marker, and a 405 for GET of a marker',
    steps: [
      versioned,
      put('v1'),
      { do: 'delete', key: 'k', marker: 'm1' },
      { do: 'delete', key: 'k', marker: 'm2' },
      { do: 'get', key: 'k', version: 'm1', expect: { status: 405, error: 'MethodNotAllowed' } },
      { do: 'head', key: 'k', version: 'm2', expect: { status: 405 } },
      versions(
        { version: 'v1' },
        { version: 'm1', ...marker },
        { version: 'm2', ...marker, ...latest },
      ),
    ],
  },
  {
    id: 'DEV-14: several markers above one version, all reclaimed in the end',
    steps: [
      versioned,
      rules({ noncurrentDays: 2 }, { id: 'lone', expireLoneDeleteMarker: true }),
      put('v1'),
      ...['m1', 'm2', 'm3'].map((name): S3Step => ({ do: 'delete', key: 'k', marker: name })),
      ...days(1),
      versions(
        { version: 'v1' },
        { version: 'm1', ...marker },
        { version: 'm2', ...marker },
        { version: 'm3', ...marker, ...latest },
      ),
      ...days(3),
      versions(),
      { do: 'deleteBucket', expect: { status: 204 } },
    ],
  },
  {
    id: 'DEV-15: an expiration in days also removes a lone marker',
    steps: [
      versioned,
      put('v1'),
      rules({ expireDays: 1, noncurrentDays: 2 }),
      ...days(3),
      versions({ version: 'new', ...marker, ...latest }, { version: 'v1' }),
      ...days(4),
      versions(),
    ],
  },
  {
    id: 'DEV-16: NewerNoncurrentVersions is kept, and keeps',
    steps: [
      versioned,
      rules({ noncurrentDays: 1, newerNoncurrentVersions: 2 }),
      {
        do: 'getLifecycle',
        expect: {
          rules: [
            {
              ...{ id: 'r', status: 'Enabled', prefix: '' },
              ...{ noncurrentDays: 1, newerNoncurrentVersions: 2 },
            },
          ],
        },
      },
      ...['v1', 'v2', 'v3', 'v4'].map((name) => put(name)),
      ...days(10),
      versions({ version: 'v2' }, { version: 'v3' }, { version: 'v4', ...latest }),
    ],
  },
  {
    id: 'null versions, before versioning and while it is suspended',
    steps: [
      put('before'),
      { do: 'get', key: 'k', version: 'null', expect: { body: 'before', version: 'before' } },
      versioned,
      put('v1'),
      versions({ version: 'null' }, { version: 'v1', ...latest }),
      { do: 'get', key: 'k', version: 'null', expect: { body: 'before', version: 'null' } },
      suspended,
      put('during'),
      versions({ version: 'v1' }, { version: 'null', ...latest }),
      { do: 'delete', key: 'k', marker: 'm', expect: { status: 204 } },
      versions({ version: 'v1' }, { version: 'null', ...marker, ...latest }),
      { do: 'get', key: 'k', expect: { status: 404, error: 'NoSuchKey' } },
      { do: 'delete', key: 'k', version: 'null', expect: { status: 204 } },
      { do: 'get', key: 'k', expect: { body: 'v1', version: 'v1' } },
      { do: 'get', key: 'k', version: 'null', expect: { status: 404, error: 'NoSuchVersion' } },
      { do: 'copyVersion', key: 'k', version: 'v1', expect: { status: 200 } },
      versions({ version: 'v1' }, { version: 'null', ...latest }),
    ],
  },
  {
    id: 'an expiration while versioning is suspended leaves the null marker',
    steps: [
      versioned,
      put('v1'),
      suspended,
      put('null'),
      rules({ expireDays: 1 }),
      ...days(3),
      versions({ version: 'v1' }, { version: 'null', ...marker, ...latest }),
    ],
  },
  {
    id: 'without versioning a DELETE is final, and twice is as good',
    steps: [
      put('null'),
      { do: 'delete', key: 'k', expect: { status: 204 } },
      { do: 'delete', key: 'k', expect: { status: 204 } },
      { do: 'deleteMany', objects: [{ key: 'k' }], expect: { deleted: [{ key: 'k' }] } },
      versions(),
      { do: 'deleteBucket', expect: { status: 204 } },
      { do: 'get', key: 'k', expect: { status: 404, error: 'NoSuchBucket' } },
      { do: 'versions', expect: { status: 404, error: 'NoSuchBucket' } },
      { do: 'getLifecycle', expect: { status: 404, error: 'NoSuchBucket' } },
    ],
  },
  {
    id: 'markers named in a multi-object delete are told from versions',
    steps: [
      versioned,
      put('v1'),
      { do: 'delete', key: 'k', marker: 'm1' },
      {
        do: 'deleteMany',
        objects: [{ key: 'k', version: 'm1' }],
        expect: { status: 200, deleted: [{ key: 'k', version: 'm1', ...marker }] },
      },
      { do: 'head', key: 'k', expect: { status: 200, version: 'v1', metadata: {} } },
      { do: 'copyVersion', key: 'k', version: 'm1', expect: { status: 404 } },
      { do: 'delete', key: 'k', version: 'm1', expect: { status: 204 } },
    ],
  },
  {
    id: 'a delete marker cannot be copied',
    steps: [
      versioned,
      put('v1'),
      { do: 'delete', key: 'k', marker: 'm1' },
      {
        do: 'copyVersion',
        key: 'k',
        version: 'm1',
        expect: { status: 400, error: 'InvalidRequest' },
      },
    ],
  },
  {
    id: 'a copy over its own key without versioning changes nothing and is refused',
    steps: [
      put('null'),
      { do: 'copyVersion', key: 'k', expect: { status: 400, error: 'InvalidRequest' } },
    ],
  },
  {
    id: 'U7: a lock needs a bucket that locks, and ends',
    steps: [
      {
        ...put('v0'),
        ...{ lock: 'GOVERNANCE', lockDays: 3 },
        expect: { status: 400, error: 'InvalidRequest' },
      },
      { ...versioned, objectLock: true },
      { ...suspended, expect: { status: 409, error: 'InvalidBucketState' } },
      { ...put('v1'), lock: 'GOVERNANCE', lockDays: 3 },
      { do: 'delete', key: 'k', version: 'v1', expect: { status: 403, error: 'AccessDenied' } },
      { do: 'deleteMany', objects: [{ key: 'k', version: 'v1' }], expect: { deleted: [] } },
      { do: 'delete', key: 'k', marker: 'm1', expect: { status: 204 } },
      rules({ noncurrentDays: 1 }, { id: 'lone', expireLoneDeleteMarker: true }),
      ...days(2),
      versions({ version: 'v1' }, { version: 'm1', ...marker, ...latest }),
      ...days(3),
      versions(),
    ],
  },
  {
    id: 'tags and metadata go with a copy, a rule for another tag leaves it',
    steps: [
      versioned,
      { ...put('v1'), tags: { p: 'x' }, metadata: { m: '1' } },
      { ...put('v2'), tags: { p: 'y' } },
      { do: 'copyVersion', key: 'k', version: 'v1', expect: { status: 200 } },
      { do: 'head', key: 'k', expect: { status: 200, metadata: { m: '1' }, version: 'new' } },
      rules({ id: 'none', tag: { p: 'z' }, expireDays: 1 }, { tag: { p: 'x' }, noncurrentDays: 1 }),
      ...days(3),
      versions({ version: 'v2' }, { version: 'new', ...latest }),
      rules({ tag: { p: 'x' }, expireDays: 1 }),
      ...days(3),
      versions({ version: 'v2' }, { version: 'new' }, { version: 'new', ...marker, ...latest }),
    ],
  },
  ...refusedRules(),
];

/** Each with the code that S3 answers; the configuration of before stays. */
function refusedRules(): S3Scenario[] {
  const list: readonly (readonly [string, string, readonly object[]])[] = [
    ['MalformedXML', 'a status that is none', [{ status: 'Sometimes', expireDays: 1 }]],
    ['InvalidRequest', 'a rule that does nothing', [{}]],
    ['InvalidArgument', 'a long id', [{ id: 'r'.repeat(256), expireDays: 1 }]],
    ['InvalidArgument', 'less than a day', [{ expireDays: -1 }]],
    [
      'InvalidArgument',
      'too many versions to keep',
      [{ noncurrentDays: 1, newerNoncurrentVersions: 101 }],
    ],
    [
      'InvalidRequest',
      'markers chosen by tags',
      [{ prefix: undefined, tag: { p: 'x' }, expireLoneDeleteMarker: true }],
    ],
  ];
  return list.map(([error, what, refused]) => ({
    id: `${error}: ${what}`,
    steps: [
      rules({ expireDays: 7 }),
      { ...rules(...refused), expect: { status: 400, error } },
      {
        do: 'getLifecycle',
        expect: { rules: [{ id: 'r', status: 'Enabled', prefix: '', expireDays: 7 }] },
      },
    ],
  }));
}
