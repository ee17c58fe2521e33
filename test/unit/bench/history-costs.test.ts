import { expect, test } from 'vitest';
import { type History, historyCosts } from '../../../bench/history/history-costs.ts';

const costsOf = async (history: History) =>
  (await historyCosts(history)).map(({ history: _, ...cost }) => cost);

/** What a bucket that begins in the middle of the history adds: its row, and a first UID. */
const CONSTANT = 4;

test('O3: requests cost by what they answer, not by what has ended before', async () => {
  const none = await costsOf({ ended: 0 });
  expect(none.map(({ operation }) => operation)).toHaveLength(5);
  for (const history of [{ ended: 20_000 }, { ended: 0, passedOver: 4_000_000_000 }]) {
    const costs = await costsOf(history);
    for (const [index, cost] of costs.entries()) {
      const before = none[index];
      expect(cost.operation).toBe(before?.operation);
      expect(cost.requests).toBeLessThanOrEqual((before?.requests ?? 0) + CONSTANT);
      expect(cost.rowsRead).toBeLessThanOrEqual((before?.rowsRead ?? 0) + CONSTANT);
    }
  }
}, 60_000);
