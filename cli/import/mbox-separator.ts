/** `From ` lines of an mbox: which of them separate messages, and what date they carry. */
import { parseHeaderDate } from '../../functions/contract/mail-date.ts';
import { HEAD_BYTES, HeaderForm } from './mail-form.ts';

const FROM = Buffer.from('From ');

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const WEEKDAY = '(?:mon|tue|wed|thu|fri|sat|sun),?';
const TIME = '(\\d{1,2}):(\\d{2})(?::(\\d{2}))?';
const ZONE = '\\(?([+-]\\d{4}|[a-z]{1,5})\\)?';

/** `Sat Jan  3 01:05:34 [zone] 1996 [zone] [remote from host]`, as asctime and UUCP write dates. */
const ASCTIME = new RegExp(
  `^From .*?\\b${WEEKDAY}\\s+([a-z]{3})\\s+(\\d{1,2})\\s+${TIME}(?:\\s+${ZONE})?\\s+(\\d{4}|\\d{2})(?:\\s+${ZONE})?(?:\\s+remote from .*)?\\s*$`,
  'i',
);

/** `[Sat, ]3 Jan 1996 01:05:34 [zone]`, as in the header of a message. */
const RFC822 = new RegExp(
  `^From .*?\\s(?:${WEEKDAY}\\s*)?(\\d{1,2})\\s+([a-z]{3})\\s+(\\d{4}|\\d{2})\\s+${TIME}(?:\\s+${ZONE})?\\s*$`,
  'i',
);

/** `1996-01-03T01:05:34Z` */
const ISO = /\s(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?\s*$/i;

/** What `git format-patch` begins a patch with. The date is always the same, and says nothing. */
const PATCH = /^From [0-9a-f]{40} Mon Sep 17 00:00:00 2001\s*$/;

export const isFromLine = (line: Buffer): boolean =>
  line.subarray(0, FROM.length).equals(FROM) || line.toString('latin1').trimEnd() === 'From';

export const isPatchLine = (text: string): boolean => PATCH.test(text);

/**
 * The date of a `From ` line. A zone given by name counts as RFC 5322 (4.3) says, other names and
 * no zone at all as UTC.
 * @returns undefined when it carries none that can be read
 */
export function parseFromLine(text: string): Date | undefined {
  const at = asctime(text) ?? rfc822(text) ?? iso(text);
  return at === undefined ? undefined : new Date(at);
}

function asctime(text: string): number | undefined {
  const match = ASCTIME.exec(text);
  if (match === null) return undefined;
  const [, month = '', day = '', hour = '', minute, second = '0', before, year = '', after] = match;
  return moment([day, month, year], `${hour}:${minute}:${second}`, after ?? before);
}

function rfc822(text: string): number | undefined {
  const match = RFC822.exec(text);
  if (match === null) return undefined;
  const [, day = '', month = '', year = '', hour, minute, second = '0', zone] = match;
  return moment([day, month, year], `${hour}:${minute}:${second}`, zone);
}

/** Read by the one reader of dates, so that a day that is not there is refused here, too. */
function moment(
  [day, month, year]: readonly [string, string, string],
  time: string,
  zone = '+0000',
): number | undefined {
  if (!MONTHS.includes(month.toLowerCase())) return undefined;
  const padded = time.replace(/:(\d)$/, ':0$1');
  const date = `${day} ${month} ${year} ${padded}`;
  return parseHeaderDate(`${date} ${zone}`) ?? parseHeaderDate(`${date} +0000`);
}

function iso(text: string): number | undefined {
  const [, day, time, zone = 'Z'] = ISO.exec(text) ?? [];
  const at = Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(at) || new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) !== day
    ? undefined
    : at;
}

/** Lines of a header longer than this belong to no mail that a `From ` line without a date begins. */
const CANDIDATE_BYTES_MAX = 64 * 1024;

/**
 * A `From ` line without a date that can be read, or without an empty line before it: people write
 * such lines, too. Whether the header of a message follows decides.
 */
export class Candidate<Line extends { readonly bytes: Buffer }> {
  readonly lines: Line[];
  readonly #header = new HeaderForm();
  #sizeBytes = 0;

  constructor(fromLine: Line) {
    this.lines = [fromLine];
  }

  /** @returns whether a header follows; undefined: that is still open */
  add(line: Line): boolean | undefined {
    this.lines.push(line);
    this.#sizeBytes += line.bytes.length;
    const verdict = this.#header.add(line.bytes.toString('latin1'));
    if (verdict !== undefined) return verdict;
    return this.#sizeBytes > CANDIDATE_BYTES_MAX ? this.#header.isHeader : undefined;
  }

  /** When the file ends here. */
  get separates(): boolean {
    return this.#header.isHeader;
  }
}

/** Whether a file is an mbox, by its first bytes. */
export function startsMbox(head: Buffer): boolean {
  if (!isFromLine(head.subarray(0, Math.max(head.indexOf(0x0a), FROM.length)))) return false;
  const [first = '', ...rest] = head.toString('latin1').split('\n');
  if (parseFromLine(first.trimEnd()) !== undefined) return true;
  const header = new HeaderForm();
  // The last line may be cut.
  for (const line of head.length < HEAD_BYTES ? rest : rest.slice(0, -1)) {
    const verdict = header.add(line);
    if (verdict !== undefined) return verdict;
  }
  return header.isHeader;
}
