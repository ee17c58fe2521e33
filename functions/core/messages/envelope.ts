/** The little of a message's headers that its row carries. */
import PostalMime, { type Address } from 'postal-mime';
import { HEADER_BYTES_MAX } from '../../contract/limits.ts';

export interface Envelope {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly messageId: string;
  readonly attachments: boolean;
  /** What the `Date` header says, in epoch milliseconds; missing when it says nothing readable. */
  readonly sentAt?: number;
}

/** Shares of ENVELOPE_BYTES; names, quotes, flag and time (15 digits) take the remaining 92. */
const SHARES_BYTES = { from: 90, to: 90, subject: 140, messageId: 100 } as const;

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
    const parsed = await PostalMime.parse(header);
    const type = parsed.headers.find(({ key }) => key === 'content-type')?.value ?? '';
    const sentAt = Date.parse(parsed.date ?? '');
    return {
      from: clip(addresses(parsed.from && [parsed.from]), SHARES_BYTES.from),
      to: clip(addresses(parsed.to), SHARES_BYTES.to),
      subject: clip(parsed.subject ?? '', SHARES_BYTES.subject),
      messageId: clip(parsed.messageId ?? '', SHARES_BYTES.messageId),
      attachments: /^\s*multipart\/mixed/i.test(type),
      ...(sentAt >= SENT_MIN && sentAt <= SENT_MAX ? { sentAt } : {}),
    };
  } catch {
    return { from: '', to: '', subject: '', messageId: '', attachments: false };
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
  for (const character of value.toWellFormed().replace(/\p{C}+/gu, ' ')) {
    used += Buffer.byteLength(JSON.stringify(character)) - 2;
    if (used > bytes) break;
    clipped += character;
  }
  return clipped;
}
