import { describe, expect, test } from 'vitest';
import { mailKey, SHARDS } from '../../functions/contract/key-layout.ts';
import { OBJECT_PAGE_KEYS } from '../../functions/contract/limits.ts';
import { eraseRange } from '../../functions/core/erasure/erase-range.ts';
import { rangeCountFor } from '../../functions/core/erasure/plan.ts';
import { erasedCounts } from '../../functions/core/operations/progress.ts';
import type { ObjectVersion } from '../../functions/core/ports/object-store.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';
import { CRASH_POINTS, CrashError, Crashes } from '../models/faulty.ts';
import { World } from './world.ts';

const ACCOUNT = 'ab'.repeat(12);
const CONTEXT = { operationId: 'op-1', attempt: 1, accountId: ACCOUNT };
const SETTINGS = { classes: ['r7', 'r30'], memoryMb: 1024 };
const LONG_MS = 200_000;

/** An account with so many objects spread over its shards, and an operation that erases it. */
async function makeWorld(objects: number): Promise<World> {
  const world = new World({ pageEntries: OBJECT_PAGE_KEYS });
  for (let index = 0; index < objects; index += 1) {
    const shard = SHARDS[index % SHARDS.length] ?? '0';
    const blobId = shard + index.toString(16).padStart(31, '0');
    await world.objects.put(mailKey('r30', ACCOUNT, blobId), Buffer.from('mail'));
  }
  await world.rows.write({
    kind: 'put',
    key: { table: 'registry', pk: 'operation#op-1', sk: 'operation' },
    attributes: {
      operationId: 'op-1',
      verb: 'delete-account',
      accountId: ACCOUNT,
      state: 'running',
      step: 'Erase ranges',
      attempt: 1,
      round: 1,
      firstRound: 1,
      requestedBy: 'test',
      createdAt: 0,
      updatedAt: 0,
    },
  });
  await world.rows.write({
    kind: 'put',
    key: { table: 'registry', pk: `account#${ACCOUNT}`, sk: 'account' },
    attributes: {
      accountId: ACCOUNT,
      retentionClass: 'r30',
      state: 'deleting',
      operationId: 'op-1',
      user: 'a@x.org',
      createdAt: 0,
    },
  });
  return world;
}

async function eraseAll(ports: Ports, rangeCount: number, until: number): Promise<void> {
  for (let range = 0; range < rangeCount; range += 1) {
    const payload = { operation: CONTEXT, round: 1, range, rangeCount };
    // Bounded by the number of requests that an account of these sizes can take.
    for (let turns = 0; turns < 200; turns += 1) {
      const { outcome } = await eraseRange(ports, SETTINGS, payload, until);
      if (outcome === 'done') break;
    }
  }
}

