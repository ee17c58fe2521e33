/** Finds out what a path holds, by looking. */
import type { Dirent, Stats } from 'node:fs';
import { type FileHandle, lstat, open, stat } from 'node:fs/promises';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { counted } from '../output/text.ts';
import { openEmlFolder } from './eml-folder.ts';
import { entriesOf, readReason, rootOf } from './inside.ts';
import { encodingReason, HEAD_BYTES, isGzip, looksLikeMail } from './mail-form.ts';
import type { MailSource } from './mail-source.ts';
import { holdsMaildir, openMaildir } from './maildir.ts';
import { openMbox } from './mbox.ts';
import type { MboxInput } from './mbox-input.ts';
import { startsMbox } from './mbox-separator.ts';
import { openMessage } from './one-message.ts';
import { spoolGzip, spoolStream } from './spool.ts';

const ALLOWED =
  'a Maildir (with a folder "cur"), an mbox file (its first line begins with "From "; also in gzip, also through a pipe), a folder of .eml files, or one message';

const TAR_MAGIC_AT = 257;

export interface OpenOptions {
  /** Into which mailbox a file goes; INBOX when missing. */
  readonly mailbox?: string;
}

/**
 * @throws CliError 64 when the path cannot be read, 65 when it is none of the formats, naming
 *   what was found and what is allowed
 */
export async function openSource(path: string, options: OpenOptions = {}): Promise<MailSource> {
  let stats: Stats;
  try {
    stats = await stat(path);
  } catch (cause) {
    const missing = isMissing(cause) ? 'there is no ' : 'cannot read ';
    throw new CliError(EXIT.usage, `${missing}${path}: allowed is ${ALLOWED}`, { cause });
  }
  if (!stats.isDirectory()) return await openFile(path, stats, options.mailbox);
  if (options.mailbox !== undefined) {
    throw new CliError(EXIT.usage, '--mailbox is for files: folders name their mailboxes');
  }
  const root = await rootOf(path);
  let entries: Dirent[];
  try {
    entries = await entriesOf(path);
  } catch (cause) {
    throw new CliError(EXIT.usage, `${path} ${readReason(cause)}`, { cause });
  }
  if (await holdsMaildir(root, entries)) return await openMaildir(root);
  const source = await openEmlFolder(root);
  if (source.folders.length > 0) return source;
  throw refused(path, describeFolder(entries));
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** An mbox, an mbox in gzip, or one message; through whatever may be read only once. */
async function openFile(
  path: string,
  stats: Stats,
  mailbox: string | undefined,
): Promise<MailSource> {
  if (stats.isBlockDevice()) throw refused(path, 'a disk');
  const whole = stats.isFile() ? { file: await openRegular(path) } : await spoolStream(path);
  let input: MboxInput = { path, modifiedAt: stats.mtime, ...whole };
  try {
    let head = await headOf(input.file);
    if (isGzip(head)) {
      input = await unzipped(input);
      head = await headOf(input.file);
    }
    if (startsMbox(head)) return openMbox(input, mailbox);
    // The name of a link says nothing of what it leads to.
    const isNamed = /\.eml$/i.test(path) && !(await isLink(path));
    const isMessage = isNamed ? encodingReason(head) === undefined : looksLikeMail(head);
    if (head.length > 0 && isMessage) return openMessage(input, mailbox);
    throw refused(path, describeFile(head));
  } catch (error) {
    await input.file.close();
    throw error;
  }
}

const isLink = async (path: string): Promise<boolean> => (await lstat(path)).isSymbolicLink();

async function openRegular(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    throw new CliError(EXIT.usage, `${path} ${readReason(cause)}`, { cause });
  }
}

async function unzipped(input: MboxInput): Promise<MboxInput> {
  const { file, cut } = await spoolGzip(input.path, input.file);
  await input.file.close();
  const why = input.cut ?? cut;
  return { ...input, file, ...(why === undefined ? {} : { cut: why }) };
}

async function headOf(file: FileHandle): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}

function refused(path: string, found: string): CliError {
  return new CliError(EXIT.badData, `${path} is ${found}; allowed is ${ALLOWED}`);
}

function describeFile(head: Buffer): string {
  if (head.length === 0) return 'an empty file';
  if (head.toString('latin1', TAR_MAGIC_AT, TAR_MAGIC_AT + 5) === 'ustar') {
    return 'an archive of tar: unpack it first';
  }
  const reason = encodingReason(head);
  if (reason !== undefined) return `a file that ${reason}`;
  const line = head.toString('latin1').split(/\r?\n/, 1)[0] ?? '';
  return `a file that begins with ${JSON.stringify(line.slice(0, 40))}`;
}

function describeFolder(entries: readonly Dirent[]): string {
  const folders = entries.filter((entry) => entry.isDirectory());
  const names = folders.slice(0, 3).map(({ name }) => JSON.stringify(name));
  const more = folders.length > names.length ? ', …' : '';
  const named = names.length === 0 ? '' : ` (${names.join(', ')}${more})`;
  const files = counted(entries.length - folders.length, 'file');
  return `a folder with ${counted(folders.length, 'folder')}${named} and ${files}, without "cur" and without a file ending in .eml anywhere`;
}
