/**
 * Files of a source are opened without following links, so that an import never reads what lies
 * outside of what it was given: whoever owns a Maildir can put a link to any file into it, and the
 * import may run as root.
 */
import { constants, type Dirent } from 'node:fs';
import { type FileHandle, open, readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { sep } from 'node:path';

/** Where a source begins. */
export interface SourceRoot {
  /** As it was named. */
  readonly path: string;
  /** Without links. */
  readonly real: string;
}

class OutsideError extends Error {
  override readonly name = 'OutsideError';
}

export const DISAPPEARED = 'disappeared while the import ran';

const WAY_OUT = 'links are not followed, copy what it points to into its place';

/** Neither links nor waits: a pipe that nobody writes to would hold up the import for ever. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export const rootOf = async (path: string): Promise<SourceRoot> => ({
  path,
  real: await realpath(path),
});

/**
 * Opens a file below the root. A folder on the way may become a link after it was listed, so the
 * file that was opened is asked where it lies.
 * @throws OutsideError when it lies elsewhere; ELOOP when it is a link itself
 */
export async function openInside({ real }: SourceRoot, path: string): Promise<FileHandle> {
  const file = await open(path, FLAGS);
  try {
    const lies = await readlink(`/proc/self/fd/${file.fd}`).catch(() => realpath(path));
    const inside = real.endsWith(sep) ? real : `${real}${sep}`;
    if (lies !== real && !lies.startsWith(inside)) throw new OutsideError(path);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Text of a small file that a store keeps beside its mail; empty when it cannot be read. */
export async function readInside(root: SourceRoot, path: string): Promise<string> {
  const file = await openInside(root, path).catch(() => undefined);
  try {
    return file === undefined ? '' : await readFile(file, 'utf8');
  } catch {
    return '';
  } finally {
    await file?.close();
  }
}

/** Sorted, so that two readings of a source have one order. */
export async function entriesOf(path: string): Promise<Dirent[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What a link says of itself, in words. */
export async function linkReason(path: string): Promise<string> {
  const target = await readlink(path).catch(() => undefined);
  const to = target === undefined ? '' : ` to ${JSON.stringify(target)}`;
  return `is a symbolic link${to}: ${WAY_OUT}`;
}

/** Why a file or folder could not be read, in words. */
export function readReason(error: unknown): string {
  if (error instanceof OutsideError) return `lies outside of the source: ${WAY_OUT}`;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return DISAPPEARED;
  if (code === 'ELOOP') return `is a symbolic link: ${WAY_OUT}`;
  // What O_NONBLOCK answers for a socket or a device without a driver.
  if (code === 'ENXIO') return 'is not a file';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read: permission denied';
  return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
