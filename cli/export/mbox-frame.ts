/**
 * One message within an mbox (mboxrd): a `From ` line with the internal date, the fields in which
 * Dovecot keeps UID, flags and keywords, the message with its `From ` lines quoted, an empty line.
 */
import { HEADER_BYTES_MAX } from '../../functions/contract/limits.ts';
import { takeOwnFields, X_STATUS } from '../import/mbox-fields.ts';
import type { ExportedMailbox, ListedMessage } from './export-form.ts';

const NEWLINE = 0x0a;
const UID_DIGITS = 10;

/** With 100 bytes each, the field that lists them stays far below what readers take for a header. */
const LISTED_KEYWORDS_MAX = 500;

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Who sent it is in the message; here it could hold anything. */
const SENDER = 'MAILER-DAEMON';

/** The field that ends those of the store. */
const LAST_FIELD = /^X-UID: \d+\n/m;

export interface Framed {
  readonly mailbox: Pick<ExportedMailbox, 'uidValidity' | 'uidNext'>;
  readonly keywords: readonly string[];
  /** The first message of the file tells of the mailbox. */
  readonly isFirst: boolean;
}

/** A message as it stands in the file. */
export function frame(row: ListedMessage, raw: Buffer, framed: Framed): Buffer {
  const head = `From ${SENDER} ${asctime(row.internalDate)}\n${storeFields(row, framed)}`;
  const end = raw.at(-1) === NEWLINE ? '\n' : '\n\n';
  return Buffer.concat([Buffer.from(head, 'latin1'), quoted(raw), Buffer.from(end)]);
}

/** The message that a frame of so many bytes holds; undefined when it is no frame. */
export function unframe(framed: Buffer, sizeBytes: number): Buffer | undefined {
  const head = framed.toString('latin1', 0, Math.min(framed.length, HEADER_BYTES_MAX));
  const last = LAST_FIELD.exec(head);
  if (last === null) return undefined;
  const content = unquoted(framed.subarray(last.index + last[0].length));
  return content.length < sizeBytes ? undefined : content.subarray(0, sizeBytes);
}

/** `Tue Mar  3 10:11:12 2020`, in UTC. */
function asctime(date: Date): string {
  const day = String(date.getUTCDate()).padStart(2);
  const time = date.toISOString().slice(-13, -5);
  const month = MONTHS[date.getUTCMonth()];
  return `${DAYS[date.getUTCDay()]} ${month} ${day} ${time} ${date.getUTCFullYear()}`;
}

function storeFields(
  { uid, flags, keywords }: ListedMessage,
  { mailbox, isFirst, keywords: all }: Framed,
): string {
  const last = String(Math.max(mailbox.uidNext - 1, uid)).padStart(UID_DIGITS, '0');
  const base = isFirst
    ? `X-IMAPbase: ${[mailbox.uidValidity, last, ...all.slice(0, LISTED_KEYWORDS_MAX)].join(' ')}\n`
    : '';
  const letters = Object.entries(X_STATUS).flatMap(([letter, flag]) =>
    flags.includes(flag) ? [letter] : [],
  );
  const status = `Status: ${flags.includes('\\Seen') ? 'R' : ''}O\n`;
  const more = letters.length === 0 ? '' : `X-Status: ${letters.join('')}\n`;
  const words = keywords.length === 0 ? '' : `X-Keywords: ${keywords.join(' ')}\n`;
  return `${base}${status}${more}${words}X-UID: ${uid}\n`;
}

/** In latin1 each byte is one character; only a line feed begins a line, no carriage return. */
function quoted(raw: Buffer): Buffer {
  if (!raw.includes('From ')) return raw;
  return Buffer.from(raw.toString('latin1').replace(/(^|\n)(>*From )/g, '$1>$2'), 'latin1');
}

function unquoted(raw: Buffer): Buffer {
  if (!raw.includes('>From ')) return raw;
  return Buffer.from(raw.toString('latin1').replace(/(^|\n)>(>*From )/g, '$1$2'), 'latin1');
}

/** What readers of mbox will not give back as it was, if so; `#` stands for the number. */
export function lossOf(raw: Buffer): string | undefined {
  if (/^[ \t]/.test(raw.toString('latin1', 0, 1))) {
    return 'has # that begin with a space, which joins the fields before it';
  }
  if (takeOwnFields(raw, HEADER_BYTES_MAX).values.size > 0) {
    return 'has # with fields that readers of mbox take for their own (Status, X-UID, …)';
  }
  return raw.at(-1) === NEWLINE ? undefined : 'has # without a line end at the end: it gets one';
}
