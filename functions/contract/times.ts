/** Lengths of time, and how times are written. */

export const DAY_SECONDS = 86_400;
export const DAY_MS = DAY_SECONDS * 1000;

/** A century: whatever is asked for in days is below it. */
export const DAYS_MAX = 36_500;

const MOMENT =
  /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * A time with its zone, as callers and AWS write it (ISO 8601), in epoch milliseconds; undefined when
 * it is none. `Date.parse` takes 30 February for 2 March: no such day is guessed at.
 */
export function parseMoment(text: string): number | undefined {
  const [, year, month, day] = MOMENT.exec(text) ?? [];
  if (year === undefined) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const at = Date.parse(text);
  return date.getUTCDate() === Number(day) && !Number.isNaN(at) ? at : undefined;
}
