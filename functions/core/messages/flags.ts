/** System flags and keywords as they may be given. */
import { InvalidInputError, quoted } from '../errors.ts';

const SYSTEM_FLAGS = ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft'] as const;
const BY_LOWER_CASE = new Map(SYSTEM_FLAGS.map((flag) => [flag.toLowerCase(), flag]));

/** A keyword is an atom (RFC 9051, 9): printable ASCII without these. */
const KEYWORD = /^[!#$&'+,\-./0-9:;<=>?@A-Z[^_`a-z|}~]{1,100}$/;

/**
 * On one message, however many requests bring them; Dovecot keeps a few hundred in a mailbox. With
 * 100 bytes each they have 6.4 KB, so that a row stays below 8 KB of the 400 that it may have, and
 * a hundred of them below 0.8 MB of the 4 that a transaction may have.
 */
export const KEYWORDS_MAX = 64;

/** @throws InvalidInputError naming the field */
export function parseFlags(field: string, values: readonly string[]): ReadonlySet<string> {
  return new Set(
    values.map((value, index) => {
      const flag = BY_LOWER_CASE.get(value.toLowerCase());
      if (flag !== undefined) return flag;
      throw InvalidInputError.of(
        `${field}[${index}]`,
        `got ${quoted(value)}, allowed are ${SYSTEM_FLAGS.join(' ')}`,
      );
    }),
  );
}

/** @throws InvalidInputError naming the field */
export function parseKeywords(field: string, values: readonly string[]): ReadonlySet<string> {
  if (values.length > KEYWORDS_MAX) {
    throw InvalidInputError.of(field, `got ${values.length}, allowed are ${KEYWORDS_MAX}`);
  }
  values.forEach((value, index) => {
    if (KEYWORD.test(value)) return;
    throw InvalidInputError.of(
      `${field}[${index}]`,
      `got ${quoted(value)}, allowed are 1 to 100 ASCII characters without space and ( ) { % * " \\ ]`,
    );
  });
  return new Set(values);
}
