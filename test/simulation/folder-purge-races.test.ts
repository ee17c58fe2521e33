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
const PAIRS: readonly { readonly what: string; readonly processes: readonly FolderRequest[][] }[] =
  [
    {
      what: 'a branch comes back, the rest is purged',
      processes: [[back('T/a')], [purge({ spare: 'T/a' })]],
    },
    {
      what: 'a branch comes back and is purged',
      processes: [[back('T/a')], [purge({ only: 'T/a' })]],
    },
    { what: 'all comes back, a branch is purged', processes: [[back()], [purge({ only: 'T/a' })]] },
    {
      what: 'all comes back, all but a branch is purged',
      processes: [[back()], [purge({ spare: 'T/a/b' })]],
    },
    { what: 'two branches come back', processes: [[back('T/a')], [back('T/a/b')]] },
    {
      what: 'a branch is purged twice',
      processes: [[purge({ only: 'T/a' })], [purge({ only: 'T/a' })]],
    },
    {
      what: 'two parts are purged',
      processes: [[purge({ only: 'T/a/b' })], [purge({ spare: 'T/a' })]],
    },
    {
      what: 'a branch is handed over, the rest purged',
      processes: [[handOver('T/a')], [purge({ spare: 'T/a' })]],
    },
    {
      what: 'all is handed over, a branch purged',
      processes: [[handOver()], [purge({ only: 'T/a' })]],
    },
    { what: 'all is handed over and comes back', processes: [[handOver()], [back()]] },
    {
      what: 'a branch is handed over, another comes back',
      processes: [[handOver('T/a/b')], [back('T/a')]],
    },
    { what: 'all is handed over twice', processes: [[handOver()], [handOver()]] },
    {
      what: 'it comes back and is renamed, the rest purged',
      processes: [[back('T/a'), rename()], [purge({ spare: 'T/a' })]],
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
    async ({ processes }) => {
      const tally = new Map<string, number>();
      for (let seed = 0; seed < RUNS; seed += 1) {
        const crash = { call: 1 + (seed % 7), point: seed % 2 === 0 ? 'before' : 'after' } as const;
        const plan = processes.map((requests, index): Process => {
          const dies = seed % 3 === 0 && index === seed % processes.length;
          return { requests, ...(dies ? { crash } : {}) };
        });
        await raceOf(RACES, seed, plan, tally);
      }
      for (const { do: kind } of processes.flat())
        expect(tally.get(`${kind} done`)).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});
