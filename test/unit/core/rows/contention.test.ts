import { describe, expect, test } from 'vitest';
import { untilWon } from '../../../../functions/core/rows/contention.ts';
import { SeededIds } from '../../../models/seeded-ids.ts';
import { VirtualClock } from '../../../models/virtual-clock.ts';

const ports = () => ({ clock: new VirtualClock(), ids: new SeededIds(7) });

describe('retrying what lost a race', () => {
  test('ends with the first answer that is not a loss', async () => {
    const { clock, ids } = ports();
    let tries = 0;
    const answer = await untilWon({ clock, ids }, clock.now() + 60_000, async () => {
      tries += 1;
      return tries < 5 ? 'lost' : tries;
    });
    expect(answer).toBe(5);
    expect(clock.now()).toBeGreaterThan(new VirtualClock().now());
  });

  test('O3: begins no try after the deadline', async () => {
    const { clock, ids } = ports();
    const deadline = clock.now() + 3000;
    const times: number[] = [];
    const losing = untilWon({ clock, ids }, deadline, async () => {
      times.push(clock.now());
      return 'lost';
    });
    await expect(losing).rejects.toMatchObject({ name: 'StoreBusyError' });
    expect(times.length).toBeGreaterThan(5);
    expect(Math.max(...times)).toBeLessThanOrEqual(deadline);
  });

  test('O3: a try is made even when the deadline has passed, but one only', async () => {
    const { clock, ids } = ports();
    let tries = 0;
    const late = untilWon({ clock, ids }, clock.now() - 1, async () => {
      tries += 1;
      return 'lost';
    });
    await expect(late).rejects.toMatchObject({ name: 'StoreBusyError' });
    expect(tries).toBe(1);
  });

  test('O3: the number of tries is bounded besides', async () => {
    const { clock, ids } = ports();
    let tries = 0;
    const losing = untilWon({ clock, ids }, Number.MAX_SAFE_INTEGER, async () => {
      tries += 1;
      return 'lost';
    });
    await expect(losing).rejects.toMatchObject({ name: 'StoreBusyError' });
    expect(tries).toBe(60);
  });

  test('waits are spread, and at most a second', async () => {
    const { clock, ids } = ports();
    const times: number[] = [];
    await untilWon({ clock, ids }, Number.MAX_SAFE_INTEGER, async () => {
      times.push(clock.now());
      return 'lost';
    }).catch(() => undefined);
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.max(...waits)).toBeLessThanOrEqual(1000);
    expect(new Set(waits).size).toBeGreaterThan(30);
  });

  test('a fault is not retried', async () => {
    const { clock, ids } = ports();
    let tries = 0;
    const failing = untilWon({ clock, ids }, clock.now() + 60_000, async () => {
      tries += 1;
      throw new Error('fault');
    });
    await expect(failing).rejects.toThrow('fault');
    expect(tries).toBe(1);
  });
});
