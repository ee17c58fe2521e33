/** One folder of a Maildir: files in `cur` and `new`, flags in their names. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { baseName, readKeywords, readUidList, type UidList } from './dovecot-files.ts';
import {
  type FolderUids,
  problem,
  type SourceFolder,
  type SourceItem,
  validKeywords,
} from './mail-source.ts';
import { DISAPPEARED, type MessageFile, readMessageFile } from './message-file.ts';

const PARTS = ['cur', 'new'] as const;

export const isPart = (name: string): boolean => PARTS.some((part) => part === name);

const FLAGS: Readonly<Record<string, string>> = {
  D: '\\Draft',
  F: '\\Flagged',
  R: '\\Answered',
  S: '\\Seen',
  T: '\\Deleted',
};

/** "Passed" (resent, forwarded) is a keyword in IMAP (RFC 5788). */
const PASSED = 'P';
const FORWARDED = '$Forwarded';

/** Counts the files; nothing of them is read before `read`. */
export async function openMaildirFolder(path: string, mailbox: string): Promise<SourceFolder> {
  const { length } = await listFiles(path);
  return {
    mailbox,
    messages: length,
    uids: () => readUids(path),
    read: (only) => readFolder(path, only),
  };
}

/** Without the names, which would stay in memory for as long as the folder is imported. */
async function readUids(folder: string): Promise<FolderUids | undefined> {
  const list = await readUidList(folder);
  return list && { uidValidity: list.uidValidity, uidNext: list.uidNext };
}

async function* readFolder(
  folder: string,
  only: ReadonlySet<string> | undefined,
): AsyncGenerator<SourceItem> {
  const keywords = await readKeywords(folder);
  const files = await listFiles(folder, await readUidList(folder));
  for (const { part, name, base, uid } of files) {
    if (only !== undefined && !only.has(base)) continue;
    const found = await readFile(folder, { part, name, base });
    const source = join(folder, found.part, found.name);
    if ('reason' in found.file) {
      yield problem(source, found.file.reason);
      continue;
    }
    const { raw, modifiedAt: internalDate } = found.file;
    yield {
      kind: 'message',
      name: base,
      raw,
      internalDate,
      source,
      ...parseFileName(found.name, keywords),
      ...(uid === undefined ? {} : { uid }),
    };
  }
}

interface MaildirFile {
  readonly part: string;
  readonly name: string;
  /** The part of the name that stays when flags change. */
  readonly base: string;
}

/** A mail client may rename a file by changing a flag between the list and the read. */
async function readFile(
  folder: string,
  file: MaildirFile,
): Promise<MaildirFile & { readonly file: MessageFile }> {
  const first = await readMessageFile(join(folder, file.part, file.name));
  if (!('reason' in first) || first.reason !== DISAPPEARED) return { ...file, file: first };
  const renamed = (await listFiles(folder)).find(({ base }) => base === file.base);
  if (renamed === undefined) return { ...file, file: first };
  const { part, name, base } = renamed;
  return { part, name, base, file: await readMessageFile(join(folder, part, name)) };
}

/** By UID; files without one after them, in the order in which they came. */
async function listFiles(
  folder: string,
  uidList?: UidList,
): Promise<(MaildirFile & { readonly uid?: number })[]> {
  const files: (MaildirFile & { readonly seconds: number; readonly uid?: number })[] = [];
  for (const part of PARTS) {
    const names = await readdir(join(folder, part)).catch(ignoreMissing);
    for (const name of names) {
      if (name.startsWith('.')) continue;
      const base = baseName(name);
      const uid = uidList?.byName.get(base);
      // Names begin with the time of delivery.
      const seconds = Number(/^\d{1,15}/.exec(name)?.[0] ?? 0);
      files.push({ part, name, base, seconds, ...(uid === undefined ? {} : { uid }) });
    }
  }
  const last = Number.POSITIVE_INFINITY;
  const byUid = (a: { uid?: number }, b: { uid?: number }): number =>
    a.uid === b.uid ? 0 : (a.uid ?? last) - (b.uid ?? last);
  return files.sort(
    (a, b) =>
      byUid(a, b) || a.seconds - b.seconds || (a.base < b.base ? -1 : a.base > b.base ? 1 : 0),
  );
}

/** Copies lose directories that are empty. */
function ignoreMissing(error: unknown): string[] {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
  throw error;
}

/**
 * Flags after `:2,` (`;2,` or `!2,` where a file system takes no colon).
 * @param keywordNames of the folder, by letter
 */
export function parseFileName(
  name: string,
  keywordNames: ReadonlyMap<string, string> = new Map(),
): { readonly flags: string[]; readonly keywords: string[] } {
  const letters = new Set(/[:;!]2,([A-Za-z]*)$/.exec(name)?.[1] ?? '');
  const flags = Object.entries(FLAGS).flatMap(([letter, flag]) =>
    letters.has(letter) ? [flag] : [],
  );
  const keywords = [...letters].sort().flatMap((letter) => keywordNames.get(letter) ?? []);
  return {
    flags,
    keywords: validKeywords(letters.has(PASSED) ? [FORWARDED, ...keywords] : keywords),
  };
}
