/**
 * One mbox for each mailbox. A file is written anew when anything in it changes: beside, message by
 * message, out of the old one where that has them, so that a run that was killed goes on there.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { appendFile, type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { problem } from '../import/mail-source.ts';
import { type ExportDirectory, hasCode } from './export-directory.ts';
import type { Brought, ExportedMessage, FolderJob, ListedMessage } from './export-form.ts';
import { inOrder } from './in-order.ts';
import { type Framed, frame, lossOf, unframe } from './mbox-frame.ts';
import { isThat } from './message-files.ts';
import { keyOf, readLines } from './parts.ts';

/** A message that is to stand in the file, and how: as listed, or as it was when it went. */
interface Wanted {
  readonly row: ListedMessage;
  readonly went: boolean;
}

/**
 * Brings a mailbox.
 * @param place of the file, below the directory of the export
 */
export async function* bringMbox(
  directory: ExportDirectory,
  place: string,
  job: FolderJob,
): AsyncGenerator<Brought> {
  const folder = dirname(place);
  await directory.makeFolder(folder);
  const mbox = new Mbox(directory, place, job);
  try {
    yield* mbox.bring();
  } finally {
    await mbox.close();
  }
  if (!job.stopped()) await directory.sync(folder);
}

class Mbox {
  readonly #directory: ExportDirectory;
  readonly #place: string;
  readonly #job: FolderJob;
  readonly #wanted: readonly Wanted[];
  readonly #keywords: readonly string[];
  readonly #partial: string;
  readonly #journal: string;
  readonly #told = new Set<number>();
  #old: FileHandle | undefined;

  constructor(directory: ExportDirectory, place: string, job: FolderJob) {
    this.#directory = directory;
    this.#place = place;
    this.#job = job;
    this.#wanted = wantedOf(job);
    this.#keywords = [...new Set(this.#wanted.flatMap(({ row }) => row.keywords))].sort();
    const key = keyOf(job.mailbox.path);
    this.#partial = directory.own(`${key}.mbox`);
    this.#journal = directory.own(`${key}.journal`);
  }

  async *bring(): AsyncGenerator<Brought> {
    this.#old = await openThere(this.#directory.at(this.#place));
    if (await this.#isUpToDate()) {
      for (const { row, went } of this.#wanted) {
        const known = this.#job.before.get(row.uid);
        if (known === undefined) continue;
        if (went) yield { kind: 'went', message: { ...known, went } };
        else yield { kind: 'present', message: known };
      }
      return;
    }
    yield* this.#write();
  }

  async close(): Promise<void> {
    await this.#old?.close();
  }

