import { describe, expect, test } from 'vitest';
import { CryptoIds } from '../../../functions/adapters/crypto-ids.ts';
import { SystemClock } from '../../../functions/adapters/system-clock.ts';
import { MemoryEvidenceStore } from '../../models/memory-evidence-store.ts';
import { MemoryObjectStore } from '../../models/memory-object-store.ts';
import { MemoryWorkflows } from '../../models/memory-workflows.ts';
import { SeededIds } from '../../models/seeded-ids.ts';
import { VirtualClock } from '../../models/virtual-clock.ts';

describe('memory object store, beyond the contract', () => {
  test('O2: per-key failures are answered, for as long as told, and remove nothing', async () => {
    const store = new MemoryObjectStore();
    const [a, b] = ['mail/a', 'mail/b'];
    const versions = [];
    for (const key of [a, b]) {
      versions.push({ key, ...(await store.put(key, new Uint8Array())) });
    }
    store.failKey(a, 'SlowDown', 1);
    expect(await store.removeVersions(versions)).toEqual([{ ...versions[0], code: 'SlowDown' }]);
    expect(store.versions().map(({ key }) => key)).toEqual([a]);
    expect(await store.removeVersions(versions)).toEqual([]);
    expect(store.versions()).toEqual([]);

    await store.put(b, new Uint8Array());
    store.failKey(b, 'AccessDenied');
    for (let time = 0; time < 3; time += 1) {
      const [failure] = await store.removeVersions(store.versions());
      expect(failure?.code).toBe('AccessDenied');
    }
  });

  test('O3: short pages lead to the same end', async () => {
    const store = new MemoryObjectStore({ pageEntries: 2 });
    for (let i = 0; i < 5; i += 1) store.addVersion('mail/a', Uint8Array.of(i));
    store.deleteMarker('mail/a');
    const seen = [];
    let after: string | undefined;
    do {
      const page = await store.listVersions('mail/', after);
      expect(page.entries.length).toBeLessThanOrEqual(2);
      seen.push(...page.entries);
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(store.versions());
    expect(seen).toHaveLength(6);
    expect(seen[0]).toMatchObject({ deleteMarker: true, latest: true });
  });

  test('W1: bytes are copied in and out', async () => {
    const store = new MemoryObjectStore();
    const body = Uint8Array.of(1, 2, 3);
    await store.put('mail/a', body);
    body[0] = 9;
    const read = await store.get('mail/a');
    read?.body.fill(0);
    expect((await store.get('mail/a'))?.body).toEqual(Uint8Array.of(1, 2, 3));
  });
});

test('U7: evidence can go once its lock has ended, and no lock may begin in the past', async () => {
  const clock = new VirtualClock();
  const store = new MemoryEvidenceStore(clock);
  await expect(store.save('a', Uint8Array.of(1), clock.now())).rejects.toThrow(RangeError);
  await store.save('a', Uint8Array.of(1), clock.now() + 1000);
  clock.advance(999);
  expect(() => store.remove('a')).toThrow('locked');
  clock.advance(1);
  store.remove('a');
  expect(store.names()).toEqual([]);
});

test('workflows record each start once, with its input as JSON', async () => {
  const workflows = new MemoryWorkflows();
  const input = { operationId: 'a', left: undefined };
  await workflows.start('delete-account', 'a-1', input);
  await workflows.start('delete-account', 'a-1', input);
  const start = { verb: 'delete-account', name: 'a-1', input: { operationId: 'a' } };
  expect(workflows.starts()).toEqual([start]);
  await expect(workflows.start('delete-account', 'no spaces', {})).rejects.toThrow(RangeError);
});

describe('clocks', () => {
  test('virtual: sleepers of one moment wake at their own times, in any order', async () => {
    const clock = new VirtualClock('2026-11-22T00:00:00Z');
    await Promise.all([clock.sleep(500), clock.sleep(2000), clock.sleep(1000)]);
    expect(new Date(clock.now()).toISOString()).toBe('2026-11-22T00:00:02.000Z');
    await clock.sleep(1);
    clock.advance(9);
    expect(new Date(clock.now()).toISOString()).toBe('2026-11-22T00:00:02.010Z');
    expect(() => clock.advance(-1)).toThrow(RangeError);
    expect(() => new VirtualClock('yesterday')).toThrow(RangeError);
  });

  test('system: sleeps as long as asked', async () => {
    const clock = new SystemClock();
    const before = clock.now();
    await clock.sleep(30);
    // Timers of Node may fire a millisecond early by this clock.
    expect(clock.now() - before).toBeGreaterThanOrEqual(29);
    expect(Math.abs(Date.now() - clock.now())).toBeLessThan(1000);
  });
});

describe.each([
  ['crypto', () => new CryptoIds()],
  ['seeded', () => new SeededIds(7)],
])('ids: %s', (_, make) => {
  test('hex has as many digits as asked, all of them used, and does not repeat', () => {
    const ids = make();
    for (const bytes of [1, 3, 8, 16]) {
      expect(ids.hex(bytes)).toMatch(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
    }
    const many = Array.from({ length: 2000 }, () => ids.hex(8));
    expect(new Set(many).size).toBe(2000);
    // A shard is the first digit: a sixteenth of 2,000 is 125, with a deviation of 11.
    const shards = Map.groupBy(many, (id) => id.charAt(0));
    expect(shards.size).toBe(16);
    for (const ofShard of shards.values()) expect(ofShard.length).toBeGreaterThan(60);
  });

  test('fractions cover 0 to 1 without 1', () => {
    const ids = make();
    const many = Array.from({ length: 2000 }, () => ids.fraction());
    expect(many.every((one) => one >= 0 && one < 1)).toBe(true);
    expect(Math.min(...many)).toBeLessThan(0.05);
    expect(Math.max(...many)).toBeGreaterThan(0.95);
  });
});

test('seeded ids are the same for the same seed, and differ between seeds', () => {
  const sequence = (seed: number) => {
    const ids = new SeededIds(seed);
    return [ids.hex(16), ids.fraction(), ids.hex(3)];
  };
  expect(sequence(1)).toEqual(sequence(1));
  const firsts = Array.from({ length: 500 }, (_, seed) => sequence(seed)[0]);
  expect(new Set(firsts).size).toBe(500);
});
