/** Patterns of mailbox names: `*` stands for any characters, `%` for any but the delimiter. */

/** Whether a name has wildcards in it. */
export const isPattern = (name: string): boolean => /[*%]/.test(name);

/**
 * Whether a pattern matches the whole of a path. Takes time in proportion to both lengths, whatever
 * the pattern: it may come from anyone.
 */
export function matchesPattern(pattern: string, path: string): boolean {
  // reached[i]: the pattern so far matches the first i characters of the path.
  let reached = Array.from({ length: path.length + 1 }, (_, length) => length === 0);
  for (const wanted of pattern.split('')) {
    const next: boolean[] = new Array(path.length + 1);
    const wild = wanted === '*' || wanted === '%';
    next[0] = wild && reached[0] === true;
    for (let length = 1; length <= path.length; length += 1) {
      const character = path[length - 1];
      next[length] = wild
        ? reached[length] === true ||
          (next[length - 1] === true && (wanted === '*' || character !== '/'))
        : reached[length - 1] === true && character === wanted;
    }
    reached = next;
  }
  return reached[path.length] === true;
}
