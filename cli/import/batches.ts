/** Cutting a mailbox into requests. */
import { createHash } from 'node:crypto';
import type { DeliverMessage, DeliverRequest } from '../../functions/contract/api.ts';
import { DELIVERY_MESSAGES, INLINE_BODY_BYTES } from '../../functions/contract/limits.ts';
import type { SourceFolder, SourceMessage, SourceProblem } from './mail-source.ts';

export interface Batch {
  readonly messages: readonly SourceMessage[];
  /** Position of its first message among those of the mailbox. */
  readonly first: number;
}

/**
 * Messages of the folders in order, as many to a batch as one request takes. At most one batch
 * is held in memory.
 */
export async function* batchesOf(
  folders: readonly SourceFolder[],
  onProblem: (problem: SourceProblem) => void,
): AsyncGenerator<Batch> {
  let messages: SourceMessage[] = [];
  let bytes = 0;
  let first = 0;
  for (const folder of folders) {
    for await (const item of folder.read()) {
      if (item.kind === 'problem') {
        onProblem(item);
        continue;
      }
      const full =
        messages.length >= DELIVERY_MESSAGES || bytes + item.raw.length > INLINE_BODY_BYTES;
      if (full && messages.length > 0) {
        yield { messages, first };
        first += messages.length;
        messages = [];
        bytes = 0;
      }
      messages.push(item);
      bytes += item.raw.length;
    }
  }
  if (messages.length > 0) yield { messages, first };
}

/** Two halves of a batch that was refused, to find the message that is at fault. */
export function halves({ messages, first }: Batch): readonly [Batch, Batch] {
  const middle = Math.ceil(messages.length / 2);
  return [
    { messages: messages.slice(0, middle), first },
    { messages: messages.slice(middle), first: first + middle },
  ];
}

export const bytesOf = ({ messages }: Batch): number =>
  messages.reduce((sum, { raw }) => sum + raw.length, 0);

/** The body of a delivery. */
export function deliverBody(mailbox: string, { messages }: Batch): string {
  const request: DeliverRequest = { mailbox, messages: messages.map(toDeliver) };
  return JSON.stringify(request);
}

function toDeliver({ raw, internalDate, flags, keywords }: SourceMessage): DeliverMessage {
  return {
    raw: Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('base64'),
    internalDate: internalDate.toISOString(),
    flags,
    keywords,
  };
}

/**
 * A key that the same batch gets again when the import is run again. The position is part of it,
 * because a mailbox may hold the same hundred messages twice.
 */
export function idempotencyKey(accountId: string, first: number, body: string): string {
  return createHash('sha256').update(`${accountId}\n${first}\n`).update(body).digest('hex');
}
