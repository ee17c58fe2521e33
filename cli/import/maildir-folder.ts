/** One folder of a Maildir: files in `cur` and `new`, flags in their names. */
import type { Dirent } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { counted } from '../output/text.ts';
import {
  baseName,
  flagLetters,
  holdsUidList,
  readKeywords,
  readUidList,
  type UidList,
} from './dovecot-files.ts';
import { FolderNotes } from './folder-notes.ts';
import { DISAPPEARED, entriesOf, linkReason, readReason, type SourceRoot } from './inside.ts';
import {
  beside,
  type FolderUids,
  note,
  problem,
  type SourceFolder,
  type SourceItem,
  unkept,
  validKeywords,
} from './mail-source.ts';
import { type MessageFile, readMessageFile } from './message-file.ts';

const PARTS = ['cur', 'new'] as const;

export const isPart = (name: string): boolean => PARTS.some((part) => part === name);

/** Letters of the flags in the names of files. */
export const MAILDIR_FLAGS: Readonly<Record<string, string>> = {
  D: '\\Draft',
  F: '\\Flagged',
  R: '\\Answered',
  S: '\\Seen',
  T: '\\Deleted',
};

/** "Passed" (resent, forwarded) is a keyword in IMAP (RFC 5788). */
export const PASSED = 'P';
export const FORWARDED = '$Forwarded';

const SHARED_NAME =
  'has # whose name, without its flags, is that of another: only one of them keeps the UID';

const UNREADABLE_LIST = 'has a dovecot-uidlist that cannot be read: its messages get new UIDs';

const unnamed = (letter: string): string =>
  `lost the keyword of the letter "${letter}", which dovecot-keywords does not name, on #`;

/** Counts the files; nothing of them is read before `read`. */
export async function openMaildirFolder(
  root: SourceRoot,
  path: string,
  mailbox: string,
): Promise<SourceFolder> {
  const { files } = await listFiles(path);
  return {
    mailbox,
    messages: files.length,
    uids: () => readUids(root, path),
    read: (only) => readFolder(root, path, only),
  };
}

/** Without the names, which would stay in memory for as long as the folder is imported. */
async function readUids(root: SourceRoot, folder: string): Promise<FolderUids | undefined> {
  const list = await readUidList(root, folder);
  return list && { uidValidity: list.uidValidity, uidNext: list.uidNext };
}

async function* readFolder(
  root: SourceRoot,
  folder: string,
  only: ReadonlySet<string> | undefined,
): AsyncGenerator<SourceItem> {
  const keywords = await readKeywords(root, folder);
  const uidList = await readUidList(root, folder);
  const { files, hidden, problems } = await listFiles(folder, uidList);
  yield* problems;
  if (hidden > 0)
    yield beside(folder, `holds ${counted(hidden, 'hidden file')} among the messages`);
  const notes = new FolderNotes();
  for (const file of files) {
    if (file.isTwin) notes.add(SHARED_NAME, file.base);
    if (only !== undefined && !only.has(file.key)) continue;
    const item = await readItem(root, folder, file, keywords);
    yield item;
    if (item.kind !== 'message') continue;
    for (const keyword of item.unkept ?? []) notes.add(unkept(keyword), file.base);
    for (const letter of item.unnamed ?? []) notes.add(unnamed(letter), file.base);
  }
  if (uidList === undefined && (await holdsUidList(folder))) yield note(UNREADABLE_LIST);
  if ((uidList?.oddLines ?? 0) > 0) {
    yield note(
      `has ${counted(uidList?.oddLines ?? 0, 'line')} in dovecot-uidlist that give no UID`,
    );
  }
  for (const line of notes.lines()) yield note(line);
  if (only === undefined) yield* cameMeanwhile(folder, files);
}

async function readItem(
  root: SourceRoot,
  folder: string,
  listed: MaildirFile,
  keywordNames: ReadonlyMap<string, string>,
): Promise<SourceItem> {
  const { part, name, file } = await readFile(root, folder, listed);
  const source = join(folder, part, name);
  if ('reason' in file) return problem(source, file.reason);
  const { flags, keywords } = parseFileName(name, keywordNames);
  const kept = validKeywords(keywords);
  return {
    kind: 'message',
    name: listed.key,
    raw: file.raw,
    internalDate: file.modifiedAt,
    source,
    flags,
    keywords: kept,
    unkept: keywords.filter((keyword) => !kept.includes(keyword)),
    unnamed: keywordLetters(name).filter((letter) => !keywordNames.has(letter)),
    ...(listed.uid === undefined ? {} : { uid: listed.uid }),
  };
}

/** What was not there when the folder was listed has not been read. */
async function* cameMeanwhile(
  folder: string,
  files: readonly MaildirFile[],
): AsyncGenerator<SourceItem> {
  const known = new Set(files.map(({ key }) => key));
  for (const { part, name, key } of (await listFiles(folder)).files) {
    if (known.has(key)) continue;
    yield problem(join(folder, part, name), 'came while the import ran: run the same import again');
  }
}

