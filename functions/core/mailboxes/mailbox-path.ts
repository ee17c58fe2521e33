/** Mailbox names: UTF-8, levels separated by a slash, INBOX in any case. */
import { MAILBOX_PATH_BYTES } from '../../contract/limits.ts';
import { InvalidInputError, quoted } from '../errors.ts';

const DELIMITER = '/';
export const INBOX = 'INBOX';

const CONTROL = /\p{C}/u;

/**
 * Checks a mailbox path and brings it into its one stored form: NFC, first level `INBOX` in
 * capitals (RFC 3501, 5.1).
 * @throws InvalidInputError naming the field
 */
export function parseMailboxPath(field: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    throw InvalidInputError.of(field, `got ${quoted(value)}, allowed is the name of a mailbox`);
  }
  const path = value.normalize('NFC');
  if (Buffer.byteLength(path) > MAILBOX_PATH_BYTES) {
    throw InvalidInputError.of(field, `longer than the ${MAILBOX_PATH_BYTES} bytes allowed`);
  }
  const levels = path.split(DELIMITER);
  for (const level of levels) {
    if (level === '' || level === '.' || level === '..' || CONTROL.test(level)) {
      throw InvalidInputError.of(
        field,
        `got ${quoted(value)}, allowed are levels separated by "/", none of them empty, "." or "..", without control characters`,
      );
    }
  }
  const [first = '', ...rest] = levels;
  return [first.toUpperCase() === INBOX ? INBOX : first, ...rest].join(DELIMITER);
}
