import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeModifiedUtf7, encodeModifiedUtf7 } from '../../../../cli/import/modified-utf7.ts';

const anyName = fc
  .array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 20 })
  .map((points) => String.fromCodePoint(...points))
  .filter((name) => name.isWellFormed());

describe('modified UTF-7 (RFC 3501, 5.1.3)', () => {
  test.each([
    // The RFC's own examples.
    ['~peter/mail/&U,BTFw-/&ZeVnLIqe-', '~peter/mail/台北/日本語'],
    ['&Jjo-!', '☺!'],
    ['&U,BTF2XlZyyKng-', '台北日本語'],
    ['Entw&APw-rfe', 'Entwürfe'],
    ['R&-D', 'R&D'],
    ['&2DzfVg-', '\u{1f356}'],
    ['plain', 'plain'],
    ['', ''],
  ])('%j is %j', (encoded, decoded) => {
    expect(decodeModifiedUtf7(encoded)).toBe(decoded);
    expect(encodeModifiedUtf7(decoded)).toBe(encoded);
  });

  test.each([
    ['&Jjo', 'a shift without its end'],
    ['&', 'a lone ampersand'],
    ['&Jjo!-', 'characters outside of the alphabet'],
    ['&AGE-', 'printable ASCII in base64'],
    ['&U,BTFw-&ZeVnLIqe-', 'two shifts where one would do (the RFC names this one)'],
    ['&2Dw-', 'half a surrogate pair'],
    ['&AP-', 'a character cut short'],
    ['&APz/-', 'a slash of standard base64'],
    ['Entwürfe', 'plain UTF-8'],
    ['tab\there', 'a control character'],
  ])('O2: %j is refused: %s', (encoded) => {
    expect(decodeModifiedUtf7(encoded)).toBeUndefined();
  });

  test('whatever is encoded is decoded to the same, and is printable ASCII', () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const encoded = encodeModifiedUtf7(name);
        expect(encoded).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeModifiedUtf7(encoded)).toBe(name);
      }),
    );
  });

  test('no two names decode to one', () => {
    const letters = fc.constantFrom(...'&-,/AaBJUZ09+!');
    fc.assert(
      fc.property(fc.string({ unit: letters, maxLength: 12 }), (text) => {
        const decoded = decodeModifiedUtf7(text);
        if (decoded !== undefined) expect(encodeModifiedUtf7(decoded)).toBe(text);
      }),
    );
  });
});
