/** Maildir and Maildir++: `cur` and `new`, subfolders as `.Sub.Folder`, flags in file names. */
import type { Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  INBOX,
  type MailSource,
  mailboxPath,
  problem,
  type SourceFolder,
  type SourceItem,
  type SourceProblem,
  validKeywords,
} from './mail-source.ts';
import { readMessageFile } from './message-file.ts';
import { decodeModifiedUtf7 } from './modified-utf7.ts';

const PARTS = ['cur', 'new'] as const;

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

/** Dovecot's keywords of a folder: letters a to z in file names, listed in this file. */
const KEYWORDS_FILE = 'dovecot-keywords';
const KEYWORD_LINE = /^(\d{1,2}) (\S+)$/;

const holds = (entries: readonly Dirent[], part: string): boolean =>
  entries.some((entry) => entry.isDirectory() && entry.name === part);

export const isMaildir = (entries: readonly Dirent[]): boolean => holds(entries, 'cur');

/** Inside a Maildir also with `new` alone: copies lose directories that are empty. */
const isSubfolder = (entries: readonly Dirent[]): boolean =>
  isMaildir(entries) || holds(entries, 'new');

/** Lists the folders of a Maildir; messages are read later, folder by folder. */
export async function openMaildir(root: string): Promise<MailSource> {
  const entries = await readdir(root, { withFileTypes: true });
  const folders: SourceFolder[] = [await openFolder(root, INBOX)];
  const problems: SourceProblem[] = [];
  for (const { name } of entries.filter((entry) => entry.isDirectory()).sort(byName)) {
    if (name === 'tmp' || PARTS.some((part) => part === name)) continue;
    const path = join(root, name);
    if (!isSubfolder(await readdir(path, { withFileTypes: true }))) continue;
    if (name.startsWith('.')) folders.push(await openFolder(path, folderMailbox(name)));
    else {
      const reason =
        'is a Maildir inside the Maildir, but its name does not begin with a dot (Maildir++): import it by itself, with --mailbox-prefix';
      problems.push(problem(path, reason));
    }
  }
  return { format: 'Maildir', folders, problems };
}

const byName = (a: Dirent, b: Dirent): number => (a.name < b.name ? -1 : 1);

/** `.Sub.Folder` as `Sub/Folder`; a name that is not modified UTF-7 is taken as it is. */
function folderMailbox(name: string): string {
  const levels = name.slice(1).split('.');
  return mailboxPath(levels.map((level) => decodeModifiedUtf7(level) ?? level));
}

async function openFolder(path: string, mailbox: string): Promise<SourceFolder> {
  const files = await listFiles(path);
  return { mailbox, messages: files.length, read: () => readFolder(path) };
}

async function* readFolder(folder: string): AsyncGenerator<SourceItem> {
  const keywords = await readKeywords(folder);
  for (const { part, name } of await listFiles(folder)) {
    const source = join(folder, part, name);
    const file = await readMessageFile(source);
    if ('reason' in file) {
      yield problem(source, file.reason);
      continue;
    }
    const { raw, modifiedAt: internalDate } = file;
    yield { kind: 'message', raw, internalDate, source, ...parseFileName(name, keywords) };
  }
}

interface MaildirFile {
  readonly part: string;
  readonly name: string;
  readonly seconds: number;
}

/** Names begin with the time of delivery, so their order is that in which mail came. */
async function listFiles(folder: string): Promise<MaildirFile[]> {
  const files: MaildirFile[] = [];
  for (const part of PARTS) {
    const names = await readdir(join(folder, part)).catch(ignoreMissing);
    for (const name of names) {
      if (name.startsWith('.')) continue;
      files.push({ part, name, seconds: Number(/^\d{1,15}/.exec(name)?.[0] ?? 0) });
    }
  }
  // The part before the info: a changed flag must not change the order.
  const unique = ({ name }: MaildirFile): string => name.split(/[:;!]2,/, 1)[0] ?? name;
  return files.sort(
    (a, b) => a.seconds - b.seconds || (unique(a) < unique(b) ? -1 : unique(a) > unique(b) ? 1 : 0),
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

async function readKeywords(folder: string): Promise<Map<string, string>> {
  const text = await readFile(join(folder, KEYWORDS_FILE), 'utf8').catch(() => '');
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = KEYWORD_LINE.exec(line.trim());
    const index = Number(match?.[1]);
    if (match?.[2] === undefined || index > 25) continue;
    found.set(String.fromCharCode('a'.charCodeAt(0) + index), match[2]);
  }
  return found;
}
