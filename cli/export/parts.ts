/**
 * What an export writes down, mailbox by mailbox: a later look or run goes on from it, and the
 * manifest is made of it. JSON Lines, the mailbox first.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, readdir, rename } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { type ExportDirectory, hasCode } from './export-directory.ts';
import type { ExportedMailbox, ExportedMessage } from './export-form.ts';

/** Lines gathered for one write. */
const BUFFER_CHARACTERS = 64 * 1024;

const PART = /^[0-9a-f]{32}\.jsonl$/;
const KEY_DIGITS = 32;

export interface MailboxRecord extends Omit<ExportedMailbox, 'messages' | 'bytes'> {
  readonly kind: 'mailbox';
  readonly mailbox: string;
  readonly went?: true;
}

interface Part {
  readonly mailbox: MailboxRecord | undefined;
  readonly messages: ReadonlyMap<number, ExportedMessage>;
}

/** Files of the export are named by digests: names of mailboxes are none of files. */
export const keyOf = (mailbox: string): string =>
  createHash('sha256').update(mailbox).digest('hex').slice(0, KEY_DIGITS);

const partName = (mailbox: string): string => `${keyOf(mailbox)}.jsonl`;

/** What was written down about a mailbox; nothing when it was not. */
export async function readPart(directory: ExportDirectory, mailbox: string): Promise<Part> {
  const messages = new Map<number, ExportedMessage>();
  let record: MailboxRecord | undefined;
  for await (const line of readLines<MailboxRecord | ExportedMessage>(
    directory.own(partName(mailbox)),
  )) {
    if (line.kind === 'mailbox') record = line;
    else messages.set(line.uid, line);
  }
  return { mailbox: record, messages };
}

/** Names of all parts, of mailboxes that are gone, too. */
export async function listParts(directory: ExportDirectory): Promise<string[]> {
  const names = await readdir(directory.own('.'));
  return names.filter((name) => PART.test(name)).sort();
}

/** Objects of a file of JSON Lines; none where there is no file, and none that is cut. */
export async function* readLines<T>(path: string): AsyncGenerator<T> {
  const input = createReadStream(path);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  try {
    for await (const line of lines) {
      const value = parseLine<T>(line);
      if (value !== undefined) yield value;
    }
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  } finally {
    input.destroy();
  }
}

function parseLine<T>(line: string): T | undefined {
  try {
    return JSON.parse(line) as T;
  } catch {
    return undefined;
  }
}

/** Writes a file of JSON Lines; it has its name once it is whole and on the disk. */
export class LinesWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  #buffer = '';

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async open(directory: ExportDirectory): Promise<LinesWriter> {
    const { path, file } = await directory.create();
    return new LinesWriter(path, file);
  }

  async add(value: object): Promise<void> {
    this.#buffer += `${JSON.stringify(value)}\n`;
    if (this.#buffer.length >= BUFFER_CHARACTERS) await this.#flush();
  }

  /** @param path of the file from now on */
  async commit(path: string): Promise<void> {
    await this.#flush();
    await this.#file.sync();
    await this.#file.close();
    await rename(this.#path, path);
  }

  async abandon(): Promise<void> {
    await this.#file.close().catch(() => {});
  }

  async #flush(): Promise<void> {
    const text = this.#buffer;
    this.#buffer = '';
    await this.#file.writeFile(text);
  }
}

/** The part of a mailbox, begun with the mailbox itself. */
export async function beginPart(
  directory: ExportDirectory,
  record: MailboxRecord,
): Promise<LinesWriter> {
  const writer = await LinesWriter.open(directory);
  await writer.add(record);
  return writer;
}

export const commitPart = async (
  directory: ExportDirectory,
  writer: LinesWriter,
  mailbox: string,
): Promise<void> => await writer.commit(directory.own(partName(mailbox)));
