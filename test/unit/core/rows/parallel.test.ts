import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { inParallel } from '../../../../functions/core/rows/parallel.ts';

const items = Array.from({ length: 25 }, (_, index) => index);

describe('working in parallel', () => {
  test('answers in the order of the items, with so many at a time and no more', async () => {
    let [running, most] = [0, 0];
    const answers = await inParallel(items, 4, async (item, index) => {
      running += 1;
      most = Math.max(most, running);
      for (let turns = 0; turns <= item % 3; turns += 1) await turn();
      running -= 1;
      return item * 10 + index;
    });
    expect(answers).toEqual(items.map((item) => item * 11));
    expect(most).toBe(4);
  });

  test('of nothing is nothing', async () => {
    expect(await inParallel([], 4, async () => 'never')).toEqual([]);
  });

  test('W2: after a failure nothing begins, what runs is awaited, the first failure is told', async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const failing = inParallel(items, 3, async (item) => {
      begun.push(item);
      await turn();
      if (item === 3 || item === 4) throw new Error(`item ${item}`);
      await turn();
      ended.push(item);
      return item;
    });
    await expect(failing).rejects.toThrow('item 3');
    const atEnd = [...begun];
    expect(atEnd.length).toBeLessThan(8);
    expect(ended.toSorted()).toEqual(atEnd.filter((item) => item !== 3 && item !== 4));
    for (let turns = 0; turns < 5; turns += 1) await turn();
    expect(begun).toEqual(atEnd);
  });
});
