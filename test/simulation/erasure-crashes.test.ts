/**
 * Deletions whose attempts die for good at any change of any step, while folders are on their way to
 * and from the account: either everything is there or nothing, and the certificate counts what all
 * attempts have erased.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Attributes, Row } from '../../functions/core/ports/row-store.ts';
import { CRASH_POINTS, type CrashPoint } from '../models/faulty.ts';
import { SeededIds } from '../models/seeded-ids.ts';
import { SOAK } from '../soak-sizes.ts';
import { type Death, ErasureTrial } from './erasure-trial.ts';

const STEP = SOAK.erasureCrashStep;
/** An attempt with little left to erase still changes more than this. */
const SECOND_CHANGES_MIN = 20;
const SOAK_MS = 600_000;
const SEEDS = Array.from({ length: SOAK.erasureCrashSeeds }, (_, seed) => seed);

let clean: ErasureTrial;
let others: unknown;
let changes = 0;

beforeAll(async () => {
  clean = await ErasureTrial.begin();
  expect(await clean.attempt()).toBe('SUCCEEDED');
  others = clean.others();
  ({ changes } = clean);
});

/** Calls at which an attempt dies: each k-th, others for each point. */
function* callsOf(point: CrashPoint): Generator<Death> {
  const first = 1 + (CRASH_POINTS.indexOf(point) % STEP);
  for (let call = first; ; call += STEP) yield { call, point, silent: (call + first) % 2 === 0 };
}

async function expectEnd(trial: ErasureTrial): Promise<void> {
  await trial.expectErased();
  expect(trial.others()).toEqual(others);
  await trial.expectFreeForGood();
}

test.each(CRASH_POINTS)(
  'U5, U7, X3: the first attempt dies %s any of its changes, and the second one ends it',
  async (point) => {
    let [died, unfenced] = [0, 0];
    for (const death of callsOf(point)) {
      if (death.call > changes) break;
      const trial = await ErasureTrial.begin();
      expect(await trial.attempt({ death }), JSON.stringify(death)).toBe('FAILED');
      died += 1;
      unfenced += trial.witness.isFenced ? 0 : 1;
      await trial.resumeToEnd();
      await expectEnd(trial);
    }
    expect(unfenced).toBeGreaterThan(0);
    expect(died).toBeGreaterThan(unfenced);
  },
);

test.each(CRASH_POINTS)(
  'U5, U7, X3: a step dies %s any of its changes, and is tried again',
  async (point) => {
    for (const { call } of callsOf(point)) {
      if (call > changes) break;
      const trial = await ErasureTrial.begin();
      expect(await trial.attempt({ stumble: { call, point } }), String(call)).toBe('SUCCEEDED');
      await expectEnd(trial);
    }
  },
);

/** Attempts that fail, each in its own way, and leave work for the next. */
const FAILURES: Readonly<Record<string, (trial: ErasureTrial) => Promise<unknown>>> = {
  'while it erased': async (trial) => {
    const call = Math.ceil(changes / 2);
    await trial.attempt({ death: { call, point: 'after', silent: false } });
  },
  'because of leftovers': async (trial) => await trial.attempt({ lateSettles: 10 }),
  'after its certificate': async (trial) => {
    await trial.attempt({ death: { call: changes, point: 'before', silent: true } });
    trial.putLate();
  },
};

describe.each(Object.entries(FAILURES))('after an attempt that failed %s', (_, fail) => {
  test.each(CRASH_POINTS)(
    'U5, U7, X3: the second one dies %s any of its changes, and the third one ends it',
    async (point) => {
      let died = 0;
      for (const death of callsOf(point)) {
        const trial = await ErasureTrial.begin();
        await fail(trial);
        await trial.expectFailed();
        await trial.resume();
        if ((await trial.attempt({ death })) === 'SUCCEEDED') break;
        died += 1;
        await trial.resumeToEnd();
        await expectEnd(trial);
      }
      expect(died).toBeGreaterThan(SECOND_CHANGES_MIN / STEP);
    },
  );
});

test(
  'U5, U7, X3: attempts die anywhere, again and again, while late objects come',
  async () => {
    for (const seed of SEEDS) {
      const ids = new SeededIds(seed);
      const below = (count: number) => Math.floor(ids.fraction() * count);
      const trial = await ErasureTrial.begin();
      for (let attempts = 1; ; attempts += 1) {
        const point = CRASH_POINTS[below(CRASH_POINTS.length)] ?? 'before';
        const death = { call: 1 + below(changes), point, silent: below(2) === 0 };
        const status = await trial.attempt(attempts < 5 ? { death, lateSettles: below(3) } : {});
        if (status === 'SUCCEEDED' || (await trial.isOver())) break;
        await trial.expectFailed();
        await trial.resume();
      }
      await expectEnd(trial);
    }
  },
  SOAK_MS,
);

interface Others {
  readonly rows: readonly Row[];
}

/** An ACL that names nobody any more. */
const withoutAcl = ({ aclRevision: _, acl: __, ...rest }: Attributes): Attributes => rest;

describe('the neighbour of an account that is erased', () => {
  test('X3, W1: keeps every row and every byte but the rights that named the account', async () => {
    const { entangled } = clean;
    const before = (await ErasureTrial.begin()).others() as Others;
    expect(before.rows.some(({ attributes }) => attributes['acl'] !== undefined)).toBe(true);
    const isKept = ({ key, attributes }: Row) =>
      attributes['accountId'] !== entangled.account.accountId && !key.sk.startsWith('granted#');
    const rows = before.rows.filter(isKept).map((row) => ({
      ...row,
      attributes: withoutAcl(row.attributes),
    }));
    const after = others as Others;
    const acls = after.rows.flatMap(({ attributes }) => attributes['acl'] ?? []);
    expect(acls).toEqual([{}, {}]);
    const shown = after.rows.map((row) => ({ ...row, attributes: withoutAcl(row.attributes) }));
    expect({ ...after, rows: shown }).toEqual({ ...before, rows });
  });
});
