import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { shiftDate } from '../../dates/shift-date.ts';
import { testedDates } from '../../dates/tested-dates.ts';

const DAY_MS = 86_400_000;
/** Between the start of a worker and the end of this file. */
const RUN_MS = 600_000;

/** What time it is by the kernel, which knows of no shift. */
function kernelNow(): number {
  const directory = mkdtempSync(join(tmpdir(), 'lethe-clock-'));
  const { mtimeMs } = statSync(directory);
  rmSync(directory, { recursive: true });
  return mtimeMs;
}

let restore = () => {};
afterEach(() => restore());

describe('the date of this run', () => {
  const wanted = process.env['LETHE_TEST_DATE'];

  test('is the one that was asked for, or the machine’s', () => {
    const expected = wanted === undefined ? kernelNow() - 1000 : Date.parse(wanted);
    expect(Date.now() - expected).toBeGreaterThanOrEqual(0);
    expect(Date.now() - expected).toBeLessThan(RUN_MS);
    const shiftDays = Math.abs(Date.now() - kernelNow()) / DAY_MS;
    if (wanted === undefined) expect(shiftDays).toBeLessThan(0.01);
    else expect(shiftDays).toBeGreaterThan(1 / 24);
  });

  test('is told in the zone that was asked for', () => {
    const zone = process.env['TZ'];
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    expect(zone === undefined || zone === '' ? timeZone : zone).toBe(timeZone);
    if (zone === 'Asia/Tokyo') expect(new Date().getTimezoneOffset()).toBe(-9 * 60);
    if (zone === 'Pacific/Kiritimati') expect(new Date().getTimezoneOffset()).toBe(-14 * 60);
  });
});

describe('a shifted date', () => {
  test('is told by every way of asking, and goes on', async () => {
    const before = performance.now();
    restore = shiftDate('2028-02-29T11:00:00Z');
    const at = Date.UTC(2028, 1, 29, 11);
    for (const now of [Date.now(), Date.parse(new Date().toISOString()), Date.parse(Date())]) {
      expect(now - at).toBeGreaterThan(-1000);
      expect(now - at).toBeLessThan(RUN_MS);
    }
    const first = Date.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(Date.now() - first).toBeGreaterThanOrEqual(15);
    expect(performance.now() - before).toBeLessThan(RUN_MS);
  });

  test('leaves given dates, and what they are instances of, alone', () => {
    restore = shiftDate('2028-02-29T11:00:00Z');
    expect(new Date(0).toISOString()).toBe('1970-01-01T00:00:00.000Z');
    expect(new Date()).toBeInstanceOf(Date);
    expect(new Date(2026, 10, 22).getMonth()).toBe(10);
  });

  test('is over when it is undone', () => {
    shiftDate('2099-01-01T00:00:00Z')();
    expect(new Date().getUTCFullYear()).toBeLessThan(2099);
  });

  test('must be a time', () => {
    expect(() => shiftDate('tomorrow')).toThrow(RangeError);
  });
});

describe('the dates under which the lane runs', () => {
  test.each([
    ['2026-12-01T03:00:00Z', '2028-02-29T11:00:00.000Z'],
    ['2028-02-28T11:00:00Z', '2032-02-29T11:00:00.000Z'],
    ['2028-02-29T12:00:00Z', '2032-02-29T11:00:00.000Z'],
    ['2096-03-01T00:00:00Z', '2104-02-29T11:00:00.000Z'],
  ])('on %s the next 29 February is %s', (now, expected) => {
    const [, leap] = testedDates(Date.parse(now));
    expect(leap?.date).toBe(expected);
  });

  test('are three, all to come, in zones that are told apart', () => {
    const nowMs = Date.parse('2026-12-01T03:00:00Z');
    const dates = testedDates(nowMs);
    expect(dates.map(({ date }) => date)).toEqual([
      '2028-11-30T15:00:00.000Z',
      '2028-02-29T11:00:00.000Z',
      '2026-12-31T23:59:00.000Z',
    ]);
    expect(new Set(dates.map(({ zone }) => zone)).size).toBe(3);
  });
});
