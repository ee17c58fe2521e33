/** Dates of mail headers (RFC 5322, 3.3 and 4.3), read the same on every machine. */

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Hours from UTC of the names that RFC 5322 (4.3) gives a meaning. */
const ZONES: Readonly<Record<string, number>> = {
  ut: 0,
  gmt: 0,
  utc: 0,
  z: 0,
  est: -5,
  edt: -4,
  cst: -6,
  cdt: -5,
  mst: -7,
  mdt: -6,
  pst: -8,
  pdt: -7,
};

const DATE =
  /^(?:[a-z]{2,9}\.?(?:,\s*|\s+))?(\d{1,2})[\s-]+([a-z]{3})[a-z]*[\s-]+(\d{2,4})\s+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([+-]\d{4}|[a-z]{1,5})?$/i;

interface ReadingDates {
  /** Takes a zone that is missing, or has a name without a meaning, for UTC (RFC 5322, 4.3). */
  readonly zoneGuessed?: boolean;
}

/**
 * @param value of a `Date` header
 * @returns epoch milliseconds; undefined when it is no such date: one without a zone, or with a day
 *   that its month does not have, is not guessed at
 */
export function parseHeaderDate(
  value: string,
  { zoneGuessed = false }: ReadingDates = {},
): number | undefined {
  const text = value.replaceAll(/\([^()]*\)/g, ' ').trim();
  const [, day, monthName, yearText, hour, minute, second = '0', zone] = DATE.exec(text) ?? [];
  if (day === undefined || monthName === undefined || yearText === undefined) return undefined;
  const month = MONTHS.indexOf(monthName.toLowerCase());
  const offsetMinutes = offsetOf(zone ?? '') ?? (zoneGuessed && isNamed(zone) ? 0 : undefined);
  if (month < 0 || offsetMinutes === undefined) return undefined;
  const date = [yearOf(yearText), month, Number(day)] as const;
  const time = [Number(hour), Number(minute), Number(second)] as const;
  if (time[0] > 23 || time[1] > 59 || time[2] > 60) return undefined;
  // A leap second is the last that the minute can tell.
  const at = utc(date, [time[0], time[1], Math.min(time[2], 59)]);
  const isThere = new Date(at).getUTCDate() === date[2] && new Date(at).getUTCMonth() === month;
  return isThere ? at - offsetMinutes * 60_000 : undefined;
}

/** `Date.UTC` takes the years 0 to 99 for those of the twentieth century. */
function utc(
  [year, month, day]: readonly [number, number, number],
  [hour, minute, second]: readonly [number, number, number],
): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date.setUTCHours(hour, minute, second, 0);
}

/** Years of two digits are those from 1950 to 2049, and of three digits come after 1900 (4.3). */
function yearOf(text: string): number {
  const year = Number(text);
  if (text.length === 2) return year < 50 ? 2000 + year : 1900 + year;
  return text.length === 3 ? 1900 + year : year;
}

const isNamed = (zone = ''): boolean => !/^[+-]/.test(zone);

function offsetOf(zone: string): number | undefined {
  const [, sign, hours, minutes] = /^([+-])(\d{2})(\d{2})$/.exec(zone) ?? [];
  if (sign === undefined) {
    const named = ZONES[zone.toLowerCase()];
    return named === undefined ? undefined : named * 60;
  }
  if (Number(minutes) > 59) return undefined;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
