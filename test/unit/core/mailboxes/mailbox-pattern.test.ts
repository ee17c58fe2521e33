import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPattern, matchesPattern } from '../../../../functions/core/mailboxes/mailbox-pattern.ts';

test.each([
  ['*', 'a/b', true],
  ['%', 'a', true],
  ['%', 'a/b', false],
  ['%/%', 'a/b', true],
  ['a', 'a', true],
  ['a', 'ab', false],
  ['a*', 'a', true],
  ['a*', 'a/b', true],
  ['a%', 'a/b', false],
  ['a%/b', 'axx/b', true],
  ['*b', 'a/b', true],
  ['*b', 'a/bc', false],
  ['a*c*e', 'abcde', true],
  ['a*c*e', 'abcd', false],
  ['.EXPUNGED/*', '.EXPUNGED', false],
  ['.EXPUNGED*', '.EXPUNGED', true],
  ['.EXPUNGED', 'xEXPUNGED', false],
  ['Tmp/*', 'Tmp/a', true],
  ['', '', true],
  ['', 'a', false],
  ['%*%', '', true],
  ['Größe%', 'Größen', true],
])('L9: pattern %s and mailbox %s: %s', (pattern, path, expected) => {
  expect(matchesPattern(pattern, path)).toBe(expected);
});

test('L9: agrees with a regular expression on anything', () => {
  const piece = fc.constantFrom('a', 'b', '/', '*', '%', '.', '(');
  const texts = fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(texts, texts, (pattern, path) => {
      const source = pattern
        .replace(/[.(]/g, '\\$&')
        .replaceAll('*', '[^]*')
        .replaceAll('%', '[^/]*');
      expect(matchesPattern(pattern, path)).toBe(new RegExp(`^${source}$`).test(path));
    }),
    { numRuns: 5000 },
  );
});

test('O3: a pattern that is all wildcards takes no longer than others', () => {
  const begun = performance.now();
  expect(matchesPattern('*a'.repeat(400), 'a'.repeat(800))).toBe(true);
  expect(matchesPattern(`${'*a'.repeat(400)}b`, 'a'.repeat(800))).toBe(false);
  expect(performance.now() - begun).toBeLessThan(1000);
});

test('a name with wildcards is a pattern', () => {
  expect(['a', 'a*', '%', ''].map(isPattern)).toEqual([false, true, true, false]);
});
