/** Finds out what a path holds, by looking. */
import type { Dirent } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { counted } from '../output/text.ts';
import { openEmlFolder } from './eml-folder.ts';
import type { MailSource } from './mail-source.ts';
import { isMaildir, openMaildir } from './maildir.ts';
import { openMbox, parseFromLine } from './mbox.ts';

const ALLOWED =
  'a Maildir (with a folder "cur"), an mbox file (its first line begins with "From "), or a folder of .eml files';

const FIRST_LINE_BYTES = 1024;

export interface OpenOptions {
  /** Into which mailbox an mbox goes; INBOX when missing. */
  readonly mailbox?: string;
}

/**
 * @throws CliError 64 when the path cannot be read, 65 when it is none of the formats, naming
 *   what was found and what is allowed
 */
export async function openSource(path: string, options: OpenOptions = {}): Promise<MailSource> {
  let isDirectory: boolean;
  try {
    isDirectory = (await stat(path)).isDirectory();
  } catch (cause) {
    throw new CliError(EXIT.usage, `cannot read ${path}: allowed is ${ALLOWED}`, { cause });
  }
  if (!isDirectory) {
    const line = await firstLine(path);
    if (parseFromLine(line) !== undefined) return openMbox(path, options.mailbox);
    throw refused(path, `a file that begins with ${JSON.stringify(line.slice(0, 40))}`);
  }
  if (options.mailbox !== undefined) {
    throw new CliError(EXIT.usage, '--mailbox is for mbox files: folders name their mailboxes');
  }
  const entries = await readdir(path, { withFileTypes: true });
  if (isMaildir(entries)) return openMaildir(path);
  const source = await openEmlFolder(path);
  if (source.folders.length > 0) return source;
  throw refused(path, describeFolder(entries));
}

function refused(path: string, found: string): CliError {
  return new CliError(EXIT.badData, `${path} is ${found}; allowed is ${ALLOWED}`);
}

function describeFolder(entries: readonly Dirent[]): string {
  const folders = entries.filter((entry) => entry.isDirectory());
  const names = folders.slice(0, 3).map(({ name }) => JSON.stringify(name));
  const more = folders.length > names.length ? ', …' : '';
  const named = names.length === 0 ? '' : ` (${names.join(', ')}${more})`;
  const files = counted(entries.length - folders.length, 'file');
  return `a folder with ${counted(folders.length, 'folder')}${named} and ${files}, without "cur" and without a file ending in .eml anywhere`;
}

async function firstLine(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(FIRST_LINE_BYTES) });
    return buffer.toString('latin1', 0, bytesRead).split(/\r?\n/, 1)[0] ?? '';
  } finally {
    await file.close();
  }
}