interface MaildirFile {
  readonly part: string;
  readonly name: string;
  /** The part of the name that stays when flags change. */
  readonly base: string;
  /** The same, made different where two files share it. */
  readonly key: string;
  readonly isTwin: boolean;
  readonly uid?: number;
}

/** A mail client may rename a file by changing a flag between the list and the read. */
async function readFile(
  root: SourceRoot,
  folder: string,
  { part, name, key }: MaildirFile,
): Promise<{ readonly part: string; readonly name: string; readonly file: MessageFile }> {
  const first = await readMessageFile(root, join(folder, part, name));
  if (!('reason' in first) || first.reason !== DISAPPEARED) return { part, name, file: first };
  const renamed = (await listFiles(folder)).files.find((file) => file.key === key);
  if (renamed === undefined) return { part, name, file: first };
  const file = await readMessageFile(root, join(folder, renamed.part, renamed.name));
  return { part: renamed.part, name: renamed.name, file };
}

interface Listing {
  readonly files: readonly MaildirFile[];
  /** Names with a dot, which are none of messages. */
  readonly hidden: number;
  readonly problems: readonly SourceItem[];
}

/** By UID; files without one after them, in the order in which they came. */
async function listFiles(folder: string, uidList?: UidList): Promise<Listing> {
  const found: (Omit<MaildirFile, 'key' | 'isTwin'> & { readonly seconds: number })[] = [];
  const problems: SourceItem[] = [];
  let hidden = 0;
  for (const part of PARTS) {
    const path = join(folder, part);
    for (const entry of await readPart(path, problems)) {
      const { name } = entry;
      if (name.startsWith('.')) hidden += 1;
      else if (entry.isSymbolicLink()) {
        problems.push(problem(join(path, name), await linkReason(join(path, name))));
      } else if (entry.isDirectory()) {
        problems.push(problem(join(path, name), 'is a folder among messages'));
      } else if (name.includes('\ufffd')) {
        problems.push(problem(join(path, name), 'has a name that is not UTF-8: rename it'));
      } else {
        // Names begin with the time of delivery.
        const seconds = Number(/^\d{1,15}/.exec(name)?.[0] ?? 0);
        found.push({ part, name, base: baseOf(name, uidList), seconds });
      }
    }
  }
  found.sort((a, b) => a.seconds - b.seconds || compare(a.base, b.base) || compare(a.name, b.name));
  return { files: withUids(found, uidList), hidden, problems };
}

/** A name that only looks as if flags followed is whole where the list has it whole. */
const baseOf = (name: string, uidList: UidList | undefined): string =>
  uidList?.byName.has(name) === true ? name : baseName(name);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Of two files that share the name of one UID, the first has it. */
function withUids(
  files: readonly Omit<MaildirFile, 'key' | 'isTwin'>[],
  uidList: UidList | undefined,
): MaildirFile[] {
  const seen = new Map<string, number>();
  const found = files.map(({ part, name, base }) => {
    const number = seen.get(base) ?? 0;
    seen.set(base, number + 1);
    const uid = number === 0 ? uidList?.byName.get(base) : undefined;
    const key = number === 0 ? base : `${base}/${number}`;
    return { part, name, base, key, isTwin: number > 0, ...(uid === undefined ? {} : { uid }) };
  });
  const last = Number.POSITIVE_INFINITY;
  return found.sort((a, b) => (a.uid === b.uid ? 0 : (a.uid ?? last) - (b.uid ?? last)));
}

/** Copies lose directories that are empty; one that cannot be read is told. */
async function readPart(path: string, problems: SourceItem[]): Promise<Dirent[]> {
  try {
    const stat = await lstat(path);
    // The walk tells what is in its place.
    return stat.isDirectory() ? await entriesOf(path) : [];
  } catch (error) {
    const reason = readReason(error);
    if (reason !== DISAPPEARED) problems.push(problem(path, reason));
    return [];
  }
}

/**
 * Flags after `:2,`, or after what a copy made of the colon.
 * @param keywordNames of the folder, by letter
 */
export function parseFileName(
  name: string,
  keywordNames: ReadonlyMap<string, string> = new Map(),
): { readonly flags: string[]; readonly keywords: string[] } {
  const letters = new Set(flagLetters(name));
  const flags = Object.entries(MAILDIR_FLAGS).flatMap(([letter, flag]) =>
    letters.has(letter) ? [flag] : [],
  );
  const keywords = keywordLetters(name).flatMap((letter) => keywordNames.get(letter) ?? []);
  return { flags, keywords: letters.has(PASSED) ? [FORWARDED, ...keywords] : keywords };
}

/** Which keywords they stand for is said in a file of the folder. */
const keywordLetters = (name: string): string[] =>
  [...new Set(flagLetters(name))].filter((letter) => /[a-z]/.test(letter)).sort();
