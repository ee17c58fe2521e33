/** A folder of `.eml` files; its subfolders are mailboxes. */
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { counted } from '../output/text.ts';
import {
  type MailSource,
  mailboxPath,
  noUids,
  problem,
  type SourceFolder,
  type SourceItem,
  type SourceProblem,
} from './mail-source.ts';
import { readMessageFile } from './message-file.ts';
import { headerFields, parseMailDate } from './message-header.ts';

/** Deeper trees than this are no mailboxes. */
const DEPTH_MAX = 32;

const isEml = (entry: Dirent): boolean => entry.isFile() && /\.eml$/i.test(entry.name);

/** Lists the folders of the tree; messages are read later, folder by folder. */
export async function openEmlFolder(root: string): Promise<MailSource> {
  const folders: SourceFolder[] = [];
  const problems: SourceProblem[] = [];
  await walk(root, [], folders, problems);
  return { format: 'folder of .eml files', folders, subscriptions: [], problems };
}

async function walk(
  path: string,
  levels: readonly string[],
  folders: SourceFolder[],
  problems: SourceProblem[],
): Promise<void> {
  if (levels.length > DEPTH_MAX) {
    throw new CliError(EXIT.badData, `${path} is more than ${DEPTH_MAX} folders deep`);
  }
  // Hidden files are the desktop's own, not mail.
  const entries = (await readdir(path, { withFileTypes: true })).filter(
    ({ name }) => !name.startsWith('.'),
  );
  const names = entries.filter(isEml).map(({ name }) => name);
  const directories = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const others = entries.length - names.length - directories.length;
  if (others > 0) {
    problems.push(problem(path, `holds ${counted(others, 'file')} that do not end in .eml`));
  }
  if (names.length > 0) {
    names.sort();
    folders.push({
      mailbox: mailboxPath(levels),
      messages: names.length,
      uids: noUids,
      read: (only) =>
        readFolder(path, only === undefined ? names : names.filter((name) => only.has(name))),
    });
  }
  for (const name of directories.sort()) {
    await walk(join(path, name), [...levels, name], folders, problems);
  }
}

async function* readFolder(path: string, names: readonly string[]): AsyncGenerator<SourceItem> {
  for (const name of names) {
    const source = join(path, name);
    const file = await readMessageFile(source);
    if ('reason' in file) {
      yield problem(source, file.reason);
      continue;
    }
    const { raw, modifiedAt } = file;
    const internalDate = parseMailDate(headerFields(raw, ['date']).get('date')) ?? modifiedAt;
    yield { kind: 'message', name, raw, internalDate, flags: [], keywords: [], source };
  }
}
