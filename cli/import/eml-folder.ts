/** A folder of `.eml` files; its subfolders are mailboxes. */
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { FolderNotes } from './folder-notes.ts';
import { entriesOf, type SourceRoot } from './inside.ts';
import {
  type MailSource,
  mailboxPath,
  noClose,
  note,
  noUids,
  problem,
  type SourceFolder,
  type SourceItem,
} from './mail-source.ts';
import { readMessageFile } from './message-file.ts';
import { headerFields, parseMailDate } from './message-header.ts';
import { type Besides, entriesAt, lookBeside } from './other-files.ts';

const UNDATED = 'has # without a date that can be read in its header: they have that of the file';

/** What macOS writes beside a file on foreign file systems has the name of it, with this before. */
const FORK = '._';

const isEml = ({ name }: Dirent): boolean => /\.eml$/i.test(name) && !name.startsWith(FORK);

/** Lists the folders of the tree; messages are read later, folder by folder. */
export async function openEmlFolder(root: SourceRoot): Promise<MailSource> {
  const found: Found = { folders: [], problems: [], beside: [] };
  await walk(root, root.path, [], found);
  return { format: 'folder of .eml files', subscriptions: [], close: noClose, ...found };
}

interface Found extends Besides {
  readonly folders: SourceFolder[];
}

async function walk(
  root: SourceRoot,
  path: string,
  levels: readonly string[],
  found: Found,
): Promise<void> {
  const entries = await entriesAt(path, levels.length, found);
  if (entries === undefined) return;
  const isMessage = (entry: Dirent): boolean => entry.isFile() && isEml(entry);
  const names = entries.filter(isMessage).map(({ name }) => name);
  if (names.length > 0) {
    found.folders.push({ ...emlFolder(root, path, names), mailbox: mailboxPath(levels) });
  }
  const others = entries.filter((entry) => !entry.isDirectory() && !isMessage(entry));
  await lookBeside(root, { folder: path, entries: others }, found);
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    await walk(root, join(path, name), [...levels, name], found);
  }
}

const emlFolder = (
  root: SourceRoot,
  path: string,
  names: readonly string[],
): Omit<SourceFolder, 'mailbox'> => ({
  messages: names.length,
  uids: noUids,
  read: (only) => readFolder(root, path, names, only),
});

async function* readFolder(
  root: SourceRoot,
  path: string,
  names: readonly string[],
  only: ReadonlySet<string> | undefined,
): AsyncGenerator<SourceItem> {
  const notes = new FolderNotes();
  for (const name of names) {
    if (only !== undefined && !only.has(name)) continue;
    const source = join(path, name);
    const file = await readMessageFile(root, source);
    if ('reason' in file) {
      yield problem(source, file.reason);
      continue;
    }
    const { raw, modifiedAt } = file;
    const sentAt = parseMailDate(headerFields(raw, ['date']).get('date'));
    if (sentAt === undefined) notes.add(UNDATED, name);
    const internalDate = sentAt ?? modifiedAt;
    yield { kind: 'message', name, raw, internalDate, flags: [], keywords: [], source };
  }
  for (const line of notes.lines()) yield note(line);
  if (only === undefined) yield* cameMeanwhile(path, names);
}

async function* cameMeanwhile(path: string, names: readonly string[]): AsyncGenerator<SourceItem> {
  const known = new Set(names);
  const entries = await entriesOf(path).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile() || !isEml(entry) || known.has(entry.name)) continue;
    yield problem(join(path, entry.name), 'came while the import ran: run the same import again');
  }
}
