import { describe, expect, test } from 'vitest';
import { parseFlags, parseKeywords } from '../../../../functions/core/messages/flags.ts';

const field = 'messages[0].flags';
const PRINTABLE = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index));
/** Atom-specials of RFC 9051, 9, and the list wildcards among them. */
const SPECIALS = [...'(){%*"\\]'];

describe('system flags', () => {
  test('are known in any case and kept in one form, each once', () => {
    const flags = parseFlags(field, ['\\seen', '\\SEEN', '\\Answered', '\\flagged', '\\deleTED']);
    expect([...flags]).toEqual(['\\Seen', '\\Answered', '\\Flagged', '\\Deleted']);
    expect(parseFlags(field, ['\\Draft'])).toEqual(new Set(['\\Draft']));
    expect(parseFlags(field, []).size).toBe(0);
  });

  test.each(['\\Recent', 'Seen', '', '\\', '\\Seen ', '$Forwarded', '\\*'])(
    'O2: %j is none, and its place is named',
    (flag) => {
      expect(() => parseFlags(field, ['\\Seen', flag])).toThrow(
        `${field}[1]: got ${JSON.stringify(flag)}, allowed are \\Seen \\Answered`,
      );
    },
  );
});

describe('keywords', () => {
  test.each(PRINTABLE)('an atom may hold %s, unless it is special', (character) => {
    const parse = () => parseKeywords('keywords', [`a${character}`]);
    if (SPECIALS.includes(character)) expect(parse).toThrow('keywords[0]: got ');
    else expect(parse()).toEqual(new Set([`a${character}`]));
  });

  test.each(['', 'a b', 'a\u0000', 'gr\u00fcn', 'x'.repeat(101)])('O2: %j is none', (keyword) => {
    expect(() => parseKeywords('keywords', ['$Forwarded', keyword])).toThrow('keywords[1]: got ');
  });

  test('O3: are at most 64 on one message, of at most 100 characters', () => {
    const many = Array.from({ length: 65 }, (_, index) => `${'k'.repeat(98)}${10 + index}`);
    expect(parseKeywords('keywords', many.slice(1)).size).toBe(64);
    expect(() => parseKeywords('keywords', many)).toThrow('keywords: got 65, allowed are 64');
  });
});
