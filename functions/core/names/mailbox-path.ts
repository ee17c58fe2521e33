/** Mailbox names as requests give them. */
import { MAILBOX_PATH_BYTES } from '../../contract/limits.ts';
import { DELIMITER, isTooLongPath, normalName } from '../../contract/mailbox-names.ts';
import { InvalidInputError, quoted } from '../errors.ts';

export { INBOX } from '../../contract/mailbox-names.ts';

/**
 * Checks a mailbox path and brings it into its one stored form.
 * @throws InvalidInputError naming the field
 */
export function parseMailboxPath(field: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') {
    throw InvalidInputError.of(field, `got ${quoted(value)}, allowed is the name of a mailbox`);
  }
  if (isTooLongPath(value.normalize('NFC'))) {
    throw InvalidInputError.of(field, `longer than the ${MAILBOX_PATH_BYTES} bytes allowed`);
  }
  const path = normalName(value);
  if (path !== undefined) return path;
  throw InvalidInputError.of(
    field,
    `got ${quoted(value)}, allowed are levels separated by "/", none of them empty, "." or "..", without control characters`,
  );
}

/** The path one level up; undefined at the top. */
export function parentOf(path: string): string | undefined {
  const end = path.lastIndexOf(DELIMITER);
  return end < 0 ? undefined : path.slice(0, end);
}

/** Whether a path is another or below it. */
export const isAtOrBelow = (path: string, root: string): boolean =>
  path === root || path.startsWith(`${root}${DELIMITER}`);
