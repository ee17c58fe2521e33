/**
 * What can be read only once, a pipe or what comes out of gzip, is copied first: an import reads its
 * source more often, to look what it is, to look ahead and to compare.
 */
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdtemp, open as openFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { size } from '../output/text.ts';

/** More mail than one account has; a pipe without an end stops here and not with a full disk. */
const SPOOL_BYTES_MAX = 64 * 1024 ** 3;

const PADDING_BYTES_MAX = 1024 * 1024;

const DESCRIPTOR = /^\/(?:dev\/fd|proc\/self\/fd)\/(\d{1,6})$/;

export interface Spooled {
  readonly file: FileHandle;
  /** Why the bytes end early, if they do. */
  readonly cut?: string;
}

/** Reads a pipe, a socket or a device to its end. */
export async function spoolStream(path: string): Promise<Spooled> {
  const descriptor = path === '/dev/stdin' ? '0' : DESCRIPTOR.exec(path)?.[1];
  const isSocket = (await stat(path)).isSocket();
  // A socket cannot be opened by its name, only read where it is open already.
  return await spool(path, () =>
    isSocket && descriptor !== undefined
      ? createReadStream('', { fd: Number(descriptor), autoClose: false })
      : createReadStream(path),
  );
}

/** The checksum comes last: of what came before the damage, too, it says nothing. */
const UNCHECKED = 'the checksum of gzip does not stand for any of it, what was read may be damaged';

/** Uncompresses a file of gzip. What is damaged or follows it is told as where it ends early. */
export async function spoolGzip(path: string, file: FileHandle): Promise<Spooled> {
  const { size: sizeBytes } = await file.stat();
  const gunzip = createGunzip();
  const spooled = await spool(path, () => {
    const compressed = file.createReadStream({ start: 0, autoClose: false });
    compressed.on('error', (error) => gunzip.destroy(error));
    return compressed.pipe(gunzip);
  });
  if (spooled.cut !== undefined) return { ...spooled, cut: `${spooled.cut}; ${UNCHECKED}` };
  const rest = sizeBytes - gunzip.bytesWritten;
  if (rest <= 0 || (await isPadding(file, sizeBytes - rest))) {
    return spooled;
  }
  return { ...spooled, cut: `${rest} bytes after the compressed data are not gzip's` };
}

/** Tapes and some copies fill the last block with zeros. */
async function isPadding(file: FileHandle, from: number): Promise<boolean> {
  const { buffer, bytesRead } = await file.read(
    Buffer.alloc(PADDING_BYTES_MAX),
    0,
    undefined,
    from,
  );
  return bytesRead < PADDING_BYTES_MAX && buffer.subarray(0, bytesRead).every((byte) => byte === 0);
}

/** @param open begins to read: errors must not come before anybody listens */
async function spool(path: string, open: () => Readable): Promise<Spooled> {
  const file = await openTemporary();
  const source = open();
  let written = 0;
  try {
    const cut = await eachChunk(source, async (chunk) => {
      written += chunk.length;
      if (written > SPOOL_BYTES_MAX) {
        throw new CliError(
          EXIT.badData,
          `${path} has more than ${size(SPOOL_BYTES_MAX)}: import it in parts, from files`,
        );
      }
      for (let done = 0; done < chunk.length; ) {
        done += (await file.write(chunk, done)).bytesWritten;
      }
    });
    return cut === undefined ? { file } : { file, cut };
  } catch (error) {
    await file.close();
    throw spoolError(path, error);
  } finally {
    source.destroy();
  }
}

/**
 * One after the other. Events, because an iterator drops what came before an error and was not
 * asked for yet.
 * @returns why the stream ended early, if it did
 * @throws what `take` throws
 */
function eachChunk(
  source: Readable,
  take: (chunk: Buffer) => Promise<void>,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let taken = Promise.resolve();
    source.on('data', (chunk: Buffer) => {
      source.pause();
      taken = taken.then(() => take(chunk));
      taken.then(() => source.resume(), reject);
    });
    source.on('end', () => void taken.then(() => resolve(undefined), reject));
    source.on('error', ({ message }) => void taken.then(() => resolve(message), reject));
  });
}

/** It has no name any more: it goes with the process, however that ends. */
async function openTemporary(): Promise<FileHandle> {
  const directory = await mkdtemp(join(tmpdir(), 'lethe-import-'));
  try {
    return await openFile(join(directory, 'source'), 'wx+', 0o600);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function spoolError(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new CliError(EXIT.retryLater, `${path} does not fit into ${tmpdir()}: the disk is full`, {
    hint: 'Set TMPDIR to a folder with more room, or write the source into a file first.',
  });
}
