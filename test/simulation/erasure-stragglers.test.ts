/**
 * Deletions whose attempts die while something else still runs: hand-overs that began before, and
 * invocations of this or an earlier attempt that are delivered again and are slow.
 */
import { expect, test } from 'vitest';
import { dictmapKeys } from '../../functions/contract/row-layout.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';
import { CRASH_POINTS } from '../models/faulty.ts';
import { SeededIds } from '../models/seeded-ids.ts';
import { SOAK } from '../soak-sizes.ts';
import { DOOMED, handOver, NEIGHBOUR } from './entangled-account.ts';
import { ErasureTrial, waiting } from './erasure-trial.ts';

const SEEDS = Array.from({ length: SOAK.erasureCrashSeeds }, (_, seed) => seed);
const SOAK_MS = 600_000;

/** Attempts that die, at most; the next one ends the deletion. */
const DEATHS_MAX = 4;

/** Changes that an attempt makes, more or less. */
const CHANGES = 120;

/** Calls of stores that a hand-over makes here: the deletion begins at any of them, or later. */
const HAND_OVER_CALLS = 120;

/** Lets everything else go on for so many turns. */
async function pass(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await undefined;
}

/** Ports of a process that is late at each of its calls by so many turns. */
function slow(ports: Ports, turns: number): Ports {
  const late = () => pass(turns);
  return { ...ports, rows: waiting(ports.rows, late), objects: waiting(ports.objects, late) };
}

type Draw = (below: number) => number;

function drawing(seed: number): Draw {
  const ids = new SeededIds(seed);
  return (below) => Math.floor(ids.fraction() * below);
}

/** Lets now and then an invocation come again, and slowly. */
function straggling(trial: ErasureTrial, draw: Draw): (state: string) => void {
  return () => {
    const all = [...trial.delivered, ...trial.world.invocations];
    const again = all[draw(all.length * 3)];
    if (again === undefined) return;
    void trial.beside(trial.world.redeliver(again, slow(trial.world.ports, draw(300))));
  };
}

/** Runs attempts until one succeeds. */
async function runToEnd(trial: ErasureTrial, draw: Draw): Promise<void> {
  for (let deaths = 0; ; deaths += 1) {
    const point = CRASH_POINTS[draw(CRASH_POINTS.length)] ?? 'before';
    const death = { call: 1 + draw(CHANGES), point, silent: draw(2) === 0 };
    const onState = straggling(trial, draw);
    const given = deaths < DEATHS_MAX ? { death, lateSettles: draw(3), onState } : {};
    await trial.attempt(given);
    if (await trial.isOver()) break;
    await trial.expectUncertified();
    await trial.resume();
  }
  await trial.besideEnded();
}

/** Subjects of the neighbour's mail that can be read, or brought back. */
const mailOf = ({ world, entangled }: ErasureTrial): string[] =>
  world.rows
    .rows('dictmap')
    .filter(({ key }) => key.pk.startsWith(`mailbox#${entangled.neighbour.accountId}`))
    .filter(({ attributes }) => attributes['state'] === 'live')
    .map(({ attributes }) => String((attributes['envelope'] as { subject: string }).subject))
    .filter((subject) => subject.startsWith('text of'))
    .sort();

test(
  'U5, U7, X3: attempts die while slow invocations of theirs go on, and nothing counts twice',
  async () => {
    for (const seed of SEEDS) {
      const trial = await ErasureTrial.begin();
      await runToEnd(trial, drawing(seed));
      await trial.expectErased();
      await trial.expectFreeForGood();
    }
  },
  SOAK_MS,
);

test(
  'W1, X3, U7: hand-overs go on meanwhile: mail is in one account or the other, or both',
  async () => {
    const ends = new Set<string>();
    for (const seed of SEEDS) {
      const draw = drawing(seed);
      const trial = await ErasureTrial.begin();
      const { leaving, arriving, neighbour } = trial.entangled;
      const turns = draw(30);
      const ports = slow(trial.world.ports, turns);
      const out = trial.beside(handOver(ports, DOOMED, leaving, NEIGHBOUR));
      const into = trial.beside(handOver(ports, NEIGHBOUR, arriving, DOOMED));
      await pass(draw(HAND_OVER_CALLS) * turns);
      await runToEnd(trial, draw);
      const [left, came] = [(await out) === true, (await into) === true];
      ends.add(`${left} ${came}`);
      await trial.expectErased();
      const mail = mailOf(trial);
      if (left)
        expect(mail, `seed ${seed}`).toEqual(
          expect.arrayContaining(['text of Out', 'text of Out/a']),
        );
      const tree = await trial.world.rows.get(dictmapKeys.tree(neighbour.accountId, arriving));
      const isEnding = /purg/.test(String(tree?.attributes['state']));
      const kept = ['text of In', 'text of In/a'];
      if (!isEnding) expect(mail, `seed ${seed}`).toEqual(expect.arrayContaining(kept));
      expect(came && !isEnding, `seed ${seed}`).toBe(false);
    }
    expect(ends.size).toBeGreaterThan(2);
  },
  SOAK_MS,
);
