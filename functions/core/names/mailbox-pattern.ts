/** Patterns of mailbox names (RFC 9051, 6.3.9): `*` any characters, `%` any but the delimiter. */
import { MAILBOX_PATH_BYTES } from '../../contract/limits.ts';
import {
  DELIMITER,
  isPattern,
  isTooLongPath,
  literalName,
  normalName,
} from '../../contract/mailbox-names.ts';
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
    `got ${quoted(value)}, allowed is a mailbox name of at most ${MAILBOX_PATH_BYTES} bytes in which * and % stand for any characters, % for none of "/", and \\* and \\% for themselves`,
  );
}

/** Whether a pattern (or a name) matches a whole path, both in their stored form. */
export function matchesPattern(pattern: string, path: string): boolean {
  if (pattern === path) return true;
  return isPattern(pattern) ? new Pattern(pattern).matches(path) : literalName(pattern) === path;
}

/**
 * A pattern made ready for many paths. All its places at which the path that was read so far may
 * have arrived are one number, a bit each, which one step moves on: so a path is read once, without
 * going back, whatever the wildcards (O3).
 */
export class Pattern {
  /** Bit of the place behind the last character. */
  readonly #end: bigint;
  readonly #stars: bigint;
  readonly #percents: bigint;
  /** For each character, the places before which it stands. */
  readonly #literals = new Map<string, bigint>();

  constructor(pattern: string) {
    // Wildcards side by side are one: then a wildcard that stands for nothing leads to no other.
    let [stars, percents, bit] = [0n, 0n, 1n];
    for (const [place] of pattern.matchAll(/\\[*%]|[*%]+|[\s\S]/g)) {
      const character = literalName(place);
      if (place === character && place.includes('*')) stars |= bit;
      else if (place === character && place.includes('%')) percents |= bit;
      else this.#literals.set(character, (this.#literals.get(character) ?? 0n) | bit);
      bit <<= 1n;
    }
    this.#stars = stars;
    this.#percents = percents;
    this.#end = bit;
  }

  /** Whether it matches a whole path. */
  matches(path: string): boolean {
    return this.matchedLevels(path).has(path);
  }

  /** Of a path and those above it, what it matches. */
  matchedLevels(path: string): ReadonlySet<string> {
    const matched = new Set<string>();
    let reached = this.#overWildcards(1n);
    for (let at = 0; at <= path.length && reached !== 0n; at += 1) {
      const character = path.charAt(at);
      const endsLevel = character === DELIMITER || at === path.length;
      if (endsLevel && (reached & this.#end) !== 0n) matched.add(path.slice(0, at));
      const wild = character === DELIMITER ? this.#stars : this.#stars | this.#percents;
      const literal = this.#literals.get(character) ?? 0n;
      reached = this.#overWildcards((reached & wild) | ((reached & literal) << 1n));
    }
    return matched;
  }

  /** A wildcard may stand for nothing. */
  #overWildcards(reached: bigint): bigint {
    return reached | ((reached & (this.#stars | this.#percents)) << 1n);
  }
}
