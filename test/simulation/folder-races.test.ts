/**
 * Small accounts, where a tree moves in one transaction. One seed never changes; the other is
 * drawn anew each time. A failure names the one that repeats it:
 *
 *   LETHE_SEED=<seed> npx vitest run --project unit test/simulation/folder-races.test.ts
 */
import { describe, expect, test } from 'vitest';
import { SOAK } from '../soak-sizes.ts';
import { race } from './folder-races.ts';
import { seedsOf, WHAT_HAPPENS } from './folder-seeds.ts';

const RACES = { paths: ['T', 'T/a'] };
const TIMEOUT_MS = 600_000;

describe('W1, W2, W4, W8, F1, F2, F4: whatever races on folders', () => {
  test.each(seedsOf(SOAK.folderRaces))(
    'seeds from $first on, $runs of them',
    async ({ first, runs, fixed }) => {
      const tally = new Map<string, number>();
      for (let seed = first; seed < first + runs; seed += 1) await race(RACES, seed, tally);

      if (fixed) expect(WHAT_HAPPENS.filter((what) => !tally.has(what))).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
