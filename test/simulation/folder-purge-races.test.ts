/**
 * Pairs of requests on one deleted folder, in many orders each: what is drawn at random in
 * folder-races.test.ts meets too seldom for what only one pair can show.
 */
import { describe, expect, test } from 'vitest';
import { type Process, raceOf } from './folder-races.ts';
import type { FolderRequest } from './folder-requests.ts';

const RACES = { paths: ['T', 'T/a', 'T/a/b'] };
const RUNS = 40;
const TIMEOUT_MS = 120_000;

const all = { pick: 0 } as const;
const PAIRS: readonly { readonly what: string; readonly requests: readonly FolderRequest[] }[] = [
  {
    what: 'a branch comes back, the rest is purged',
    requests: [back('T/a'), purge({ spare: 'T/a' })],
  },
  { what: 'a branch comes back and is purged', requests: [back('T/a'), purge({ only: 'T/a' })] },
  { what: 'all comes back, a branch is purged', requests: [back(), purge({ only: 'T/a' })] },
  {
    what: 'all comes back, all but a branch is purged',
    requests: [back(), purge({ spare: 'T/a/b' })],
  },
  { what: 'two branches come back', requests: [back('T/a'), back('T/a/b')] },
  { what: 'a branch is purged twice', requests: [purge({ only: 'T/a' }), purge({ only: 'T/a' })] },
  { what: 'two parts are purged', requests: [purge({ only: 'T/a/b' }), purge({ spare: 'T/a' })] },
  {
    what: 'a branch is handed over, the rest purged',
    requests: [handOver('T/a'), purge({ spare: 'T/a' })],
  },
  { what: 'all is handed over, a branch purged', requests: [handOver(), purge({ only: 'T/a' })] },
  { what: 'all is handed over and comes back', requests: [handOver(), back()] },
  {
    what: 'a branch is handed over, another comes back',
    requests: [handOver('T/a/b'), back('T/a')],
  },
  { what: 'all is handed over twice', requests: [handOver(), handOver()] },
  {
    what: 'it comes back and is renamed, the rest purged',
    requests: [back('T/a'), purge({ spare: 'T/a' }), rename()],
  },
];

function back(branch?: string): FolderRequest {
  return { do: 'undelete', ...all, ...(branch === undefined ? {} : { branch }) };
}

function purge(part: { readonly only: string } | { readonly spare: string }): FolderRequest {
  return { do: 'purge', ...all, ...part };
}

function handOver(branch?: string): FolderRequest {
  return { do: 'handOver', ...all, ...(branch === undefined ? {} : { branch }) };
}

function rename(): FolderRequest {
  return { do: 'rename', path: 'T/a', to: 'New' };
}

describe('W1, W4, W8, F4, F5: two at one deleted folder', () => {
  test.each(PAIRS)(
    '$what',
    async ({ requests }) => {
      const tally = new Map<string, number>();
      for (let seed = 0; seed < RUNS; seed += 1) {
        const crash = { call: 1 + (seed % 7), point: seed % 2 === 0 ? 'before' : 'after' } as const;
        const plan = requests.map((request, index): Process => {
          const dies = seed % 3 === 0 && index === seed % requests.length;
          return { requests: [request], ...(dies ? { crash } : {}) };
        });
        await raceOf(RACES, seed, plan, tally);
      }
      for (const { do: kind } of requests) expect(tally.get(`${kind} done`)).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});
