import { beforeEach, describe, expect, test } from 'vitest';
import { CRASH_POINTS } from '../models/faulty.ts';
import { PurgedAccounts, USERS } from './purged-accounts.ts';

const [A] = USERS;
const ALL = { olderThanDays: 0 };

let purged: PurgedAccounts;

beforeEach(async () => {
  purged = await new PurgedAccounts().furnish();
});

describe('a purge that does not go smoothly', () => {
  test('F5: the pace holds for all workers together', async () => {
    for (const user of USERS) await purged.delete(user, 'Old');
    purged.keysPerSecond = 6;
    const begun = purged.world.clock.now();
    await purged.run(ALL);
    expect((purged.world.clock.now() - begun) / 1000).toBeGreaterThanOrEqual(54 / 6 - 1);
  });

  test.each(['inTurn', 'atOnce'] as const)('W3: steps delivered twice, %s', async (twice) => {
    for (const user of USERS) await purged.delete(user, 'Old');
    const run = await purged.run(ALL, { twice });
    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      output: { counts: { trees: 3, mailboxes: 9, messages: 54 } },
    });
  });

  test('W3: two purges side by side end everything once', async () => {
    for (const user of USERS) await purged.delete(user, 'Old');
    await Promise.all([
      purged.run(ALL),
      purged.run({ ...ALL, domain: 'x.org' }, { execution: 'b' }),
    ]);
    await purged.run(ALL, { execution: 'c' });
    const sum = purged.world.rows
      .rows('registry')
      .filter(({ key }) => key.sk.startsWith('progress#'))
      .reduce((total, { attributes }) => total + Number(attributes['messages'] ?? 0), 0);
    expect(sum).toBe(54);
    for (const user of USERS) expect((await purged.trees(user))[0]?.state).toBe('purged');
  });

  test.each(CRASH_POINTS)('W3: a crash %s any change: same end, same counts', async (point) => {
    const fresh = async () => {
      const world = await new PurgedAccounts().furnish([A]);
      await world.copy(A, 'Old', 'Kept', 1);
      await world.delete(A, 'Old');
      return world;
    };
    purged = await fresh();
    const { changes } = await purged.run(ALL);
    const clean = [await purged.states(A), await purged.show(A, 'Kept')];
    expect(changes).toBeGreaterThan(10);
    for (let call = 1; call <= changes; call += 1) {
      purged = await fresh();
      const run = await purged.run(ALL, { crash: { call, point } });
      expect([call, run]).toMatchObject([
        call,
        {
          status: 'SUCCEEDED',
          crashed: true,
          output: { counts: { trees: 1, mailboxes: 3, messages: 18 } },
        },
      ]);
      await purged.world.reconciler.settle();
      expect([call, await purged.states(A), await purged.show(A, 'Kept')]).toEqual([
        call,
        ...clean,
      ]);
    }
  });
});
