/** mbox: one file of messages, each after a `From ` line; read as a stream, in bounded memory. */
import { createReadStream } from 'node:fs';
import { UPLOAD_BYTES_MAX } from '../../functions/contract/limits.ts';
import { INBOX } from '../../functions/contract/mailbox-names.ts';
import {
  type MailSource,
  noUids,
  problem,
  type SourceItem,
  type SourceMessage,
  validKeywords,
} from './mail-source.ts';
import { sizeReason } from './message-file.ts';
import { headerFields } from './message-header.ts';

const CHUNK_BYTES = 1024 * 1024;

/** A longer line is handled in pieces; only its first piece can be a `From ` line. */
const LINE_BYTES_MAX = 64 * 1024;

const NEWLINE = 0x0a;
const CRLF = Buffer.from('\r\n');
const FROM = Buffer.from('From ');
const QUOTED_FROM = /^>+From /;

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** `From sender Sat Jan  3 01:05:34 [zone] 1996 [zone]`, as asctime writes dates. */
const FROM_LINE =
  /^From .*?\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +([A-Z][a-z]{2}) +(\d{1,2}) +(\d{1,2}):(\d{2})(?::(\d{2}))?(?: +([+-]\d{4}|[A-Z]{1,5}))? +(\d{4})(?: +([+-]\d{4}))?\s*$/;

const STATUS_FLAGS: Readonly<Record<string, string>> = { R: '\\Seen' };
const X_STATUS_FLAGS: Readonly<Record<string, string>> = {
  A: '\\Answered',
  F: '\\Flagged',
  D: '\\Deleted',
  T: '\\Draft',
};

/** UW IMAP keeps its own data in a message of this subject; it is no mail. */
const INTERNAL_SUBJECT = "DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA";

/** The date of a `From ` line; a zone given by name counts as UTC, as does none. */
export function parseFromLine(line: string): Date | undefined {
  const match = FROM_LINE.exec(line);
  if (match === null) return undefined;
  const [, month = '', day, hour, minute, second = '0', zoneBefore, year, zoneAfter] = match;
  const monthIndex = MONTHS.indexOf(month);
  if (monthIndex < 0) return undefined;
  const local = Date.UTC(
    Number(year),
    monthIndex,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return new Date(local - zoneMs(zoneAfter ?? zoneBefore));
}

function zoneMs(zone: string | undefined): number {
  const match = /^([+-])(\d{2})(\d{2})$/.exec(zone ?? '');
  if (match === null) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return (match[1] === '-' ? -1 : 1) * minutes * 60_000;
}

/** Opens one file as one mailbox. */
export function openMbox(path: string, mailbox: string = INBOX): MailSource {
  return {
    format: 'mbox',
    folders: [{ mailbox, uids: noUids, read: (only) => readMbox(path, only) }],
    subscriptions: [],
    problems: [],
  };
}

/** The whole file is read, whatever of it is wanted: where messages begin is known only then. */
async function* readMbox(
  path: string,
  only: ReadonlySet<string> | undefined,
): AsyncGenerator<SourceItem> {
  for await (const item of everyMessage(path)) {
    if (only === undefined || (item.kind === 'message' && only.has(item.name))) yield item;
  }
}

async function* everyMessage(path: string): AsyncGenerator<SourceItem> {
  let collector: Collector | undefined;
  let number = 0;
  let afterBlank = true;
  for await (const { bytes, startsLine } of lines(path)) {
    const date = startsLine && afterBlank ? fromLineDate(bytes) : undefined;
    if (date !== undefined) {
      const item = collector?.finish();
      if (item !== undefined) yield item;
      number += 1;
      collector = new Collector(path, number, date);
      afterBlank = false;
      continue;
    }
    afterBlank = startsLine && isBlank(bytes);
    collector?.add(startsLine ? unquoted(bytes) : bytes, afterBlank);
  }
  const last = collector?.finish();
  if (last !== undefined) yield last;
}

/** One message being read; drops its bytes once it is too large to be imported. */
class Collector {
  readonly #name: string;
  readonly #source: string;
  readonly #date: Date;
  #parts: Buffer[] = [];
  #sizeBytes = 0;
  #endsBlank = false;

  constructor(path: string, number: number, date: Date) {
    this.#name = String(number);
    this.#source = `${path}, message ${number}`;
    this.#date = date;
  }

  add(bytes: Buffer, blankLine: boolean): void {
    this.#sizeBytes += bytes.length;
    this.#endsBlank = blankLine;
    if (this.#sizeBytes > UPLOAD_BYTES_MAX) this.#parts = [];
    else this.#parts.push(bytes);
  }

  finish(): SourceItem | undefined {
    if (this.#sizeBytes > UPLOAD_BYTES_MAX) return this.#refused(this.#sizeBytes);
    // The blank line before the next `From ` line belongs to the format.
    if (this.#endsBlank) this.#parts.pop();
    const raw = Buffer.concat(this.#parts);
    if (raw.length === 0) return this.#refused(0);
    return toMessage(raw, this.#date, this.#name, this.#source);
  }

  #refused(sizeBytes: number): SourceItem {
    return problem(this.#source, sizeReason(sizeBytes) ?? 'cannot be imported');
  }
}

function toMessage(
  raw: Buffer,
  internalDate: Date,
  name: string,
  source: string,
): SourceMessage | undefined {
  const fields = headerFields(raw, ['status', 'x-status', 'x-keywords', 'subject']);
  if (fields.get('subject') === INTERNAL_SUBJECT) return undefined;
  const flags = [
    ...flagsOf(fields.get('status'), STATUS_FLAGS),
    ...flagsOf(fields.get('x-status'), X_STATUS_FLAGS),
  ];
  const keywords = validKeywords((fields.get('x-keywords') ?? '').split(/\s+/));
  return { kind: 'message', name, raw, internalDate, flags, keywords, source };
}

const flagsOf = (letters: string | undefined, table: Readonly<Record<string, string>>): string[] =>
  [...new Set(letters ?? '')].flatMap((letter) => table[letter] ?? []);

const isBlank = (line: Buffer): boolean =>
  (line.length === 1 && line[0] === NEWLINE) || line.equals(CRLF);

function fromLineDate(line: Buffer): Date | undefined {
  if (!line.subarray(0, FROM.length).equals(FROM)) return undefined;
  return parseFromLine(line.toString('latin1').trimEnd());
}

/** `>From ` as `From `, `>>From ` as `>From ` (mboxrd). */
function unquoted(line: Buffer): Buffer {
  if (line[0] !== 0x3e) return line;
  return QUOTED_FROM.test(line.toString('latin1')) ? line.subarray(1) : line;
}

interface Line {
  /** With its line end; a piece of it where the line is very long. */
  readonly bytes: Buffer;
  readonly startsLine: boolean;
}

async function* lines(path: string): AsyncGenerator<Line> {
  let rest: Buffer = Buffer.alloc(0);
  let startsLine = true;
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    let data: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE)) {
      yield { bytes: data.subarray(0, end + 1), startsLine };
      startsLine = true;
      data = data.subarray(end + 1);
    }
    if (data.length > LINE_BYTES_MAX) {
      yield { bytes: data, startsLine };
      startsLine = false;
      data = Buffer.alloc(0);
    }
    rest = data;
  }
  if (rest.length > 0) yield { bytes: rest, startsLine };
}
