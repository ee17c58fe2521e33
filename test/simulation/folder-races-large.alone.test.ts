/**
 * Accounts whose trees take several transactions, because here a transaction takes 14 items: three
 * mailboxes go at once, four at a time after that. A message of a tree takes up to 13 by itself. As in folder-races.test.ts:
 *
 *   LETHE_SEED=<seed> npx vitest run --project unit-alone test/simulation/folder-races-large.alone.test.ts
 */
import { describe, expect, test, vi } from 'vitest';
import { AT_ONCE_MAILBOXES } from '../../functions/core/folders/delete-tree.ts';
import { SOAK } from '../soak-sizes.ts';
import { race } from './folder-races.ts';
import { seedsOf, WHAT_HAPPENS } from './folder-seeds.ts';

const ITEMS = vi.hoisted(() => 14);
vi.mock(import('../../functions/contract/limits.ts'), async (original) => ({
  ...(await original()),
  // The type says 100.
  TRANSACTION_ITEMS: ITEMS as never,
}));

const RACES = { paths: ['T', 'T/a', 'T/b', 'T/b/c'] };
const TIMEOUT_MS = 600_000;

describe('W1, W2, W4, W8, F1, F2, F4: whatever races on trees of several transactions', () => {
  test.each(seedsOf(SOAK.largeFolderRaces))(
    'seeds from $first on, $runs of them',
    async ({ first, runs, fixed }) => {
      expect(AT_ONCE_MAILBOXES).toBe(3);
      const tally = new Map<string, number>();
      for (let seed = first; seed < first + runs; seed += 1) await race(RACES, seed, tally);

      if (fixed) expect(WHAT_HAPPENS.filter((what) => !tally.has(what))).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
