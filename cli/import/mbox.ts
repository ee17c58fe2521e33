/** mbox: one file of messages, each after a `From ` line; read as a stream, in bounded memory. */
import { HEADER_BYTES_MAX, UPLOAD_BYTES_MAX } from '../../functions/contract/limits.ts';
import { INBOX } from '../../functions/contract/mailbox-names.ts';
import { FolderNotes } from './folder-notes.ts';
import { encodingReason } from './mail-form.ts';
import {
  beside,
  type MailSource,
  type MessageItem,
  mailboxPath,
  note,
  noUids,
  problem,
  type SourceItem,
  type SourceMessage,
  unkept,
  validKeywords,
} from './mail-source.ts';
import { marksOf, takeOwnFields } from './mbox-fields.ts';
import { endsBody, type Line, linesOf, type MboxInput } from './mbox-input.ts';
import { Candidate, isFromLine, isPatchLine, parseFromLine } from './mbox-separator.ts';
import { sizeReason } from './message-file.ts';
import { headerFields, parseMailDate } from './message-header.ts';

const NEWLINE = 0x0a;
const CRLF = Buffer.from('\r\n');
const QUOTED_FROM = /^>+From /;

/** UW IMAP keeps its own data in the first message, which has this subject and `X-IMAP`. */
const INTERNAL_SUBJECT = "DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA";

const AS_TEXT =
  'has # with a line that begins with "From " and was taken for text: they may be two messages in one';
const DELETED =
  'had # that the program had marked as deleted and not yet removed: they have \\Deleted';
const UNDATED = 'had # without a date that can be read: they have that of the file';

/** @param mailbox into which it goes; INBOX when missing */
export function openMbox(input: MboxInput, mailbox: string = INBOX): MailSource {
  return {
    format: 'mbox',
    folders: [
      {
        mailbox: mailboxPath(mailbox.split('/')),
        uids: noUids,
        read: (only) => readMbox(input, only),
      },
    ],
    subscriptions: [],
    problems: [],
    beside: [],
    close: () => input.file.close(),
  };
}

async function* readMbox(
  input: MboxInput,
  only: ReadonlySet<string> | undefined,
): AsyncGenerator<SourceItem> {
  const reader = new MboxReader(input);
  for await (const item of reader.read()) {
    if (only === undefined || item.kind !== 'message' || only.has(item.name)) yield item;
  }
}

/** A line that may separate; what follows it decides. */
interface OpenFromLine {
  readonly candidate: Candidate<Line>;
  readonly date: Date | undefined;
  readonly afterBlank: boolean;
}

class MboxReader {
  readonly #input: MboxInput;
  readonly #notes = new FolderNotes();
  #collector: Collector | undefined;
  #open: OpenFromLine | undefined;
  #number = 0;
  #afterBlank = true;
  /** The file is a series of patches, each of which begins as only a patch does. */
  #isPatches = false;
  /** All bytes that went into messages and separators: in the end, all of the file. */
  #accountedBytes = 0;

  constructor(input: MboxInput) {
    this.#input = input;
  }

  async *read(): AsyncGenerator<SourceItem> {
    let last: Line | undefined;
    for await (const line of linesOf(this.#input)) {
      last = line;
      yield* this.#next(line);
    }
    // Each turn takes one line at least out of those that are open.
    while (this.#open !== undefined) {
      yield* this.#decide(this.#open, this.#open.candidate.separates);
    }
    const { cut, path } = this.#input;
    if (cut === undefined) yield* this.#finish();
    else {
      // The message in which the bytes end is not whole.
      yield problem(`${path}, message ${this.#number}`, `is not whole: ${cut}`);
    }
    for (const line of this.#notes.lines()) yield note(line);
    yield* this.#audit(last);
  }

  async *#next(line: Line): AsyncGenerator<SourceItem> {
    if (this.#open === undefined) yield* this.#take(line);
    else yield* this.#decide(this.#open, this.#open.candidate.add(line));
  }

  async *#take(line: Line): AsyncGenerator<SourceItem> {
    const { bytes, startsLine } = line;
    if (!startsLine || this.#isInBody(line) || !isFromLine(bytes)) {
      await this.#add(line);
      return;
    }
    const text = bytes.toString('latin1').trimEnd();
    const isFirst = this.#number === 0;
    if (isPatchLine(text)) {
      if (isFirst) this.#isPatches = true;
      if (this.#isPatches) yield* this.#begin(line, undefined);
      else {
        this.#tellText();
        await this.#add(line);
      }
      return;
    }
    const date = parseFromLine(text);
    if (this.#afterBlank && (date !== undefined || isFirst)) yield* this.#begin(line, date);
    else if (this.#collector?.inHeader === true) {
      // Some programs leave the lines of other stores in front of a header.
      if (date !== undefined) this.#tellText();
      await this.#add(line);
    } else {
      this.#open = { candidate: new Candidate(line), date, afterBlank: this.#afterBlank };
    }
  }

  /** It separates with a header after it and an empty line before it, or a date. */
  async *#decide(open: OpenFromLine, isHeader: boolean | undefined): AsyncGenerator<SourceItem> {
    if (isHeader === undefined) return;
    this.#open = undefined;
    const { candidate, date, afterBlank } = open;
    const [fromLine, ...rest] = candidate.lines;
    if (fromLine === undefined) return;
    const isLikely = afterBlank || date !== undefined;
    if (isHeader && isLikely) yield* this.#begin(fromLine, date);
    else {
      if (isHeader || isLikely) this.#tellText();
      await this.#add(fromLine);
    }
    for (const line of rest) yield* this.#next(line);
  }

  *#begin({ bytes }: Line, date: Date | undefined): Generator<SourceItem> {
    yield* this.#finish();
    this.#number += 1;
    this.#accountedBytes += bytes.length;
    this.#collector = new Collector(this.#input, this.#number, date);
    this.#afterBlank = false;
  }

  async #add(line: Line): Promise<void> {
    const { bytes, startsLine, at } = line;
    const blank = startsLine && isBlank(bytes);
    this.#afterBlank = blank;
    this.#accountedBytes += bytes.length;
    await this.#collector?.add(line, blank);
    // A body whose length is known may end without an empty line.
    if (this.#collector?.bodyEnd === at + bytes.length) this.#afterBlank = true;
  }

  #isInBody({ at }: Line): boolean {
    return at < (this.#collector?.bodyEnd ?? 0);
  }

  #tellText(): void {
    this.#notes.add(AS_TEXT, `message ${this.#number}`);
  }

