/** Patterns of mailbox names (RFC 9051, 6.3.9): `*` any characters, `%` any but the delimiter. */
import { MAILBOX_PATH_BYTES } from '../../contract/limits.ts';
import { DELIMITER, isPattern, isTooLongPath, normalName } from '../../contract/mailbox-names.ts';
import { InvalidInputError, quoted } from '../errors.ts';

/**
 * Checks a name or pattern and brings it into its one stored form.
 * @throws InvalidInputError naming the field
 */
export function parsePattern(field: string, value: unknown): string {
  const pattern = typeof value === 'string' ? normalName(value) : undefined;
  if (pattern !== undefined && !isTooLongPath(pattern)) return pattern;
  throw InvalidInputError.of(
    field,
    `got ${quoted(value)}, allowed is a mailbox name of at most ${MAILBOX_PATH_BYTES} bytes in which * and % stand for any characters, % for none of "/"`,
  );
}

/**
 * Whether a pattern (or a name) matches a whole path, both in their stored form. Time is bounded
 * by the product of their lengths, whatever the number of wildcards.
 */
export function matchesPattern(pattern: string, path: string): boolean {
  if (!isPattern(pattern)) return pattern === path;
  // reached[i]: the first i characters of the pattern match the path read so far.
  const nothing = () => new Array<boolean>(pattern.length + 1).fill(false);
  let reached = overWildcards(pattern, nothing().with(0, true));
  for (const character of path) {
    const next = nothing();
    let any = false;
    for (let at = 0; at < pattern.length; at += 1) {
      if (!reached[at]) continue;
      const wanted = pattern[at];
      if (wanted === '*' || (wanted === '%' && character !== DELIMITER)) next[at] = true;
      else if (pattern.startsWith(character, at)) next[at + character.length] = true;
      else continue;
      any = true;
    }
    if (!any) return false;
    reached = overWildcards(pattern, next);
  }
  return reached[pattern.length] === true;
}

/** A wildcard may stand for nothing. */
function overWildcards(pattern: string, reached: boolean[]): boolean[] {
  for (let at = 0; at < pattern.length; at += 1) {
    if (reached[at] && (pattern[at] === '*' || pattern[at] === '%')) reached[at + 1] = true;
  }
  return reached;
}
