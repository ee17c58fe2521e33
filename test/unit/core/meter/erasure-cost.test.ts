import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { erasureCostDollars } from '../../../../functions/core/meter/erasure-cost.ts';
import { PRICES } from '../../../../functions/core/meter/prices.ts';

const CLASSES = ['r7', 'r30', 'r365', 'keep'];
/** The floor: one write unit for each row, and the lists that find its object. */
const FLOOR_DOLLARS_PER_MILLION = 0.64;

const cost = (messages: number, size: { accountRows?: number; mailboxes?: number } = {}) =>
  erasureCostDollars({ messages, accountRows: 20, mailboxes: 5, classes: CLASSES, ...size });

describe('what an erasure is estimated to cost', () => {
  test.each([
    [0, 1_000_000],
    [1_000_000, 2_000_000],
    [0, 10_000_000],
  ])('O1: from %i to %i messages it grows as the floor, within 1.2 times', (from, to) => {
    const millions = (to - from) / 1_000_000;
    const slope = (cost(to) - cost(from)) / millions;
    expect(slope).toBeGreaterThanOrEqual(FLOOR_DOLLARS_PER_MILLION * 0.95);
    expect(slope).toBeLessThanOrEqual(FLOOR_DOLLARS_PER_MILLION * 1.2);
  });

  test('O1: an account costs at most a cent besides its messages', () => {
    expect(cost(0)).toBeGreaterThan(0);
    expect(cost(0)).toBeLessThan(0.01);
    expect(cost(1000) - FLOOR_DOLLARS_PER_MILLION / 1000).toBeLessThan(0.01);
  });

  test('O1: it never falls as an account grows', () => {
    const size = fc.nat({ max: 20_000_000 });
    fc.assert(
      fc.property(size, size, size, (messages, more, rows) => {
        expect(cost(messages + more)).toBeGreaterThanOrEqual(cost(messages));
        expect(cost(messages, { accountRows: rows })).toBeGreaterThanOrEqual(
          cost(messages, { accountRows: 0 }),
        );
        expect(cost(messages, { mailboxes: rows })).toBeGreaterThanOrEqual(
          cost(messages, { mailboxes: 0 }),
        );
      }),
    );
  });

  test('O1: each class ever deployed adds the lists of its prefixes', () => {
    const costOf = (classes: string[]) =>
      erasureCostDollars({ messages: 0, accountRows: 0, mailboxes: 0, classes });
    // 16 shards, listed for versions and for uploads, to erase and to verify.
    expect(costOf([...CLASSES, 'r14']) - costOf(CLASSES)).toBeCloseTo(
      64 * PRICES.s3Tier1Request,
      9,
    );
  });
});

test('prices have a date', () => {
  expect(new Date(PRICES.of).toISOString()).toContain(PRICES.of);
  expect(Date.parse(PRICES.of)).toBeGreaterThan(Date.parse('2026-01-01'));
  for (const [name, price] of Object.entries(PRICES)) {
    if (name !== 'of') expect(price, name).toBeGreaterThan(0);
  }
});
