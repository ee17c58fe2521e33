import { describe, expect, test } from 'vitest';
import type {
  Attributes,
  Change,
  Guard,
  RowStore,
  WriteResult,
} from '../../functions/core/ports/row-store.ts';
import { freshPartition, keyOf, present, store } from './contract-rows.ts';

const WRITTEN: WriteResult = { outcome: 'written' };

export function guardContract(rows: () => RowStore): void {
  describe('guards', () => {
    test('X6: absent: of two puts the first wins, and the second learns the row', async () => {
      const key = keyOf(freshPartition());
      const put = (owner: string) =>
        rows().write({ kind: 'put', key, attributes: { owner }, guard: { row: 'absent' } });
      expect(await put('first')).toEqual(WRITTEN);
      const row = { key, attributes: { owner: 'first' } };
      expect(await put('second')).toEqual({ outcome: 'refused', refusals: [{ index: 0, row }] });
      expect(await rows().get(key)).toEqual(row);
    });

    test('U5: absent: of ten puts at the same time exactly one wins', async () => {
      const key = keyOf(freshPartition());
      const results = await Promise.all(
        Array.from({ length: 10 }, (_, owner) =>
          rows().write({ kind: 'put', key, attributes: { owner }, guard: { row: 'absent' } }),
        ),
      );
      const winners = results.flatMap(({ outcome }, i) => (outcome === 'written' ? [i] : []));
      expect(winners).toHaveLength(1);
      expect((await rows().get(key))?.attributes).toEqual({ owner: winners[0] });
    });

    test('X3: present: neither put, update, removal nor check passes without a row', async () => {
      const key = keyOf(freshPartition());
      const guard = present();
      const refused = { outcome: 'refused', refusals: [{ index: 0 }] };
      const change = { set: { a: 1 } };
      expect(await rows().write({ kind: 'put', key, attributes: {}, guard })).toEqual(refused);
      expect(await rows().write({ kind: 'update', key, change, guard })).toEqual(refused);
      expect(await rows().write({ kind: 'remove', key, guard })).toEqual(refused);
      expect(await rows().write({ kind: 'check', key, guard })).toEqual(refused);
      expect(await rows().get(key)).toBeUndefined();
    });

    const attributes: Attributes = { state: 'active', uidNext: 7, held: false, text: '7' };
    const cases: readonly (readonly [string, Guard, boolean])[] = [
      ['present alone', present(), true],
      ['absent', { row: 'absent' }, false],
      ['a string', present({ equals: { state: 'active' } }), true],
      ['a string in another case', present({ equals: { state: 'Active' } }), false],
      ['a number', present({ equals: { uidNext: 7 } }), true],
      ['another number', present({ equals: { uidNext: 8 } }), false],
      ['a number for a string', present({ equals: { text: 7 } }), false],
      ['a boolean', present({ equals: { held: false } }), true],
      ['the other boolean', present({ equals: { held: true } }), false],
      ['a missing attribute', present({ equals: { operation: 'x' } }), false],
      ['two that hold', present({ equals: { state: 'active', uidNext: 7 } }), true],
      ['two of which one holds', present({ equals: { state: 'active', uidNext: 8 } }), false],
      ['one of', present({ oneOf: { state: ['disabled', 'active'] } }), true],
      ['none of', present({ oneOf: { state: ['disabled', 'deleting'] } }), false],
      ['one of, attribute missing', present({ oneOf: { operation: ['x'] } }), false],
      ['without a missing one', present({ without: ['operation', 'hold'] }), true],
      ['without one that is there', present({ without: ['operation', 'held'] }), false],
      [
        'all kinds together',
        present({ equals: { held: false }, oneOf: { uidNext: [6, 7] }, without: ['hold'] }),
        true,
      ],
      [
        'all kinds, one of which fails',
        present({ equals: { held: false }, oneOf: { uidNext: [6] }, without: ['hold'] }),
        false,
      ],
    ];
    test.each(cases)('W2: a write happens exactly when its guard holds: %s', async (...one) => {
      const [, guard, holds] = one;
      const key = keyOf(freshPartition());
      await store(rows(), key, attributes);
      const expected = holds
        ? WRITTEN
        : { outcome: 'refused', refusals: [{ index: 0, row: { key, attributes } }] };
      expect(await rows().write({ kind: 'check', key, guard })).toEqual(expected);
      expect(await rows().write({ kind: 'put', key, attributes: { new: 1 }, guard })).toEqual(
        expected,
      );
      expect((await rows().get(key))?.attributes).toEqual(holds ? { new: 1 } : attributes);
    });

    test('O2: names and values of any form are data, never part of an expression', async () => {
      const key = keyOf(freshPartition());
      const odd = 'x = :v0 OR attribute_exists(#n0)';
      const attributes: Attributes = { state: 'a', size: 1, '#n0': 'b', ':v0': 'c', 'a.b': 'd' };
      await store(rows(), key, { ...attributes, [odd]: odd, 'with space': 1 });
      const guard = present({ equals: { ...(attributes as Record<string, string>), [odd]: odd } });
      const change: Change = { set: { [odd]: 'e', 'a.b': 'f' }, unset: ['#n0'], add: { size: 1 } };
      expect(await rows().write({ kind: 'update', key, change, guard })).toEqual(WRITTEN);
      expect((await rows().get(key))?.attributes).toEqual({
        state: 'a',
        size: 2,
        ':v0': 'c',
        'a.b': 'f',
        [odd]: 'e',
        'with space': 1,
      });
    });
  });
}