/** Notes how many keys each DeleteObjects had. */
function counting(ports: Ports, sizes: number[]): Ports {
  const removeVersions = (versions: readonly ObjectVersion[]) => {
    sizes.push(versions.length);
    return ports.objects.removeVersions(versions);
  };
  const objects = new Proxy(ports.objects, {
    get: (target, name) => {
      if (name === 'removeVersions') return removeVersions;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return { ...ports, objects };
}

describe('O1: requests that remove versions are full', () => {
  test.each([10_000, 20_000, 50_000])(
    '%i objects: 900 keys each or more',
    async (objects) => {
      const world = await makeWorld(objects);
      const sizes: number[] = [];
      const until = world.clock.now() + LONG_MS;
      await eraseAll(counting(world.ports, sizes), rangeCountFor(objects), until);
      expect(world.objects.versions()).toEqual([]);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(OBJECT_PAGE_KEYS);
      expect(objects / sizes.length).toBeGreaterThan(900);
      const erased = await erasedCounts(world.rows, 'op-1');
      expect(erased).toEqual({ objectVersions: objects, objectBytes: objects * 4 });
    },
    120_000,
  );
});

describe('U5, U7: a crash at any point of gathered removals counts each version once', () => {
  test.each(CRASH_POINTS)(
    '%s a change',
    async (point) => {
      const objects = 2500;
      let crashed = true;
      for (let call = 1; crashed; call += 1) {
        const world = await makeWorld(objects);
        const until = world.clock.now() + LONG_MS;
        const crashes = new Crashes({ call, point });
        await eraseAll(crashes.wrapAll({ ...world.ports }), 1, until).catch((fault: unknown) => {
          if (!(fault instanceof CrashError)) throw fault;
        });
        crashed = crashes.crashed;
        await eraseAll(world.ports, 1, until);
        expect(world.objects.versions()).toEqual([]);
        const { objectVersions } = await erasedCounts(world.rows, 'op-1');
        expect({ call, objectVersions }).toEqual({ call, objectVersions: objects });
        if (!crashed) expect(call).toBeGreaterThan(5);
      }
    },
    120_000,
  );

  test('what has come since, behind the place where it crashed, is counted or left to be found', async () => {
    const objects = 2500;
    const [first, late] = ['00', '01'].map((end) =>
      mailKey('r30', ACCOUNT, end.padStart(32, '0')),
    ) as [string, string];
    let behind = 0;
    for (let crashed = true, call = 1; crashed; call += 1) {
      const world = await makeWorld(objects);
      const until = world.clock.now() + LONG_MS;
      const crashes = new Crashes({ call, point: 'after' });
      await eraseAll(crashes.wrapAll({ ...world.ports }), 1, until).catch((fault: unknown) => {
        if (!(fault instanceof CrashError)) throw fault;
      });
      crashed = crashes.crashed;
      if (!crashed || world.objects.versions().some(({ key }) => key === first)) continue;
      behind += 1;
      await world.objects.put(late, Buffer.from('late'));
      await eraseAll(world.ports, 1, until);
      const { objectVersions = 0 } = await erasedCounts(world.rows, 'op-1');
      const sum = objectVersions + world.objects.versions().length;
      // A crash right after the request that removed its neighbours may take it for one of them.
      expect({ call, sum }).toEqual({ call, sum: call === 3 ? objects : objects + 1 });
    }
    expect(behind).toBeGreaterThan(2);
  }, 120_000);

  test('time that runs out after each request loses and doubles nothing', async () => {
    const objects = 2500;
    const world = await makeWorld(objects);
    const payload = { operation: CONTEXT, round: 1, range: 0, rangeCount: 1 };
    let turns = 0;
    for (let outcome = 'again'; outcome === 'again'; turns += 1) {
      const sizes: number[] = [];
      const ports = {
        ...counting(world.ports, sizes),
        clock: { ...world.ports.clock, now: () => (sizes.length > 0 ? LONG_MS : 0) },
      };
      ({ outcome } = await eraseRange(ports, SETTINGS, payload, LONG_MS));
      expect(sizes.length).toBeLessThanOrEqual(1);
      expect(turns).toBeLessThan(50);
    }
    expect(turns).toBeGreaterThan(1);
    expect(world.objects.versions()).toEqual([]);
    const { objectVersions } = await erasedCounts(world.rows, 'op-1');
    expect(objectVersions).toBe(objects);
  });

  test('O3: empty targets are not looked at again by the next invocation', async () => {
    const world = await makeWorld(0);
    const payload = { operation: CONTEXT, round: 1, range: 0, rangeCount: 1 };
    let listings = 0;
    const objects = new Proxy(world.ports.objects, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        if (name === 'listUploads') listings += 1;
        return member.bind(target);
      },
    });
    let turns = 0;
    for (let outcome = 'again'; outcome === 'again'; turns += 1) {
      const before = listings;
      const over = () => listings >= before + 16;
      const clock = { ...world.ports.clock, now: () => (over() ? LONG_MS : 0) };
      const ports = { ...world.ports, objects, clock };
      ({ outcome } = await eraseRange(ports, SETTINGS, payload, LONG_MS));
      expect(turns).toBeLessThan(50);
    }
    // Two classes and the opaque one, 16 shards each, and the uploads: 49 prefixes in groups of 16.
    expect(turns).toBe(4);
    expect(listings).toBe(49);
  });
});
