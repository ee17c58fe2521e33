/**
 * Maildir as Dovecot lays it out: Maildir++ (subfolders as `.Sub.Folder` beside `cur` and `new`) or
 * a tree of directories (`LAYOUT=fs`), one level of the name each.
 */
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { INBOX } from '../../functions/contract/mailbox-names.ts';
import { decodedLevel, readSubscriptions } from './dovecot-files.ts';
import {
  type MailSource,
  mailboxPath,
  problem,
  type SourceFolder,
  type SourceProblem,
} from './mail-source.ts';
import { isPart, openMaildirFolder } from './maildir-folder.ts';

/** Deeper trees than this are no mailboxes. */
const DEPTH_MAX = 32;

const holds = (entries: readonly Dirent[], part: string): boolean =>
  entries.some((entry) => entry.isDirectory() && entry.name === part);

export const isMaildir = (entries: readonly Dirent[]): boolean => holds(entries, 'cur');

/** Inside a Maildir also with `new` alone: copies lose directories that are empty. */
const isFolder = (entries: readonly Dirent[]): boolean =>
  isMaildir(entries) || holds(entries, 'new');

interface Found {
  readonly folders: SourceFolder[];
  readonly problems: SourceProblem[];
}

/** Lists the folders of a Maildir; messages are read later, folder by folder. */
export async function openMaildir(root: string): Promise<MailSource> {
  const entries = await readdir(root, { withFileTypes: true });
  const found: Found = { folders: [await openMaildirFolder(root, INBOX)], problems: [] };
  for (const { name } of subdirectories(entries)) {
    const path = join(root, name);
    if (!name.startsWith('.')) await walk(path, [name], found);
    else if (isFolder(await readdir(path, { withFileTypes: true }))) {
      found.folders.push(await openMaildirFolder(path, dottedMailbox(name)));
    }
  }
  // Only the old form of the file needs it, which says nothing of the layout itself.
  const tree = subdirectories(entries).some(({ name }) => !name.startsWith('.'));
  const subscriptions = await readSubscriptions(root, tree ? '/' : '.');
  return { format: 'Maildir', subscriptions, ...found };
}

/** Everything below a directory whose name is a level of a mailbox's. */
async function walk(path: string, levels: readonly string[], found: Found): Promise<void> {
  if (levels.length > DEPTH_MAX) {
    found.problems.push(problem(path, `is more than ${DEPTH_MAX} levels deep`));
    return;
  }
  const entries = await readdir(path, { withFileTypes: true });
  if (isFolder(entries)) {
    const mailbox = mailboxPath(levels.map(decodedLevel));
    found.folders.push(await openMaildirFolder(path, mailbox));
  }
  for (const { name } of subdirectories(entries)) {
    if (!name.startsWith('.')) await walk(join(path, name), [...levels, name], found);
  }
}

const subdirectories = (entries: readonly Dirent[]): Dirent[] =>
  entries
    .filter((entry) => entry.isDirectory() && entry.name !== 'tmp' && !isPart(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

/** `.Sub.Folder` as `Sub/Folder`; a name that is not modified UTF-7 is taken as it is. */
function dottedMailbox(name: string): string {
  return mailboxPath(name.slice(1).split('.').map(decodedLevel));
}
