/** Times as queries give them. */

import { DAY_MS, parseMoment } from '../../contract/times.ts';
import { quoted } from '../errors.ts';
import { invalidQuery } from './query.ts';

const ALLOWED =
  'allowed is {"secondsAgo": whole number}, {"calendarDaysAgo": whole number} or {"at": ISO 8601}';

/** Midnight that began the day of a moment, in UTC. */
const startOfDay = (time: number): number => Math.floor(time / DAY_MS) * DAY_MS;

/** The UTC day of a moment: from (included) to (excluded). */
export function dayOfMoment(time: number): { readonly from: number; readonly to: number } {
  const from = startOfDay(time);
  return { from, to: from + DAY_MS };
}

/**
 * The moment, in epoch milliseconds, that a time of a query (QueryTime) means.
 * @throws InvalidQueryError naming the member
 */
export function parseQueryTime(member: string, value: unknown, now: number): number {
  const [entry, ...others] =
    typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (entry === undefined || others.length > 0) throw refusedTime(member, value);
  const [unit, given] = entry;
  if (unit === 'secondsAgo' && isCount(given)) return now - given * 1000;
  if (unit === 'calendarDaysAgo' && isCount(given)) return startOfDay(now) - given * DAY_MS;
  const at = unit === 'at' && typeof given === 'string' ? parseMoment(given) : undefined;
  if (at !== undefined) return at;
  throw refusedTime(member, value);
}

/** So many seconds, as `olderSeconds` gives them. @throws InvalidQueryError naming the member */
export function parseSeconds(member: string, value: unknown): number {
  if (isCount(value)) return value;
  throw invalidQuery(member, `got ${quoted(value)}, allowed is a whole number of seconds from 0`);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function refusedTime(member: string, value: unknown): Error {
  return invalidQuery(member, `got ${quoted(value)}, ${ALLOWED}`);
}
