/**
 * Maildir as Dovecot and mbsync lay it out: Maildir++ (subfolders as `.Sub.Folder` beside `cur` and
 * `new`), a tree of directories (`LAYOUT=fs`), one level of the name each, or a tree of dotted ones.
 */
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { INBOX } from '../../functions/contract/mailbox-names.ts';
import { counted } from '../output/text.ts';
import { decodedLevel, isOwnFile, readSubscriptions } from './dovecot-files.ts';
import { entriesOf, linkReason, type SourceRoot } from './inside.ts';
import {
  beside,
  type MailSource,
  mailboxPath,
  noClose,
  problem,
  type SourceFolder,
} from './mail-source.ts';
import { isPart, openMaildirFolder } from './maildir-folder.ts';
import { type Besides, entriesAt, lookBeside } from './other-files.ts';

/** Deliveries that were not finished are written there; nobody reads mail from it. */
const UNFINISHED = 'tmp';

const holds = (entries: readonly Dirent[], part: string): boolean =>
  entries.some((entry) => entry.isDirectory() && entry.name === part);

const isMaildir = (entries: readonly Dirent[]): boolean => holds(entries, 'cur');

/** Inside a Maildir also with `new` alone: copies lose directories that are empty. */
const isFolder = (entries: readonly Dirent[]): boolean =>
  isMaildir(entries) || holds(entries, 'new');

/**
 * Whether a directory is a Maildir, or holds those of one user: then one of them is INBOX, or is
 * named as only subfolders are. Directories of users, side by side, are not those of one.
 */
export async function holdsMaildir(root: SourceRoot, entries: readonly Dirent[]): Promise<boolean> {
  if (isMaildir(entries)) return true;
  for (const { name } of subdirectories(entries)) {
    if (!name.startsWith('.') && name.toUpperCase() !== INBOX) continue;
    const inside = await entriesOf(join(root.path, name)).catch(() => []);
    if (isMaildir(inside)) return true;
  }
  return false;
}

interface Found extends Besides {
  readonly folders: SourceFolder[];
}

/** Lists the folders of a Maildir; messages are read later, folder by folder. */
export async function openMaildir(root: SourceRoot): Promise<MailSource> {
  const found: Found = { folders: [], problems: [], beside: [] };
  const entries = await entriesOf(root.path);
  await walk(root, { path: root.path, levels: [] }, found);
  // Only the old form of the file needs it, which says nothing of the layout itself.
  const tree = subdirectories(entries).some(({ name }) => !name.startsWith('.'));
  const subscriptions = await readSubscriptions(root, tree ? '/' : '.');
  return { format: 'Maildir', subscriptions, close: noClose, ...found };
}

interface Place {
  readonly path: string;
  /** Of the mailbox's name; none for the root, which is INBOX. */
  readonly levels: readonly string[];
  /** Below a directory with a dot, where a dot is the layout's and not the name's. */
  readonly dotted?: boolean;
}

/** Everything below a directory: each entry becomes a folder, a message, a problem or is listed. */
async function walk(root: SourceRoot, place: Place, found: Found): Promise<void> {
  const { path, levels } = place;
  const entries = await entriesAt(path, levels.length, found);
  if (entries === undefined) return;
  const isMailbox = isFolder(entries);
  if (isMailbox) {
    found.folders.push(await openMaildirFolder(root, path, mailboxPath(levels)));
    await countUnfinished(path, found);
  }
  const isOurs = ({ name }: Dirent): boolean => isMailbox && (isPart(name) || name === UNFINISHED);
  const others = entries.filter((entry) => !entry.isDirectory());
  for (const link of others.filter((entry) => isOurs(entry) && entry.isSymbolicLink())) {
    const at = join(path, link.name);
    found.problems.push(problem(at, await linkReason(at)));
  }
  const files = others.filter((entry) => !isOurs(entry) || !entry.isSymbolicLink());
  await lookBeside(root, { folder: path, entries: files, isOwn: isOwnFile }, found);
  for (const entry of entries.filter((one) => one.isDirectory() && !isOurs(one))) {
    await walk(root, below(place, entry.name), found);
  }
}

/** `.Sub.Folder` beside `cur` is `Sub/Folder`; a name that is not modified UTF-7 is taken as it is. */
function below({ path, levels, dotted = false }: Place, name: string): Place {
  const at = join(path, name);
  const isRoot = levels.length === 0;
  if (isRoot && name.startsWith('.')) {
    const more = name.slice(1).split('.').map(decodedLevel);
    return { path: at, levels: more, dotted: true };
  }
  const level = dotted && name.startsWith('.') ? name.slice(1) : name;
  return { path: at, levels: [...levels, decodedLevel(level)], dotted };
}

async function countUnfinished(folder: string, found: Found): Promise<void> {
  const path = join(folder, UNFINISHED);
  const names = await readdir(path).catch(() => []);
  if (names.length === 0) return;
  found.beside.push(
    beside(path, `holds ${counted(names.length, 'file')} of unfinished deliveries`),
  );
}

const subdirectories = (entries: readonly Dirent[]): Dirent[] =>
  entries.filter(
    (entry) => entry.isDirectory() && entry.name !== UNFINISHED && !isPart(entry.name),
  );
