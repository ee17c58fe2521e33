/** The few header fields an import needs. */
import { HEADER_BYTES_MAX } from '../../functions/contract/limits.ts';
import { parseHeaderDate } from '../../functions/contract/mail-date.ts';

/** Mail is not older than mail, and a date far ahead is a broken clock. */
const EARLIEST = Date.UTC(1970, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);

/**
 * First value of each named field, unfolded.
 * @param names in lower case
 */
export function headerFields(raw: Buffer, names: readonly string[]): Map<string, string> {
  const head = raw.subarray(0, HEADER_BYTES_MAX).toString('latin1');
  const end = /\r?\n\r?\n/.exec(head);
  const lines = (end === null ? head : head.slice(0, end.index))
    .replace(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/);
  const found = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (names.includes(name) && !found.has(name)) found.set(name, line.slice(colon + 1).trim());
  }
  return found;
}

/** A date of RFC 5322, or undefined when it is unreadable or cannot be a date of mail. */
export function parseMailDate(value: string | undefined): Date | undefined {
  if (value === undefined) return undefined;
  const time = parseHeaderDate(value, { zoneGuessed: true }) ?? Number.NaN;
  return time >= EARLIEST && time < LATEST ? new Date(time) : undefined;
}
