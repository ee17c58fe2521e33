import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  matchesPattern,
  parsePattern,
} from '../../../../functions/core/mailboxes/mailbox-pattern.ts';

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

  test('O3: a hostile pattern takes no longer than its length allows', () => {
    const started = performance.now();
    expect(matchesPattern('*a'.repeat(400), 'a'.repeat(399))).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test('O2: stored form, and what is none', () => {
    expect(parsePattern('pattern', 'inbox/*')).toBe('INBOX/*');
    expect(() => parsePattern('pattern', 'a//*')).toThrow(/^pattern: got "a\/\/\*", allowed is/);
    expect(() => parsePattern('pattern', 7)).toThrow(/^pattern: got 7/);
  });
});
