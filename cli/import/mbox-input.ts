/** The bytes of an mbox: a file, or a copy of what can be read only once. */
import type { FileHandle } from 'node:fs/promises';

const CHUNK_BYTES = 1024 * 1024;

/** A longer line is handled in pieces; only its first piece can be a `From ` line. */
const LINE_BYTES_MAX = 64 * 1024;

const NEWLINE = 0x0a;

/** What may stand between the body of a message and the next `From ` line. */
const AFTER_BODY = /^(?:\r?\n)*From /;
const AFTER_BODY_BYTES = 16;

export interface Line {
  /** With its line end; a piece of it where the line is very long. */
  readonly bytes: Buffer;
  readonly startsLine: boolean;
  /** Where it begins in the file. */
  readonly at: number;
}

export interface MboxInput {
  /** For messages to people. */
  readonly path: string;
  readonly file: FileHandle;
  readonly modifiedAt: Date;
  /** Why the bytes end earlier than they should, if they do. */
  readonly cut?: string;
}

export async function* linesOf({ file }: MboxInput): AsyncGenerator<Line> {
  let rest: Buffer = Buffer.alloc(0);
  let startsLine = true;
  let position = 0;
  let at = 0;
  for (;;) {
    const { buffer, bytesRead } = await file.read(
      Buffer.allocUnsafe(CHUNK_BYTES),
      0,
      CHUNK_BYTES,
      position,
    );
    if (bytesRead === 0) break;
    position += bytesRead;
    const chunk = buffer.subarray(0, bytesRead);
    let data: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE)) {
      yield { bytes: data.subarray(0, end + 1), startsLine, at };
      startsLine = true;
      at += end + 1;
      data = data.subarray(end + 1);
    }
    if (data.length > LINE_BYTES_MAX) {
      yield { bytes: data, startsLine, at };
      startsLine = false;
      at += data.length;
      data = Buffer.alloc(0);
    }
    rest = data;
  }
  if (rest.length > 0) yield { bytes: rest, startsLine, at };
}

/** Whether a body may end there: what follows is the next message, or nothing. */
export async function endsBody({ file }: MboxInput, at: number): Promise<boolean> {
  const { size } = await file.stat();
  if (at > size) return false;
  const { buffer, bytesRead } = await file.read(
    Buffer.alloc(AFTER_BODY_BYTES),
    0,
    AFTER_BODY_BYTES,
    at,
  );
  const next = buffer.toString('latin1', 0, bytesRead);
  return AFTER_BODY.test(next) || (at + bytesRead === size && /^(?:\r?\n)*$/.test(next));
}
