/** Messages that are a file each, whatever the form calls them. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir, rename, utimes } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { problem } from '../import/mail-source.ts';
import { type ExportDirectory, hasCode } from './export-directory.ts';
import type { Brought, ExportedMessage, FolderJob, ListedMessage } from './export-form.ts';
import { mismatch } from './export-source.ts';
import { inOrder } from './in-order.ts';

export interface FileNaming {
  /** UID of a file that an export made; undefined for any other. */
  uidOf(name: string): number | undefined;
  /** @param before the name that the file has, when it is there already */
  nameOf(row: ListedMessage, raw: Buffer, before?: string): string;
}

interface FileFolder {
  readonly directory: ExportDirectory;
  /** Where the files are, below the directory of the export. */
  readonly path: string;
  readonly naming: FileNaming;
}

interface MessageFiles {
  readonly byUid: ReadonlyMap<number, string>;
  /** Names that no export gave. */
  readonly foreign: readonly string[];
}

/** Names of the messages that are there. */
export async function listFiles({ directory, path, naming }: FileFolder): Promise<MessageFiles> {
  const byUid = new Map<number, string>();
  const foreign: string[] = [];
  for (const entry of await readdir(directory.at(path), { withFileTypes: true })) {
    const uid = naming.uidOf(entry.name);
    if (uid === undefined || byUid.has(uid) || !entry.isFile()) foreign.push(entry.name);
    else byUid.set(uid, entry.name);
  }
  return { byUid, foreign };
}

/** Brings what is missing, in the order of the listing; then tells what is no longer listed. */
export async function* bringFiles(
  folder: FileFolder,
  there: ReadonlyMap<number, string>,
  job: FolderJob,
): AsyncGenerator<Brought> {
  const rows = job.rows;
  const bring = (row: ListedMessage) => bringFile(folder, there.get(row.uid), row, job);
  for await (const brought of inOrder(rows, ({ size }) => size, bring)) {
    yield brought;
    if (job.stopped()) return;
  }
  const listed = new Set(rows.map(({ uid }) => uid));
  for (const [uid, name] of there) {
    if (!listed.has(uid))
      yield { kind: 'went', message: await wentMessage(folder, name, uid, job) };
  }
}

async function bringFile(
  folder: FileFolder,
  name: string | undefined,
  row: ListedMessage,
  job: FolderJob,
): Promise<Brought> {
  const { directory, path, naming } = folder;
  if (name !== undefined) {
    const asWritten = await trustedFile(folder, name, row, job);
    if (asWritten !== undefined) return { kind: 'present', message: asWritten };
    const found = await readBack(folder, name);
    if (found !== undefined && isThat(found, row, job.before.get(row.uid))) {
      const wanted = naming.nameOf(row, found.raw, name);
      const updated = await bringUpToDate(folder, row, { name, wanted, found });
      return {
        kind: 'present',
        message: entryOf(folder, job, row, { name: wanted, sha256: found.sha256 }),
        updated,
      };
    }
  }
  if (job.stopped()) return { kind: 'vanished', uid: row.uid };
  const fetched = await job.fetch(row);
  if ('vanished' in fetched) return { kind: 'vanished', uid: row.uid };
  if ('reason' in fetched) {
    const source = `${job.mailbox.path}, UID ${row.uid}`;
    return { kind: 'problem', problem: problem(source, fetched.reason) };
  }
  const wanted = naming.nameOf(row, fetched.raw);
  // What has another name, and is not the message, makes way: no UID has two files.
  if (name !== undefined && name !== wanted) {
    await rename(directory.at(`${path}/${name}`), directory.at(`${path}/${wanted}`));
  }
  await directory.writeWhole(`${path}/${wanted}`, fetched.raw, row.internalDate);
  return {
    kind: 'stored',
    message: entryOf(folder, job, row, { name: wanted, sha256: fetched.sha256 }),
  };
}

/** The message as it was written down, where its bytes have been read back a moment ago. */
async function trustedFile(
  folder: FileFolder,
  name: string,
  row: ListedMessage,
  job: FolderJob,
): Promise<ExportedMessage | undefined> {
  const known = job.before.get(row.uid);
  if (!job.trusted || known === undefined) return undefined;
  const entry = entryOf(folder, job, row, { name, sha256: known.sha256 });
  if (!isDeepStrictEqual(entry, known)) return undefined;
  const stat = await lstat(folder.directory.at(entry.path)).catch(() => undefined);
  return stat?.isFile() === true && stat.size === row.size ? known : undefined;
}

interface ReadBack {
  readonly raw: Buffer;
  readonly sha256: string;
  readonly modifiedAt: Date;
}

/** The bytes that are on the disk; undefined when they cannot be read as a file. */
async function readBack(
  { directory, path }: FileFolder,
  name: string,
): Promise<ReadBack | undefined> {
  try {
    const file = await open(
      directory.at(`${path}/${name}`),
      constants.O_RDONLY | constants.O_NOFOLLOW,
    );
    try {
      const raw = await file.readFile();
      const { mtime } = await file.stat();
      return { raw, sha256: createHash('sha256').update(raw).digest('hex'), modifiedAt: mtime };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ELOOP')) return undefined;
    throw error;
  }
}

/** Where the account knows no digest, only what this export has written down tells. */
export function isThat(
  { raw, sha256 }: { readonly raw: Buffer; readonly sha256: string },
  row: ListedMessage,
  before: Pick<ExportedMessage, 'sha256'> | undefined,
): boolean {
  if (mismatch(row, raw.length, sha256) !== undefined) return false;
  return row.digest !== '' || before?.sha256 === sha256;
}

/** Flags are in the name, the internal date is the time of the file. */
async function bringUpToDate(
  { directory, path }: FileFolder,
  { internalDate }: ListedMessage,
  { name, wanted, found }: { name: string; wanted: string; found: ReadBack },
): Promise<boolean> {
  const at = directory.at(`${path}/${wanted}`);
  if (name !== wanted) await rename(directory.at(`${path}/${name}`), at);
  const isDated = found.modifiedAt.getTime() === internalDate.getTime();
  if (!isDated) await utimes(at, internalDate, internalDate);
  return name !== wanted || !isDated;
}

const entryOf = (
  { path }: FileFolder,
  { mailbox }: FolderJob,
  { uid, size, internalDate, flags, keywords }: ListedMessage,
  { name, sha256 }: { readonly name: string; readonly sha256: string },
): ExportedMessage => ({
  kind: 'message',
  mailbox: mailbox.path,
  uid,
  uidValidity: mailbox.uidValidity,
  size,
  sha256,
  internalDate: internalDate.toISOString(),
  flags,
  keywords,
  path: path === '' ? name : `${path}/${name}`,
});

/** No exported file is removed: the account may have lost what it holds. */
async function wentMessage(
  folder: FileFolder,
  name: string,
  uid: number,
  job: FolderJob,
): Promise<ExportedMessage> {
  const known = job.before.get(uid);
  const found = await readBack(folder, name);
  const row: ListedMessage = {
    uid,
    size: found?.raw.length ?? 0,
    digest: '',
    internalDate: found?.modifiedAt ?? new Date(0),
    flags: known?.flags ?? [],
    keywords: known?.keywords ?? [],
  };
  return { ...entryOf(folder, job, row, { name, sha256: found?.sha256 ?? '' }), went: true };
}

/** Brings names that were given to the disk. */
export const syncFolder = async ({ directory, path }: FileFolder): Promise<void> =>
  await directory.sync(path);
