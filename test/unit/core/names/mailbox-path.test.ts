import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAILBOX_PATH_BYTES } from '../../../../functions/contract/limits.ts';
import { parseMailboxPath } from '../../../../functions/core/names/mailbox-path.ts';

const parse = (value: unknown): string => parseMailboxPath('path', value);

describe('one stored form for each mailbox', () => {
  test.each([
    ['inbox', 'INBOX'],
    ['iNbOx/Sub', 'INBOX/Sub'],
    ['Archive/inbox', 'Archive/inbox'],
    ['inboxes', 'inboxes'],
    ['Archive', 'Archive'],
    ['archive', 'archive'],
    ['Gro\u0308\u00dfe/e\u0301', 'Gr\u00f6\u00dfe/\u00e9'],
    ['a b/%*?#', 'a b/%*?#'],
    ['.hidden/...', '.hidden/...'],
    [
      '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645',
      '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645',
    ],
    ['\u{1f469}\u200d\u{1f680}', '\u{1f469}\u200d\u{1f680}'],
  ])('%j is stored as %j', (given, stored) => {
    expect(parse(given)).toBe(stored);
  });

  test('W1: a name with a dotless i is not INBOX, though its capital letter is I', () => {
    expect(parse('\u0131nbox')).toBe('\u0131nbox');
    expect(parse('\u0130NBOX')).not.toBe('INBOX');
  });
});

describe('what no path may be', () => {
  test.each([
    '/',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    'a/../b',
    'a/.',
    'a\u0000b',
    'a\rb',
    'a\nb',
    'a\u007fb',
    'a\u0085b',
    'a\u2028b',
    'a\u2029b',
    'a\ud800b',
  ])('O2: %j is refused', (given) => {
    expect(() => parse(given)).toThrow(/^path: got .*, allowed are levels separated by "\/"/s);
  });

  test.each([undefined, null, '', 7, ['INBOX']])('O2: %j is no name', (given) => {
    expect(() => parse(given)).toThrow(/^path: got .*, allowed is the name of a mailbox/);
  });

  test(`O2: at most ${MAILBOX_PATH_BYTES} bytes of UTF-8, counted as they are stored`, () => {
    expect(parse('x'.repeat(MAILBOX_PATH_BYTES))).toHaveLength(MAILBOX_PATH_BYTES);
    expect(parse('\u00e9'.repeat(MAILBOX_PATH_BYTES / 2))).toHaveLength(MAILBOX_PATH_BYTES / 2);
    expect(parse('e\u0301'.repeat(MAILBOX_PATH_BYTES / 2))).toHaveLength(MAILBOX_PATH_BYTES / 2);
    const tooLong = `path: longer than the ${MAILBOX_PATH_BYTES} bytes allowed`;
    expect(() => parse('x'.repeat(MAILBOX_PATH_BYTES + 1))).toThrow(tooLong);
    expect(() => parse(`${'\u00e9'.repeat(MAILBOX_PATH_BYTES / 2)}x`)).toThrow(tooLong);
  });
});

test('whatever is given, parsing twice is parsing once', () => {
  const unit = fc.constantFrom(...'iInNbBoOxX/.\u0131e\u0301\u0308\u200d\u2028\u0000 %*\u{1f600}');
  const path = fc.oneof(fc.string({ unit, maxLength: 8 }), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(path, (given) => {
      let stored: string;
      try {
        stored = parse(given);
      } catch (error) {
        expect(error).toMatchObject({ name: 'InvalidInputError' });
        return;
      }
      expect(parse(stored)).toBe(stored);
      expect(parse(stored.normalize('NFD'))).toBe(stored);
      expect(stored.isWellFormed()).toBe(true);
      expect(stored.split('/')).not.toContain('');
    }),
    { numRuns: 3000 },
  );
});
