import { describe, expect, test } from 'vitest';
import type { RowKey } from '../../../functions/contract/row-layout.ts';
import { CRASH_POINTS, CrashError, Crashes, type CrashPoint } from '../../models/faulty.ts';
import { MemoryObjectStore } from '../../models/memory-object-store.ts';
import { MemoryRowStore } from '../../models/memory-row-store.ts';
import { SeededIds } from '../../models/seeded-ids.ts';
import { VirtualClock } from '../../models/virtual-clock.ts';

const keyOf = (sk: string): RowKey => ({ table: 'dictmap', pk: 'p', sk });

/** Four mutating calls over two ports, with reads between them. */
async function work(rows: MemoryRowStore, objects: MemoryObjectStore): Promise<void> {
  await objects.put('mail/a', new Uint8Array());
  await rows.transact(
    ['a', 'b', 'c', 'd'].map((sk) => ({ kind: 'put', key: keyOf(sk), attributes: {} })),
  );
  await rows.get(keyOf('a'));
  await rows.removeAll(['a', 'b', 'c', 'd'].map(keyOf));
  const { entries } = await objects.listVersions('mail/');
  await objects.removeVersions(entries);
}

/** What is left of the objects and rows after a crash at this call. */
async function leftAfter(call: number, point: CrashPoint): Promise<string> {
  const [rows, objects] = [new MemoryRowStore(), new MemoryObjectStore()];
  const crashes = new Crashes({ call, point });
  const ports = crashes.wrapAll({ rows, objects });
  await expect(work(ports.rows, ports.objects)).rejects.toThrow(CrashError);
  expect(crashes.crashed).toBe(true);
  expect(crashes.calls).toBe(call);
  return `${objects.versions().length} ${rows.rows().length}`;
}

describe('crashes', () => {
  test('without a point it only counts the mutating calls of all ports', async () => {
    const crashes = new Crashes();
    const ports = crashes.wrapAll({ rows: new MemoryRowStore(), objects: new MemoryObjectStore() });
    await work(ports.rows, ports.objects);
    expect(crashes.calls).toBe(4);
    expect(crashes.crashed).toBe(false);
  });

  test('U5: before, partway and after each call leave what they say', async () => {
    const left: string[] = [];
    for (let call = 1; call <= 4; call += 1) {
      for (const point of CRASH_POINTS) left.push(await leftAfter(call, point));
    }
    expect(left).toEqual([
      ...['0 0', '0 0', '1 0'],
      ...['1 0', '1 0', '1 4'],
      ...['1 4', '1 2', '1 0'],
      ...['1 0', '0 0', '0 0'],
    ]);
  });

  test('after a crash nothing answers any more, but clock and ids', async () => {
    const crashes = new Crashes({ call: 1, point: 'after' });
    const clock = new VirtualClock();
    const rows = new MemoryRowStore();
    const ports = crashes.wrapAll({ rows, clock, ids: new SeededIds() });
    const put = { kind: 'put', key: keyOf('a'), attributes: {} } as const;
    await expect(ports.rows.write(put)).rejects.toThrow(CrashError);
    await expect(ports.rows.get(keyOf('a'))).rejects.toThrow(CrashError);
    await expect(ports.clock.sleep(1)).rejects.toThrow(CrashError);
    expect(ports.clock.now()).toBe(clock.now());
    expect(ports.ids.hex(4)).toMatch(/^[0-9a-f]{8}$/);
    expect(await rows.get(keyOf('a'))).toBeDefined();
  });
});
