/** What a mailbox may be called: UTF-8, levels separated by a slash, INBOX in any case. */
import { MAILBOX_PATH_BYTES } from './limits.ts';

export const DELIMITER = '/';
export const INBOX = 'INBOX';

/** ASCII letters only: in Unicode a dotless i, too, has the capital I. */
const INBOX_IN_ANY_CASE = /^inbox$/i;

/**
 * Control characters, line and paragraph separators (RFC 6855, 3), and lone surrogates, which
 * UTF-8 does not have. Joiners are allowed: Persian words and many emoji are written with them.
 */
const CONTROL = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

/** RFC 6154, and `\Important` of RFC 8457. */
export const SPECIAL_USES = [
  '\\All',
  '\\Archive',
  '\\Drafts',
  '\\Flagged',
  '\\Important',
  '\\Junk',
  '\\Sent',
  '\\Trash',
] as const;
export type SpecialUse = (typeof SPECIAL_USES)[number];

/** Rights of RFC 4314, in the order in which they are written. */
export const RIGHTS = 'lrswipkxtea';

export const utf8Bytes = (text: string): number => new TextEncoder().encode(text).length;

export const isTooLongPath = (path: string): boolean => utf8Bytes(path) > MAILBOX_PATH_BYTES;

/**
 * The one stored form of a name or pattern: NFC, first level `INBOX` in capitals (RFC 3501, 5.1).
 * Undefined when a level is empty, `.` or `..`, or holds a control character.
 */
export function normalName(given: string): string | undefined {
  const levels = given.normalize('NFC').split(DELIMITER);
  const wrong = (level: string) =>
    level === '' || level === '.' || level === '..' || CONTROL.test(level);
  if (levels.some(wrong)) return undefined;
  const [first = '', ...rest] = levels;
  return [INBOX_IN_ANY_CASE.test(first) ? INBOX : first, ...rest].join(DELIMITER);
}

/** Wildcards of patterns: `*` any characters, `%` any but the delimiter; not behind a backslash. */
export const isPattern = (name: string): boolean => /(?<!\\)[*%]/.test(name);

/** The name that a text without wildcards means: `\\*` and `\\%` are the characters themselves. */
export const literalName = (text: string): string => text.replaceAll(/\\([*%])/g, '$1');

/** A special use as it is written in RFC 6154, from any case; undefined when it is none. */
export function normalSpecialUse(given: string): SpecialUse | undefined {
  return SPECIAL_USES.find((one) => one.toLowerCase() === given.toLowerCase());
}

/**
 * Rights in the order of RFC 4314, each once; `c` and `d` of RFC 2086 stand for what they became
 * (RFC 4314, 2.1.1). Undefined when a letter is none.
 */
export function normalRights(given: string): string | undefined {
  const letters = new Set(given.replaceAll('c', 'kx').replaceAll('d', 'etx'));
  if ([...letters].some((letter) => !RIGHTS.includes(letter))) return undefined;
  return [...RIGHTS].filter((letter) => letters.has(letter)).join('');
}
