/** System flags and keywords as they may be given. */

import { SYSTEM_FLAGS } from '../../contract/flags.ts';
import { KEYWORD, KEYWORDS_MAX } from '../../contract/limits.ts';
import { InvalidInputError, quoted } from '../errors.ts';

const BY_LOWER_CASE: ReadonlyMap<string, string> = new Map(
  SYSTEM_FLAGS.map((flag) => [flag.toLowerCase(), flag]),
);

/** A system flag as it is stored; undefined for what is none. */
export const normalFlag = (value: string): string | undefined =>
  BY_LOWER_CASE.get(value.toLowerCase());

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
