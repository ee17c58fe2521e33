import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  matchesPattern,
  Pattern,
  parsePattern,
} from '../../../../functions/core/names/mailbox-pattern.ts';

describe('patterns of mailbox names', () => {
  test.each([
    ['*', 'a/b', true],
    ['%', 'a', true],
    ['%', 'a/b', false],
    ['%/%', 'a/b', true],
    ['a/*', 'a/b/c', true],
    ['a/*', 'a', false],
    ['a/%', 'a/b/c', false],
    ['*b', 'a/b', true],
    ['a*c', 'abbc', true],
    ['a*c', 'abbcd', false],
    ['Work', 'Work', true],
    ['Work', 'work', false],
    ['.EXPUNGED*', '.EXPUNGED/INBOX', true],
    ['(a)+', '(a)+', true],
    ['*\u{1f680}', 'x\u{1f680}', true],
    ['%%*%', '', true],
  ])('%j and %j: %s', (pattern, path, matches) => {
    expect(matchesPattern(pattern, path)).toBe(matches);
  });

  test('agree with a regular expression', () => {
    const parts = fc.array(fc.constantFrom('a', 'b', '/', '*', '%', '**'), { maxLength: 8 });
    const path = fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 8 });
    fc.assert(
      fc.property(parts, path, (pattern, levels) => {
        const text = pattern.join('');
        const source = text.replaceAll('*', '.*').replaceAll('%', '[^/]*');
        const expected = new RegExp(`^${source}$`).test(levels.join(''));
        expect(matchesPattern(text, levels.join(''))).toBe(expected);
      }),
    );
  });

  test('agree with a regular expression about the levels above, too', () => {
    const parts = fc.array(fc.constantFrom('a', 'b', '/', '*', '%'), { maxLength: 8 });
    const levels = fc.array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(parts, levels, (pattern, names) => {
        const text = pattern.join('');
        const source = text.replaceAll('*', '.*').replaceAll('%', '[^/]*');
        const above = names.map((_, index) => names.slice(0, index + 1).join('/'));
        const expected = above.filter((name) => new RegExp(`^${source}$`).test(name));
        expect([...new Pattern(text).matchedLevels(names.join('/'))]).toEqual(expected);
      }),
    );
  });

  test.each([
    '*a'.repeat(400),
    '%a/'.repeat(266),
    `${'*/'.repeat(399)}*b`,
    '%*a'.repeat(266),
    `${'a/'.repeat(399)}%b`,
  ])('O3: a hostile pattern takes milliseconds for 400 levels, and all of them at once', (text) => {
    const path = Array.from({ length: 400 }, () => 'a').join('/');
    const times = Array.from({ length: 5 }, () => {
      const started = performance.now();
      new Pattern(text).matchedLevels(path);
      return performance.now() - started;
    });
    expect(Math.min(...times)).toBeLessThan(5);
  });

  test('O2: stored form, and what is none', () => {
    expect(parsePattern('pattern', 'inbox/*')).toBe('INBOX/*');
    expect(() => parsePattern('pattern', 'a//*')).toThrow(/^pattern: got "a\/\/\*", allowed is/);
    expect(() => parsePattern('pattern', 7)).toThrow(/^pattern: got 7/);
  });
});
