/** Deliveries that crash at every change they make, come twice, at once, late, or out of order. */
import { describe, expect, test } from 'vitest';
import { reconcileObjects } from '../../../../functions/core/objects/reconcile-objects.ts';
import { CRASH_POINTS, CrashError, Crashes } from '../../../models/faulty.ts';
import { LINK, MESSAGE, OBJECT_KEY, OPAQUE_KEY, SmallStore } from './reconciled-rows.ts';

const SCENARIOS: Readonly<Record<string, (store: SmallStore) => Promise<unknown>>> = {
  'an expunged message': (store) => store.message('expunged', { expiresAt: store.inDays(30) }),
  'a purging message': (store) => store.message('purging'),
  'a blob with an expunged link': (store) => store.blob({ expunged: { [LINK]: store.inDays(2) } }),
  'a blob without links': (store) => store.blob(),
  'a purging blob': (store) => store.blob({ state: 'purging' }),
  'a replaced object': (store) => store.opaque(),
};
const scenarios = Object.entries(SCENARIOS);

async function prepared(prepare: (store: SmallStore) => Promise<unknown>): Promise<SmallStore> {
  const store = await SmallStore.make();
  await prepare(store);
  return store;
}

/** What is left when nothing goes wrong, and the number of changes that it takes. */
async function undisturbed(prepare: (store: SmallStore) => Promise<unknown>) {
  const store = await prepared(prepare);
  const [record] = store.reconciler.pendingRecords();
  const { rows, objects, clock } = store;
  const counting = new Crashes();
  if (record === undefined) throw new Error('no record');
  await reconcileObjects(counting.wrapAll({ rows, objects, clock }), record.key);
  await store.reconciler.settle();
  return { left: await store.everything(), calls: counting.calls };
}

describe.each(scenarios)('%s', (_, prepare) => {
  test('W3, X5: a crash at any change is made good by the next delivery', async () => {
    const { left, calls } = await undisturbed(prepare);
    expect(calls).toBeGreaterThan(0);
    for (const point of CRASH_POINTS) {
      for (let call = 1; call <= calls; call += 1) {
        const store = await prepared(prepare);
        const [record] = store.reconciler.pendingRecords();
        if (record === undefined) throw new Error('no record');
        const crash = { call, point };
        // A crashed process cannot reach the queue either: the stream's batch comes again.
        await expect(store.reconciler.deliver(record, { crash })).rejects.toThrow(CrashError);
        expect(store.reconciler.pendingRecords()).toContain(record);
        await store.reconciler.settle();
        expect(await store.everything()).toEqual(left);
      }
    }
  });

  test('W3, O3: so is a crash while it is tried again', async () => {
    const { left, calls } = await undisturbed(prepare);
    for (const point of CRASH_POINTS) {
      // One more than a retry has changes: the message is postponed as well.
      for (let call = 1; call <= calls + 1; call += 1) {
        const store = await prepared(prepare);
        const { reconciler } = store;
        const [record] = reconciler.pendingRecords();
        if (record === undefined) throw new Error('no record');
        for (const key of [OBJECT_KEY, OPAQUE_KEY]) store.objects.failKey(key, 'SlowDown', 1);
        await reconciler.deliver(record);
        expect(reconciler.retries.waiting()).toHaveLength(1);
        await reconciler.deliverRetries({ crash: { call, point } });
        await reconciler.settle();
        expect(await store.everything()).toEqual(left);
        expect(reconciler.retries.dead()).toEqual([]);
      }
    }
  });

  test('X5: twice in turn, twice at once and late, it is as once', async () => {
    const { left } = await undisturbed(prepare);
    const inTurn = await prepared(prepare);
    const atOnce = await prepared(prepare);
    const [record] = inTurn.reconciler.pendingRecords();
    if (record === undefined) throw new Error('no record');
    for (let times = 0; times < 3; times += 1) await inTurn.reconciler.deliver(record);
    await Promise.all([1, 2, 3].map(() => atOnce.reconciler.deliver(record)));
    for (const store of [inTurn, atOnce]) {
      await store.reconciler.settle();
      expect(await store.everything()).toEqual(left);
      store.clock.advance(86_400_000);
      await store.reconciler.deliver(record);
      expect(store.reconciler.faults).toEqual([]);
      expect(await store.everything()).toEqual(left);
    }
  });

  test('X3, X5: after erasure a late record leaves no marker and makes no row', async () => {
    const store = await prepared(prepare);
    const [record] = store.reconciler.pendingRecords();
    if (record === undefined) throw new Error('no record');
    const rows = store.rows.rows();
    // Erased between the reading of the row and whatever follows from it.
    const erase = async () => {
      await store.objects.removeVersions(store.objects.versions());
      await store.rows.removeAll(rows.map(({ key }) => key));
    };
    const late = Object.assign(Object.create(store.rows) as typeof store.rows, {
      write: store.rows.write.bind(store.rows),
      transact: store.rows.transact.bind(store.rows),
      get: async (key: typeof record.key) => {
        const row = await store.rows.get(key);
        await erase();
        return row;
      },
    });
    await reconcileObjects({ ...store, rows: late }, record.key);
    await store.reconciler.settle();
    expect(store.objects.versions()).toEqual([]);
    expect(store.rows.rows()).toEqual([]);
  });
});

test('W4: records of a life that went on are all answered by what the row says now', async () => {
  const store = await SmallStore.make();
  await store.message('live');
  await store.message('expunged');
  await store.message('purging');
  const records = store.reconciler.pendingRecords();
  expect(records).toHaveLength(2);
  for (const record of [...records].reverse()) await store.reconciler.deliver(record);
  expect(store.under(OBJECT_KEY)).toBe('');
  expect(await store.rows.get(MESSAGE)).toBeUndefined();
});

test('X2: neither a delivery, flags, a tombstone nor the end by TTL wakes anything', async () => {
  const store = await SmallStore.make();
  await store.message('live');
  await store.message('live', { flags: new Set(['\\Seen']) });
  await store.message('moved', { ttl: 1 });
  await store.message('ended', { ttl: 1 });
  expect(store.rows.expireTtl(store.clock.now())).toBe(1);
  expect(store.reconciler.pendingRecords()).toEqual([]);
  await store.message('expunged', { ttl: 1 });
  store.rows.expireTtl(store.clock.now());
  const records = store.reconciler.pendingRecords();
  expect(records).toHaveLength(1);
  // W5: its only record comes after the row has gone.
  await store.reconciler.settle();
  expect(store.under(OBJECT_KEY)).toBe('v');
});

test('O3: what S3 refuses waits, dies, is redriven and then followed; others are not delayed', async () => {
  const store = await SmallStore.make();
  await store.message('expunged');
  await store.opaque();
  store.objects.failKey(OBJECT_KEY, 'AccessDenied', 9);
  await store.reconciler.settle();
  expect(store.under(OPAQUE_KEY)).toBe('');
  expect(store.under(OBJECT_KEY)).toBe('v');
  const { retries, faults } = store.reconciler;
  expect(retries.dead()).toEqual([JSON.stringify({ pk: MESSAGE.pk, sk: MESSAGE.sk })]);
  expect(faults).toHaveLength(9);
  retries.redrive();
  await store.reconciler.settle();
  expect(store.under(OBJECT_KEY)).toBe('mv');
  expect(retries.dead()).toEqual([]);
});
