/** The little of a message's headers that its row carries. */
import PostalMime, { type Address, addressParser, type Email } from 'postal-mime';
import { HEADER_BYTES_MAX } from '../../contract/limits.ts';
import { parseHeaderDate } from '../../contract/mail-date.ts';

export interface Envelope {
  readonly from: string;
  readonly to: string;
  /** Missing when there is no such header. */
  readonly cc?: string;
  readonly subject: string;
  readonly messageId: string;
  readonly attachments: boolean;
  /**
   * Which of the texts say all that the headers say: `f` from, `s` subject, `i` message id, `t` to,
   * where nobody else gets a copy, `r` to and cc together. Of any other text it is known what it
   * holds, and not what it lacks; rows of before lack all letters.
   */
  readonly whole?: string;
  /** What the `Date` header says, in epoch milliseconds; missing when it says nothing readable. */
  readonly sentAt?: number;
}

/** Shares of ENVELOPE_BYTES; names, quotes, flag, letters and time (15 digits) take the remaining 118. */
const SHARES_BYTES = { from: 90, to: 90, cc: 90, subject: 140, messageId: 100 } as const;

/** The years 1 to 9999: what a date of mail can say (RFC 5322, 3.3), and 15 digits at most. */
const SENT_MIN = Date.parse('0001-01-01T00:00:00Z');
const SENT_MAX = Date.parse('9999-12-31T23:59:59Z');

const CR = 13;
const LF = 10;

/**
 * Reads the envelope from a message. Never fails: mail as it exists has broken headers, and a
 * message must not be refused for them.
 */
export async function readEnvelope(raw: Uint8Array): Promise<Envelope> {
  const header = headerOf(raw);
  try {
    return toEnvelope(await PostalMime.parse(header), isOrderly(header));
  } catch {
    return { from: '', to: '', subject: '', messageId: '', attachments: false };
  }
}

/** @param isSure whether nothing of the header was left out or passed over */
function toEnvelope(parsed: Email, isSure: boolean): Envelope {
  const values = (key: string): readonly string[] =>
    parsed.headers.filter((header) => header.key === key).map(({ value }) => value);
  const [date = '', ...otherDates] = values('date');
  const sentAt = (otherDates.length > 0 ? undefined : parseHeaderDate(date)) ?? Number.NaN;
  const from = addresses(values('from').flatMap((value) => addressParser(value)));
  const to = addresses(parsed.to);
  const subject = parsed.subject ?? '';
  const cc = addresses(parsed.cc);
  const messageId = parsed.messageId ?? '';
  const others = [...values('bcc'), ...values('resent-to'), ...values('resent-cc')];
  const isWholeList = (text: string, name: 'from' | 'to' | 'cc') =>
    isWhole(text, values(name), SHARES_BYTES[name]) && isClosed(values(name));
  const ids = values('message-id');
  // Not what a reader made of it.
  const isWholeId =
    messageId === (ids[0] ?? '').trim() && isWhole(messageId, ids, SHARES_BYTES.messageId);
  const isAllTo = isWholeList(to, 'to') && hasNone(others);
  const letters = [
    ...(isWholeList(from, 'from') && hasNone(values('sender')) ? ['f'] : []),
    ...(isAllTo && hasNone(values('cc')) ? ['t'] : []),
    ...(isAllTo && isWholeList(cc, 'cc') ? ['r'] : []),
    ...(isWhole(subject, values('subject'), SHARES_BYTES.subject) ? ['s'] : []),
    ...(isWholeId ? ['i'] : []),
  ];
  const isMixed = /^\s*multipart\/mixed/i.test(values('content-type')[0] ?? '');
  return {
    from: clip(from, SHARES_BYTES.from),
    to: clip(to, SHARES_BYTES.to),
    ...(hasNone(values('cc')) ? {} : { cc: clip(cc, SHARES_BYTES.cc) }),
    subject: clip(subject, SHARES_BYTES.subject),
    messageId: clip(messageId, SHARES_BYTES.messageId),
    attachments: isMixed,
    ...(isSure && letters.length > 0 ? { whole: letters.join('') } : {}),
    ...(sentAt >= SENT_MIN && sentAt <= SENT_MAX ? { sentAt } : {}),
  };
}

/** A bracket, quote or comment that never ends swallows what follows it. */
function isClosed([value = '']: readonly string[]): boolean {
  const count = (sign: string): number => value.split(sign).length - 1;
  return count('"') % 2 === 0 && count('<') === count('>') && count('(') === count(')');
}

/** A line that is none of a header may be what is left of one. */
function isOrderly(header: Uint8Array): boolean {
  if (header.length >= HEADER_BYTES_MAX) return false;
  const lines = Buffer.from(header).toString('latin1').split(/\r?\n/);
  return lines.every((line) => /^(?:$|[ \t]|[!-9;-~]+[ \t]*:|>?From )/.test(line));
}

const hasNone = (values: readonly string[]): boolean => values.length === 0;

/** Whether a text is all that its header says, and was read without a doubt. */
function isWhole(text: string, values: readonly string[], bytes: number): boolean {
  if (values.length > 1) return false;
  const [value = ''] = values;
  // U+FFFD stands where bytes were no text, and an encoded word that is left was not understood.
  const isRead = !/\ufffd|=\?/u.test(text) && charsetsIn(value).every(isKnownCharset);
  // Something was said of which nothing is left.
  const isThere = value.length === 0 || text.length > 0;
  return isRead && isThere && clip(text, bytes) === spaced(text);
}

const charsetsIn = (value: string): readonly string[] =>
  [...value.matchAll(/=\?([^?*]*)[?*]/g)].map(([, charset = '']) => charset);

function isKnownCharset(charset: string): boolean {
  try {
    return new TextDecoder(charset).encoding !== '';
  } catch {
    return false;
  }
}

/** Bytes up to and including the first empty line, with either kind of line end. */
function headerOf(raw: Uint8Array): Uint8Array {
  const limit = Math.min(raw.length, HEADER_BYTES_MAX);
  for (let at = 0; at < limit; at += 1) {
    if (raw[at] !== LF) continue;
    if (raw[at + 1] === LF) return raw.subarray(0, at + 2);
    if (raw[at + 1] === CR && raw[at + 2] === LF) return raw.subarray(0, at + 3);
  }
  return raw.subarray(0, limit);
}

function addresses(list: readonly Address[] | undefined): string {
  return (list ?? [])
    .flatMap((entry) => ('group' in entry && entry.group ? entry.group : [entry]))
    .map(({ name, address }) => (name ? `${name} <${address ?? ''}>` : (address ?? '')))
    .join(', ');
}

/**
 * Cuts to a number of bytes as JSON in UTF-8, where quotes and backslashes take two, without
 * splitting a character; lone surrogates are replaced.
 */
function clip(value: string, bytes: number): string {
  let clipped = '';
  let used = 0;
  for (const character of spaced(value)) {
    used += Buffer.byteLength(JSON.stringify(character)) - 2;
    if (used > bytes) break;
    clipped += character;
  }
  return clipped;
}

/** Without control characters, lone surrogates, and what nobody sees. */
const spaced = (value: string): string =>
  value
    .toWellFormed()
    .replace(/\p{Cf}+/gu, '')
    .replace(/\p{C}+/gu, ' ');
