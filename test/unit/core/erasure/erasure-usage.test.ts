import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ErasureSize,
  erasureUsage,
} from '../../../../functions/core/erasure/erasure-usage.ts';
import { PRICES, PRICES_OF } from '../../../../functions/core/meter/prices.ts';
import { dollarsOf } from '../../../../functions/core/meter/usage.ts';

const CLASSES = ['r7', 'r30', 'r365', 'keep'];
/** One write unit for each row, and the lists that find its object. */
const FLOOR_DOLLARS_PER_MILLION = 0.64;
const FACTOR_MAX = 1.2;
/** UIDs of a partition of message rows. */
const BUCKET = 10_000;
/** Requests that may end with fewer keys than they could take: one for each shard. */
const SHARED_ENDS = 16;

function usage(messages: number, more: Partial<ErasureSize> = {}) {
  return erasureUsage({
    messages,
    uids: messages,
    mailboxes: 5,
    partitions: 5 + Math.floor(messages / BUCKET),
    objects: 3,
    accountUnits: 20,
    accountBytes: 4000,
    addresses: 1,
    idempotencyRows: 1,
    classes: CLASSES,
    memoryMb: 1024,
    ...more,
  });
}

const cost = (messages: number, more: Partial<ErasureSize> = {}) =>
  dollarsOf(usage(messages, more));

describe('what an erasure is estimated to cost', () => {
  test.each([
    [0, 1_000_000],
    [1_000_000, 2_000_000],
    [0, 2_000_000],
  ])('O1: from %i to %i messages it grows as the floor, within 1.2 times', (from, to) => {
    const millions = (to - from) / 1_000_000;
    const slope = (cost(to) - cost(from)) / millions;
    expect(slope).toBeGreaterThanOrEqual(FLOOR_DOLLARS_PER_MILLION * 0.95);
    expect(slope).toBeLessThanOrEqual(FLOOR_DOLLARS_PER_MILLION * FACTOR_MAX);
  });

  test('O1: an account costs at most a cent besides its messages', () => {
    expect(cost(0)).toBeGreaterThan(0.001);
    expect(cost(0)).toBeLessThan(0.01);
    expect(cost(1000) - FLOOR_DOLLARS_PER_MILLION / 1000).toBeLessThan(0.01);
  });

  test('O1: it never falls as an account grows, but by a full request that takes more', () => {
    const size = fc.nat({ max: 20_000_000 });
    fc.assert(
      fc.property(size, size, fc.nat({ max: 1000 }), (messages, more, few) => {
        // Ends of prefixes fill requests better or worse: 16 requests of DeleteObjects at most.
        const slack = SHARED_ENDS * PRICES.s3DeleteObjectsRequests;
        expect(cost(messages + more)).toBeGreaterThanOrEqual(cost(messages) - slack);
        for (const name of ['mailboxes', 'partitions', 'accountUnits', 'accountBytes'] as const) {
          const [less, grown] = [cost(messages, { [name]: 0 }), cost(messages, { [name]: few })];
          expect(grown).toBeGreaterThanOrEqual(less);
        }
      }),
    );
  });

  test('O1: each class ever deployed adds the lists of its prefixes', () => {
    const [few, more] = [usage(0), usage(0, { classes: [...CLASSES, 'r14'] })];
    // 16 shards, listed for versions and for uploads, to erase and to verify.
    expect((more.s3Tier1Requests ?? 0) - (few.s3Tier1Requests ?? 0)).toBe(16 * 2 * 2);
  });

  test('O1: functions are counted with the memory that they have', () => {
    const [small, large] = [usage(1000, { memoryMb: 512 }), usage(1000)];
    expect((large.lambdaGigabyteSeconds ?? 0) / (small.lambdaGigabyteSeconds ?? 1)).toBe(2);
  });
});

test('prices have a date, and only the end of an object is free', () => {
  expect(new Date(PRICES_OF).toISOString()).toContain(PRICES_OF);
  expect(Date.parse(PRICES_OF)).toBeGreaterThan(Date.parse('2026-01-01'));
  const free = Object.entries(PRICES).filter(([, price]) => !(price > 0));
  expect(free).toEqual([['s3DeleteRequests', 0]]);
});
