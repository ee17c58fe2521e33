/** Records of the stream that are delivered before, during and after the erasure of their account. */
import { describe, expect, test } from 'vitest';
import { SeededIds } from '../models/seeded-ids.ts';
import { type Doomed, makeDoomed, USER } from './doomed-account.ts';
import { leftOf } from './leftovers.ts';
import type { StreamRecord } from './reconciler.ts';

const SEEDS = Array.from({ length: 15 }, (_, i) => i + 1);

/** A third of the doomed account's mail is expunged, a third has to go; nobody was told yet. */
async function makeExpunged(
  seed: number,
): Promise<Doomed & { readonly records: readonly StreamRecord[] }> {
  const doomed = await makeDoomed(12, { seed });
  const { world, account } = doomed;
  await world.reconciler.settle();
  const messages = world.rows
    .rows('dictmap')
    .filter(({ key }) => key.pk.startsWith(`mailbox#${account.accountId}`));
  expect(messages).toHaveLength(24);
  for (const [index, { key }] of messages.entries()) {
    const state = ['live', 'expunged', 'purging'][index % 3] ?? '';
    const guard = { row: 'present' } as const;
    if (state === 'live') continue;
    await world.rows.write({ kind: 'update', key, guard, change: { set: { state } } });
  }
  const records = world.reconciler.pendingRecords();
  expect(records).toHaveLength(16);
  return { ...doomed, records };
}

describe('the stream of an account that is erased', () => {
  test.each(SEEDS)(
    'X3, X5: leaves nothing on its keys, whenever it comes (seed %i)',
    async (seed) => {
      const { world, account, neighbour, records } = await makeExpunged(seed);
      const others = leftOf(world, neighbour.accountId);
      const random = new SeededIds(seed);
      const some = () => records.filter(() => random.fraction() < 0.3);
      for (const record of some()) await world.reconciler.deliver(record);
      const under: Promise<void>[] = [];
      const onState = () => {
        for (const record of some()) under.push(world.reconciler.deliver(record));
      };
      expect(await world.run({ user: USER }, { onState })).toMatchObject({ status: 'SUCCEEDED' });
      await Promise.all(under);
      expect(under.length).toBeGreaterThan(16);
      for (const record of records) await world.reconciler.deliver(record);
      await world.reconciler.settle();
      expect(world.reconciler.faults).toEqual([]);
      expect(leftOf(world, account.accountId)).toEqual([]);
      expect(leftOf(world, neighbour.accountId)).toEqual(others);
    },
  );
});

test('X2: a furnished account wakes reconciling for the bundles that were replaced, and no more', async () => {
  const { world } = await makeDoomed();
  const keys = world.reconciler.pendingRecords().map(({ key }) => key.sk);
  expect(keys).toHaveLength(6);
  expect(keys.filter((sk) => !/^object#(index|fts|sieve)#purging#/.test(sk))).toEqual([]);
  const versions = world.objects.versions('x1/').length;
  await world.reconciler.settle();
  expect(world.objects.versions('x1/')).toHaveLength(versions - 6);
});