  /** Whether the file has, byte for byte, what it would have if it were written now. */
  async #isUpToDate(): Promise<boolean> {
    const { before, trusted } = this.#job;
    if (this.#old === undefined) return false;
    if (trusted) return await this.#isAsWritten();
    let at = 0;
    for (const [index, { row }] of this.#wanted.entries()) {
      if (this.#job.stopped()) return false;
      const known = before.get(row.uid);
      const raw = known?.offset === at ? await this.#readOld(row, known) : undefined;
      if (raw === undefined || known === undefined) return false;
      this.#tellLoss(row, raw);
      const framed = frame(row, raw, this.#framed(index));
      if (!framed.equals(await readAt(this.#old, at, framed.length))) return false;
      at += framed.length;
    }
    return (await this.#old.stat()).size === at;
  }

  /** The same by what was written down, where the bytes have been read back a moment ago. */
  async #isAsWritten(): Promise<boolean> {
    const { before } = this.#job;
    let bytes = 0;
    for (const { row } of this.#wanted) {
      const known = before.get(row.uid);
      if (known === undefined || !isSame(listedOf(known), row)) return false;
      bytes += known.length ?? 0;
    }
    return (await this.#old?.stat())?.size === bytes && before.size === this.#wanted.length;
  }

  #framed(index: number): Framed {
    return { mailbox: this.#job.mailbox, keywords: this.#keywords, isFirst: index === 0 };
  }

  /** The message as the file has it, if it is that message. */
  async #readOld(
    row: ListedMessage,
    known: ExportedMessage | undefined,
  ): Promise<Buffer | undefined> {
    if (this.#old === undefined || known?.offset === undefined) return undefined;
    return await readMessage(this.#old, row, known);
  }

  async *#write(): AsyncGenerator<Brought> {
    const begun = await this.#resume();
    const file = await open(this.#partial, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      await file.truncate(begun.end);
      let at = begun.end;
      for (const message of begun.messages) {
        yield { kind: message.went === true ? 'went' : 'present', message, updated: true };
      }
      const last = begun.messages.at(-1)?.uid ?? 0;
      const rest = this.#wanted.filter(({ row }) => row.uid > last);
      const weigh = ({ row }: Wanted): number => row.size;
      for await (const got of inOrder(rest, weigh, (one) => this.#get(one))) {
        if (!('raw' in got)) yield got;
        else {
          const framed = frame(got.row, got.raw, this.#framed(at === 0 ? 0 : 1));
          await file.write(framed, 0, framed.length, at);
          const message = this.#entry(got, at, framed.length);
          await appendFile(this.#journal, `${JSON.stringify(message)}\n`, { mode: 0o600 });
          at += framed.length;
          yield {
            kind: got.went ? 'went' : got.isOld ? 'present' : 'stored',
            message,
            updated: true,
          };
        }
        if (this.#job.stopped()) return;
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(this.#partial, this.#directory.at(this.#place));
    await rm(this.#journal, { force: true });
  }

  /** What a run that was killed had written, as far as it is whole. */
  async #resume(): Promise<{ readonly messages: ExportedMessage[]; readonly end: number }> {
    const messages: ExportedMessage[] = [];
    let end = 0;
    const file = await openThere(this.#partial);
    const wanted = new Map(this.#wanted.map(({ row }) => [row.uid, row]));
    if (file !== undefined) {
      try {
        for await (const message of readLines<ExportedMessage>(this.#journal)) {
          const row = wanted.get(message.uid) ?? listedOf(message);
          if (message.offset !== end || message.uid <= (messages.at(-1)?.uid ?? 0)) break;
          if ((await readMessage(file, row, message)) === undefined) break;
          messages.push(wanted.has(message.uid) ? message : { ...message, went: true });
          end += message.length ?? 0;
        }
      } finally {
        await file.close();
      }
    }
    const kept = messages.map((message) => `${JSON.stringify(message)}\n`).join('');
    const { path, file: journal } = await this.#directory.create();
    await journal.writeFile(kept);
    await journal.close();
    await rename(path, this.#journal);
    return { messages, end };
  }

  async #get(wanted: Wanted): Promise<Got | Brought> {
    const { row, went } = wanted;
    const known = this.#job.before.get(row.uid);
    const raw = await this.#readOld(row, known);
    if (raw !== undefined && known !== undefined) {
      return { ...wanted, raw, sha256: known.sha256, isOld: true };
    }
    const source = `${this.#job.mailbox.path}, UID ${row.uid}`;
    if (went) return { kind: 'problem', problem: problem(source, 'is no longer in its file') };
    if (this.#job.stopped()) return { kind: 'vanished', uid: row.uid };
    const fetched = await this.#job.fetch(row);
    if ('vanished' in fetched) return { kind: 'vanished', uid: row.uid };
    if ('reason' in fetched) return { kind: 'problem', problem: problem(source, fetched.reason) };
    this.#tellLoss(row, fetched.raw);
    return { ...wanted, ...fetched, isOld: false };
  }

  /** Once for each message, however often it is read. */
  #tellLoss({ uid }: ListedMessage, raw: Buffer): void {
    const loss = this.#told.has(uid) ? undefined : lossOf(raw);
    this.#told.add(uid);
    if (loss !== undefined) this.#job.note(loss, `UID ${uid}`);
  }

  #entry({ row, went, sha256 }: Got, offset: number, length: number): ExportedMessage {
    const { uid, size, internalDate, flags, keywords } = row;
    const { path, uidValidity } = this.#job.mailbox;
    return {
      kind: 'message',
      mailbox: path,
      uid,
      uidValidity,
      size,
      sha256,
      internalDate: internalDate.toISOString(),
      flags,
      keywords,
      path: this.#place,
      offset,
      length,
      ...(went ? { went } : {}),
    };
  }
}

interface Got extends Wanted {
  readonly raw: Buffer;
  readonly sha256: string;
  readonly isOld: boolean;
}

/** What is listed, and what only the file has: no exported message is removed. */
function wantedOf({ rows, before }: FolderJob): Wanted[] {
  const listed = new Set(rows.map(({ uid }) => uid));
  const gone = [...before.values()].filter(({ uid }) => !listed.has(uid));
  const all = [
    ...rows.map((row) => ({ row, went: false })),
    ...gone.map((message) => ({ row: listedOf(message), went: true })),
  ];
  return all.sort((a, b) => a.row.uid - b.row.uid);
}

const listedOf = ({ internalDate, sha256, ...message }: ExportedMessage): ListedMessage => ({
  uid: message.uid,
  size: message.size,
  digest: sha256,
  internalDate: new Date(internalDate),
  flags: message.flags,
  keywords: message.keywords,
});

const isSame = (one: ListedMessage, other: ListedMessage): boolean =>
  one.size === other.size &&
  one.internalDate.getTime() === other.internalDate.getTime() &&
  [...one.flags].sort().join(' ') === [...other.flags].sort().join(' ') &&
  [...one.keywords].sort().join(' ') === [...other.keywords].sort().join(' ');

async function readMessage(
  file: FileHandle,
  row: ListedMessage,
  { offset = 0, length = 0, sha256 }: ExportedMessage,
): Promise<Buffer | undefined> {
  const raw = unframe(await readAt(file, offset, length), row.size);
  if (raw === undefined) return undefined;
  const found = createHash('sha256').update(raw).digest('hex');
  return found === sha256 && isThat({ raw, sha256: found }, row, { sha256 }) ? raw : undefined;
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

async function openThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
