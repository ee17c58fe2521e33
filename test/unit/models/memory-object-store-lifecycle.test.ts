import { expect, test } from 'vitest';
import { MemoryObjectStore } from '../../models/memory-object-store.ts';
import { VirtualClock } from '../../models/virtual-clock.ts';

const DAY = 86_400_000;
const rules = [
  {
    Status: 'Enabled' as const,
    Filter: { Prefix: 'r7/' },
    NoncurrentVersionExpiration: { NoncurrentDays: 8 },
    Expiration: { ExpiredObjectDeleteMarker: true },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  },
];

test('X2: the model forgets by the rules that S3 forgets by', async () => {
  const clock = new VirtualClock('2026-11-22T10:00:00Z');
  const store = new MemoryObjectStore({ clock });
  for (const key of ['r7/expunged', 'r7/live', 'r30/expunged']) await store.put(key, Buffer.of(1));
  clock.advance(20 * DAY);
  store.deleteMarker('r7/expunged');
  store.deleteMarker('r30/expunged');
  store.startUpload('r7/upload');
  const keys = () =>
    store.versions().map(({ key, deleteMarker }) => key + (deleteMarker ? '!' : ''));
  const others = ['r30/expunged!', 'r30/expunged'];
  expect(store.applyLifecycle(rules, clock.now())).toBe(0);
  clock.advance(8 * DAY);
  expect(store.applyLifecycle(rules, clock.now())).toBe(1);
  expect(store.uploads()).toEqual([]);
  expect(keys()).toEqual([...others, 'r7/expunged!', 'r7/expunged', 'r7/live']);
  clock.advance(14 * 3_600_000);
  expect(store.applyLifecycle(rules, clock.now())).toBe(2);
  expect(keys()).toEqual([...others, 'r7/live']);
  expect(store.applyLifecycle(rules, clock.now())).toBe(0);
});

test('W1: what expires by age is hidden by a marker first', async () => {
  const clock = new VirtualClock('2026-11-22T10:00:00Z');
  const store = new MemoryObjectStore({ clock });
  await store.put('a', Buffer.of(1));
  const expiring = [{ Status: 'Enabled' as const, Filter: {}, Expiration: { Days: 1 } }];
  clock.advance(2 * DAY);
  expect(store.applyLifecycle(expiring, clock.now())).toBe(1);
  expect(store.versions().map(({ deleteMarker }) => deleteMarker)).toEqual([true, false]);
  expect(await store.get('a')).toBeUndefined();
});
