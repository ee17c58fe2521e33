const DAY_MS = 86_400_000;

interface TestedDate {
  readonly name: string;
  /** ISO 8601. */
  readonly date: string;
  readonly zone: string;
}

/** The next 29 February that has not begun anywhere, at an hour at which it is that day everywhere. */
function leapDay(afterMs: number): string {
  for (let year = new Date(afterMs).getUTCFullYear(); ; year += 1) {
    const at = Date.UTC(year, 1, 29, 11);
    if (new Date(at).getUTCDate() === 29 && at > afterMs + DAY_MS)
      return new Date(at).toISOString();
  }
}

/** The last minute of a year in UTC, by then the next one further east. */
function lastMinute(afterMs: number): string {
  return new Date(Date.UTC(new Date(afterMs).getUTCFullYear() + 1, 0) - 60_000).toISOString();
}

/**
 * Dates and zones at which software breaks that mixes clocks, or takes the zone of a machine for
 * that of mail.
 */
export function testedDates(nowMs: number): readonly TestedDate[] {
  const later = new Date(nowMs + 2 * 365.25 * DAY_MS).toISOString();
  return [
    { name: 'two years on', date: later, zone: 'UTC' },
    { name: '29 February', date: leapDay(nowMs), zone: 'Asia/Tokyo' },
    // Fourteen hours ahead of UTC, as far as it goes.
    { name: 'the last minute of a year', date: lastMinute(nowMs), zone: 'Pacific/Kiritimati' },
  ];
}
