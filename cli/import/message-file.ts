/** Reading one message that is a file of its own. */
import type { FileHandle } from 'node:fs/promises';
import { UPLOAD_BYTES_MAX } from '../../functions/contract/limits.ts';
import { size } from '../output/text.ts';
import { openInside, readReason, type SourceRoot } from './inside.ts';
import { encodingReason } from './mail-form.ts';

export type MessageFile =
  | { readonly raw: Buffer; readonly modifiedAt: Date }
  | { readonly reason: string };

/** Reads a message, or says why it cannot be imported. Files that are too large are not read. */
export async function readMessageFile(root: SourceRoot, path: string): Promise<MessageFile> {
  let file: FileHandle | undefined;
  try {
    file = await openInside(root, path);
    const stat = await file.stat();
    if (!stat.isFile()) return { reason: 'is not a file' };
    const tooLarge = sizeReason(stat.size);
    if (tooLarge !== undefined) return { reason: tooLarge };
    const raw = await file.readFile();
    const reason = sizeReason(raw.length) ?? encodingReason(raw);
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
