import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUCKET_UIDS } from '../../../../functions/contract/limits.ts';
import { dictmapKeys } from '../../../../functions/contract/row-layout.ts';
import { DeadMap } from '../../../../functions/core/mailboxes/dead-map.ts';
import type { Attributes } from '../../../../functions/core/ports/row-store.ts';

const offset = fc.integer({ min: 0, max: BUCKET_UIDS - 1 });

const rowWith = (attributes: Attributes) => ({
  key: dictmapKeys.bucket('bucket', 'a.1', 0),
  attributes,
});

const mapOf = (offsets: readonly number[]) =>
  DeadMap.none().with(...offsets.map((one) => ({ from: one, to: one })));

describe('W1: the map of dead UIDs', () => {
  test('W1: says of each UID what was written, in either form', () => {
    fc.assert(
      fc.property(fc.uniqueArray(offset, { maxLength: 900 }), (offsets) => {
        const { set, unset } = mapOf(offsets).attributes();
        expect(Object.keys(set).some((name) => unset.includes(name))).toBe(false);
        const read = DeadMap.of(rowWith(set));
        const dead = new Set(offsets);
        for (let at = 0; at < BUCKET_UIDS; at += 1) expect(read.has(at)).toBe(dead.has(at));
      }),
      { numRuns: 20 },
    );
  });

  test('W1: gives the runs between, up to both ends', () => {
    const map = mapOf([0, 1, 2, 5000, BUCKET_UIDS - 1]);
    expect(map.runs(true)).toEqual([
      { from: 0, to: 2 },
      { from: 5000, to: 5000 },
      { from: BUCKET_UIDS - 1, to: BUCKET_UIDS - 1 },
    ]);
    expect(map.runs(false, 4000)).toEqual([
      { from: 4000, to: 4999 },
      { from: 5001, to: BUCKET_UIDS - 2 },
    ]);
    expect(
      map
        .without([1, 5000])
        .runs(true)
        .map(({ from }) => from),
    ).toEqual([0, 2, BUCKET_UIDS - 1]);
  });

  test('O3: takes at most 1,668 characters, however the dead lie', () => {
    const odd = Array.from({ length: BUCKET_UIDS / 2 }, (_, at) => at * 2);
    const { set } = mapOf(odd).attributes();
    expect(String(set['deadBits'])).toHaveLength(1668);
    expect(mapOf(odd).isFull).toBe(false);
    expect(DeadMap.none().with({ from: 0, to: BUCKET_UIDS - 1 }).isFull).toBe(true);
  });

  test('W5: a damaged map is a fault, not a bucket without mail', () => {
    expect(() => DeadMap.of(rowWith({ deadBits: 'AAAA' }))).toThrow(TypeError);
  });
});
