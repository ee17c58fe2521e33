import { beforeEach, describe, expect, test } from 'vitest';
import { BACKUP_RESOURCES } from '../../../../functions/contract/backups.ts';
import { registryKeys } from '../../../../functions/contract/row-layout.ts';
import { coveredUntil, openBackupGate } from '../../../../functions/core/backups/backups.ts';
import {
  type CompletedBackup,
  recordBackup,
} from '../../../../functions/core/backups/record-backup.ts';
import { InvalidInputError, StoreBusyError } from '../../../../functions/core/errors.ts';
import { CRASH_POINTS, Crashes } from '../../../models/faulty.ts';
import { MemoryRowStore } from '../../../models/memory-row-store.ts';
import { SeededIds } from '../../../models/seeded-ids.ts';
import { VirtualClock } from '../../../models/virtual-clock.ts';

const NEVER = Number.POSITIVE_INFINITY;
const HOUR = 3_600_000;
const NOON = Date.parse('2026-11-22T12:00:00Z');

let clock: VirtualClock;
let ports: { rows: MemoryRowStore; clock: VirtualClock; ids: SeededIds };
beforeEach(() => {
  clock = new VirtualClock('2026-11-22T12:00:00Z');
  ports = { rows: new MemoryRowStore(), clock, ids: new SeededIds(1) };
});

const record = (resource: string, createdAt: number, more: Partial<CompletedBackup> = {}) =>
  recordBackup(ports, { resource, createdAt, source: 'test', ...more }, NEVER);

describe('F5: what backups have covered', () => {
  test('nothing while one resource has no backup; then up to the earliest of the three', async () => {
    expect(await coveredUntil(ports.rows)).toBeUndefined();
    await record('mail-bucket', NOON - HOUR);
    await record('registry', NOON - 3 * HOUR);
    expect(await coveredUntil(ports.rows)).toBeUndefined();
    await record('dictmap', NOON - 2 * HOUR);
    expect(await coveredUntil(ports.rows)).toBe(NOON - 3 * HOUR);
    await record('registry', NOON);
    expect(await coveredUntil(ports.rows)).toBe(NOON - 2 * HOUR);
  });

  test('an older or repeated backup changes nothing, whatever the order they come in', async () => {
    const times = [5, 2, 9, 9, 1, 8, 3].map((hours) => NOON - hours * HOUR);
    const news = [];
    for (const time of times) news.push((await record('all', time)).length);
    expect(news).toEqual([3, 3, 0, 0, 3, 0, 0]);
    expect(await coveredUntil(ports.rows)).toBe(NOON - HOUR);
  });

  test('of many at the same time the newest stays', async () => {
    const hours = Array.from({ length: 12 }, (_, index) => ((index * 5) % 12) + 1);
    await Promise.all(hours.map((one) => record('dictmap', NOON - one * HOUR)));
    const row = await ports.rows.get(registryKeys.backup('dictmap'));
    expect(row?.attributes['createdAt']).toBe(NOON - HOUR);
  });

  test.each(CRASH_POINTS)(
    'a crash %s a write claims nothing that is not backed up',
    async (point) => {
      await record('all', NOON - 5 * HOUR);
      const crashing = new Crashes({ call: 2, point }).wrapAll(ports);
      const backup = { resource: 'all', createdAt: NOON - HOUR, source: 'test' };
      await expect(recordBackup(crashing, backup, NEVER)).rejects.toThrow();
      expect(await coveredUntil(ports.rows)).toBe(NOON - 5 * HOUR);
      await recordBackup(ports, backup, NEVER);
      expect(await coveredUntil(ports.rows)).toBe(NOON - HOUR);
    },
  );
});

describe('the gate', () => {
  const faults: unknown[] = [];
  const open = (gate: 'off' | 'aws-backup' | 'recorded', rows = ports.rows) =>
    openBackupGate(rows, gate, (fault) => faults.push(fault));

  test('F5: what was deleted before the backups began may go; at that moment or later it waits', async () => {
    await record('all', NOON - HOUR);
    for (const gate of ['aws-backup', 'recorded'] as const) {
      const covered = await open(gate);
      const asked = [-1, 0, 1].map((more) => covered(NOON - HOUR + more));
      expect(asked).toEqual([true, false, false]);
    }
  });

  test('F5: without a backup of every resource everything waits', async () => {
    await record('registry', NOON);
    await record('dictmap', NOON);
    expect((await open('recorded'))(0)).toBe(false);
  });

  test('off lets everything go, and reads nothing', async () => {
    const rows = new Crashes({ call: 1, point: 'before' }).wrap(ports.rows);
    expect((await open('off', rows))(NOON)).toBe(true);
  });

  test('W5: what cannot be read covers nothing, and is told', async () => {
    await record('all', NOON);
    const busy = Object.create(ports.rows, {
      get: { value: () => Promise.reject(new StoreBusyError('throttled')) },
    }) as MemoryRowStore;
    faults.length = 0;
    expect((await open('aws-backup', busy))(0)).toBe(false);
    expect(faults).toMatchObject([{ name: 'StoreBusyError' }]);
  });

  test.each(BACKUP_RESOURCES)('W5: a damaged row of %s covers nothing', async (resource) => {
    await record('all', NOON);
    const key = registryKeys.backup(resource);
    await ports.rows.write({
      kind: 'update',
      key,
      guard: { row: 'present' },
      change: { set: { createdAt: 'yesterday' } },
    });
    expect((await open('aws-backup'))(0)).toBe(false);
  });
});

describe('O2: what is no backup is refused, each field named', () => {
  test.each([
    [{ resource: 'dictmaps' }, 'resource: got "dictmaps", allowed is one of mail-bucket, registry'],
    [{ resource: '' }, 'resource: got "", allowed is one of mail-bucket'],
    [{ createdAt: NOON + 1 }, 'createdAt: got "2026-11-22T12:00:00.001Z", allowed is no time in'],
    [{ createdAt: -1 }, 'createdAt: got -1, allowed is a time after 1970'],
    [{ createdAt: Number.NaN }, 'createdAt: got null, allowed is a time after 1970'],
    [{ source: '' }, 'source: got "", allowed is a text of 1 to 2048 characters'],
    [{ jobId: 'x'.repeat(2049) }, 'allowed is a text of 1 to 2048 characters'],
  ])('%j', async (more, message) => {
    const backup = { resource: 'all', createdAt: NOON, source: 'test', ...more };
    const refused = recordBackup(ports, backup, NEVER);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toBeInstanceOf(InvalidInputError);
    expect(ports.rows.rows()).toEqual([]);
  });

  test('all that is wrong at once', async () => {
    const backup = { resource: 'x', createdAt: NOON + HOUR, source: '' };
    await expect(recordBackup(ports, backup, NEVER)).rejects.toMatchObject({
      problems: [{ field: 'resource' }, { field: 'createdAt' }, { field: 'source' }],
    });
  });
});
