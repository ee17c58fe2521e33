/** Reading one message that is a file of its own. */
import { open } from 'node:fs/promises';
import { UPLOAD_BYTES_MAX } from '../../functions/contract/limits.ts';
import { size } from '../output/text.ts';

/** Dovecot and others store mail compressed under unchanged names; that is no message. */
const MAGIC: readonly (readonly [string, Buffer])[] = [
  ['gzip', Buffer.from([0x1f, 0x8b])],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ['bzip2', Buffer.from('BZh')],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a])],
];

export const DISAPPEARED = 'disappeared while the import ran';

export type MessageFile =
  | { readonly raw: Buffer; readonly modifiedAt: Date }
  | { readonly reason: string };

/** Reads a message, or says why it cannot be imported. Files that are too large are not read. */
export async function readMessageFile(path: string): Promise<MessageFile> {
  let file: Awaited<ReturnType<typeof open>> | undefined;
  try {
    file = await open(path, 'r');
    const stat = await file.stat();
    if (!stat.isFile()) return { reason: 'is not a file' };
    const tooLarge = sizeReason(stat.size);
    if (tooLarge !== undefined) return { reason: tooLarge };
    const raw = await file.readFile();
    const reason = sizeReason(raw.length) ?? compressionReason(raw);
    return reason === undefined ? { raw, modifiedAt: stat.mtime } : { reason };
  } catch (error) {
    return { reason: readReason(error) };
  } finally {
    await file?.close();
  }
}

/** Why a message of this size cannot be imported, if so. */
export function sizeReason(sizeBytes: number): string | undefined {
  if (sizeBytes === 0) return 'is empty';
  if (sizeBytes <= UPLOAD_BYTES_MAX) return undefined;
  return `has ${size(sizeBytes)}, more than the ${size(UPLOAD_BYTES_MAX)} that can be imported`;
}

function compressionReason(raw: Buffer): string | undefined {
  const found = MAGIC.find(([, magic]) => raw.subarray(0, magic.length).equals(magic));
  return found && `is compressed with ${found[0]}: uncompress it first`;
}

/** Why a file could not be read, in words. */
export function readReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return DISAPPEARED;
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read: permission denied';
  return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