  *#finish(): Generator<SourceItem> {
    const item = this.#collector?.finish();
    this.#collector = undefined;
    if (item === undefined) return;
    yield item;
    if (item.kind !== 'message') return;
    const { name, flags, isUndated } = item;
    if (isUndated === true) this.#notes.add(UNDATED, `message ${name}`);
    if (flags.includes('\\Deleted')) this.#notes.add(DELETED, `message ${name}`);
    for (const keyword of item.unkept ?? []) this.#notes.add(unkept(keyword), `message ${name}`);
  }

  /** Whether all of the file was read and became part of a message. */
  async *#audit(last: Line | undefined): AsyncGenerator<SourceItem> {
    const { file, path } = this.#input;
    const read = last === undefined ? 0 : last.at + last.bytes.length;
    const { size } = await file.stat();
    const more = size - Math.min(read, this.#accountedBytes);
    if (more > 0)
      yield problem(path, `has ${more} bytes that were not read: run the same import again`);
    if (size < read) yield problem(path, `lost ${read - size} bytes while it was read`);
  }
}

/** One message being read; drops its bytes once it is too large to be imported. */
class Collector {
  readonly #input: MboxInput;
  readonly #name: string;
  readonly #source: string;
  readonly #date: Date | undefined;
  #parts: Buffer[] = [];
  #sizeBytes = 0;
  #endsBlank = false;
  inHeader = true;
  /** Where the body ends by `Content-Length`, where that fits; undefined when unknown. */
  bodyEnd: number | undefined;

  constructor(input: MboxInput, number: number, date: Date | undefined) {
    this.#input = input;
    this.#name = String(number);
    this.#source = `${input.path}, message ${number}`;
    this.#date = date;
  }

  async add({ bytes, startsLine, at }: Line, blankLine: boolean): Promise<void> {
    const taken = startsLine ? unquoted(bytes) : bytes;
    this.#sizeBytes += taken.length;
    // An empty line within a body of known length is the body's own.
    this.#endsBlank = blankLine && at >= (this.bodyEnd ?? 0);
    if (this.#sizeBytes > UPLOAD_BYTES_MAX) this.#parts = [];
    else this.#parts.push(taken);
    if (!this.inHeader || !blankLine) return;
    this.inHeader = false;
    await this.#findBodyEnd(at + bytes.length);
  }

  async #findBodyEnd(begin: number): Promise<void> {
    const head = headerFields(Buffer.concat(this.#parts), ['content-length']);
    const length = head.get('content-length') ?? '';
    if (!/^\d{1,12}$/.test(length)) return;
    const end = begin + Number(length);
    if (await endsBody(this.#input, end)) this.bodyEnd = end;
  }

  finish(): MessageItem {
    if (this.#sizeBytes > UPLOAD_BYTES_MAX) return this.#refused(this.#sizeBytes);
    // The blank line before the next `From ` line belongs to the format.
    if (this.#endsBlank) this.#parts.pop();
    const raw = Buffer.concat(this.#parts);
    if (raw.length === 0) return this.#refused(0);
    const reason = encodingReason(raw);
    if (reason !== undefined) return problem(this.#source, reason);
    const { raw: kept, values } = takeOwnFields(raw, HEADER_BYTES_MAX);
    const fields = headerFields(raw, ['subject', 'date']);
    if (this.#name === '1' && values.has('x-imap') && fields.get('subject') === INTERNAL_SUBJECT) {
      return beside(this.#source, 'is data that UW IMAP keeps for itself');
    }
    if (kept.length === 0) return this.#refused(0);
    return this.#message(kept, values, parseMailDate(fields.get('date')));
  }

  #message(
    raw: Buffer,
    values: ReadonlyMap<string, string>,
    sentAt: Date | undefined,
  ): SourceMessage {
    const { flags, keywords } = marksOf(values);
    const date = this.#date ?? sentAt;
    const kept = validKeywords(keywords);
    return {
      kind: 'message',
      name: this.#name,
      source: this.#source,
      raw,
      internalDate: date ?? this.#input.modifiedAt,
      ...(date === undefined ? { isUndated: true } : {}),
      flags,
      keywords: kept,
      unkept: keywords.filter((keyword) => !kept.includes(keyword)),
    };
  }

  #refused(sizeBytes: number): MessageItem {
    return problem(this.#source, sizeReason(sizeBytes) ?? 'cannot be imported');
  }
}

const isBlank = (line: Buffer): boolean =>
  (line.length === 1 && line[0] === NEWLINE) || line.equals(CRLF);

/** `>From ` as `From `, `>>From ` as `>From ` (mboxrd). */
function unquoted(line: Buffer): Buffer {
  if (line[0] !== 0x3e) return line;
  return QUOTED_FROM.test(line.toString('latin1')) ? line.subarray(1) : line;
}
