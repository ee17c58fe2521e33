/** Messages as requests bring them: checked before anything is read or stored. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { DELIVERY_MESSAGES, INLINE_BODY_BYTES } from '../../contract/limits.ts';
import { InvalidInputError, LetheError } from '../errors.ts';
import { parseFlags, parseKeywords } from './flags.ts';
import type { Message } from './message.ts';

/** Either the message itself or the id of its upload. */
type NewContent =
  | { readonly raw: Uint8Array; readonly uploadId?: never }
  | { readonly uploadId: string; readonly raw?: never };

export type NewMessage = NewContent & {
  /** Kept from another store; the next one of the mailbox when missing. */
  readonly uid?: number;
  /** Epoch milliseconds; the time of delivery when missing. */
  readonly internalDate?: number;
  readonly flags?: readonly string[];
  readonly keywords?: readonly string[];
};

export type CheckedMessage = NewContent &
  Pick<NewMessage, 'internalDate'> &
  Pick<Message, 'flags' | 'keywords'>;

/** @throws InvalidInputError, MessageTooLargeError */
export function checkMessages(messages: readonly NewMessage[]): CheckedMessage[] {
  const uploads = messages.filter(({ uploadId }) => uploadId !== undefined);
  if (messages.length < 1 || messages.length + uploads.length > DELIVERY_MESSAGES) {
    throw InvalidInputError.of(
      'messages',
      `got ${messages.length}, allowed are 1 to ${DELIVERY_MESSAGES}, uploaded ones counting twice`,
    );
  }
  const repeated = uploads.find(
    ({ uploadId }, index) => uploads.findIndex((other) => other.uploadId === uploadId) < index,
  );
  if (repeated !== undefined) {
    throw InvalidInputError.of('messages', `upload ${repeated.uploadId} is named twice`);
  }
  const bytes = messages.reduce((sum, { raw }) => sum + (raw?.length ?? 0), 0);
  if (bytes > INLINE_BODY_BYTES) {
    throw new LetheError(
      ERROR_NAMES.messageTooLarge,
      `the messages of one request have ${bytes} bytes, allowed are ${INLINE_BODY_BYTES}`,
      'Send fewer messages in one request, and a large one by an upload.',
    );
  }
  return messages.map((message, index) => {
    const field = `messages[${index}]`;
    if (message.raw?.length === 0) throw InvalidInputError.of(`${field}.raw`, 'it is empty');
    return {
      ...message,
      flags: parseFlags(`${field}.flags`, message.flags ?? []),
      keywords: parseKeywords(`${field}.keywords`, message.keywords ?? []),
    };
  });
}
