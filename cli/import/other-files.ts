/**
 * Files that lie beside mail. Each is looked at: what may be mail is left out with its reason, what
 * is none is listed, and nothing is passed over because of its name alone.
 */
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { counted } from '../output/text.ts';
import { entriesOf, linkReason, openInside, readReason, type SourceRoot } from './inside.ts';
import { encodingReason, HEAD_BYTES, looksLikeMail } from './mail-form.ts';
import { beside, problem, type SourceBeside, type SourceProblem } from './mail-source.ts';
import { startsMbox } from './mbox-separator.ts';

/** Named in the report; the others are counted. */
const NAMES_TOLD = 3;

/** Mail in forms that are not read, by the first bytes or the end of the name. */
const ARCHIVES: readonly (readonly [RegExp, string])[] = [
  [/\.(?:pst|ost)$/i, 'mail of Outlook'],
  [/\.msg$/i, 'a message of Outlook'],
  [/\.emlx$/i, 'a message of Apple Mail'],
  [/\.(?:zip|7z|rar|tar|tgz)$/i, 'an archive'],
];

/** What a resource fork of macOS begins with; its name ends as that of the file itself. */
const APPLE_DOUBLE = Buffer.from([0x00, 0x05, 0x16, 0x07]);

/** Deeper trees than this are no mailboxes. */
const DEPTH_MAX = 32;

export interface Besides {
  /** May be mail, and is not imported. */
  readonly problems: SourceProblem[];
  /** Looked at and no mail. */
  readonly beside: SourceBeside[];
}

/** What a folder of a tree holds; undefined when it is left out, which is told then. */
export async function entriesAt(
  path: string,
  depth: number,
  { problems }: Besides,
): Promise<Dirent[] | undefined> {
  if (depth > DEPTH_MAX) {
    problems.push(problem(path, `is more than ${DEPTH_MAX} levels deep`));
    return undefined;
  }
  try {
    return await entriesOf(path);
  } catch (error) {
    problems.push(problem(path, readReason(error)));
    return undefined;
  }
}

interface FilesBeside {
  readonly folder: string;
  /** Those of the folder that are neither messages nor folders. */
  readonly entries: readonly Dirent[];
  /** Names of what the store keeps for itself. */
  readonly isOwn?: (name: string) => boolean;
}

export async function lookBeside(
  root: SourceRoot,
  { folder, entries, isOwn = () => false }: FilesBeside,
  found: Besides,
): Promise<void> {
  const others: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    const reason =
      isOwn(entry.name) && entry.isFile() ? undefined : await mailReason(root, path, entry);
    if (reason === undefined) others.push(entry.name);
    else found.problems.push(problem(path, reason));
  }
  if (others.length === 0) return;
  const told = others.slice(0, NAMES_TOLD).join(', ');
  const more = others.length > NAMES_TOLD ? ', …' : '';
  const many =
    others.length === 1
      ? '1 file that is no mail'
      : `${counted(others.length, 'file')} that are no mail`;
  found.beside.push(beside(folder, `holds ${many}: ${told}${more}`));
}

/** Why a file may be mail although it is not imported; undefined when it is none. */
async function mailReason(
  root: SourceRoot,
  path: string,
  entry: Dirent,
): Promise<string | undefined> {
  if (entry.isSymbolicLink()) return await linkReason(path);
  if (!entry.isFile()) return 'is not a file';
  const form = ARCHIVES.find(([name]) => name.test(path));
  if (form !== undefined)
    return `is ${form[1]}, which is not read: export it as .eml or mbox first`;
  let head: Buffer;
  try {
    head = await readHead(root, path);
  } catch (error) {
    return readReason(error);
  }
  if (head.subarray(0, APPLE_DOUBLE.length).equals(APPLE_DOUBLE)) return undefined;
  if (startsMbox(head)) return 'is an mbox: import it by itself, with --mailbox';
  if (looksLikeMail(head)) return 'begins as a message does, but has no name of one';
  return encodingReason(head);
}

async function readHead(root: SourceRoot, path: string): Promise<Buffer> {
  const file = await openInside(root, path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
