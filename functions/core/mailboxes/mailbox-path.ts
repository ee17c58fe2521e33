/** Mailbox names: UTF-8, levels separated by a slash, INBOX in any case. */
import { MAILBOX_PATH_BYTES } from '../../contract/limits.ts';
import { InvalidInputError, quoted } from '../errors.ts';

const DELIMITER = '/';
export const INBOX = 'INBOX';

/** ASCII letters only: in Unicode a dotless i, too, has the capital I. */
const INBOX_IN_ANY_CASE = /^inbox$/i;

/**
 * Control characters, line and paragraph separators (RFC 6855, 3), and lone surrogates, which
 * UTF-8 does not have. Joiners are allowed: Persian words and many emoji are written with them.
 */
const CONTROL = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

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
  return [INBOX_IN_ANY_CASE.test(first) ? INBOX : first, ...rest].join(DELIMITER);
}
