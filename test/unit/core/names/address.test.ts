import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ADDRESS_BYTES } from '../../../../functions/contract/limits.ts';
import { domainOf, parseAddress } from '../../../../functions/core/names/address.ts';

const parse = (value: unknown): string => parseAddress('user', value);

function refusal(value: unknown): unknown {
  try {
    return `accepted as ${parse(value)}`;
  } catch (error) {
    return error;
  }
}

describe('one stored form for each mailbox', () => {
  test.each([
    ['JOHN@Example.ORG', 'john@example.org'],
    ['e\u0301milie@x.org', '\u00e9milie@x.org'],
    ['GRO\u00dfE@x.org', 'gro\u00dfe@x.org'],
    ['john+tag@x.org', 'john+tag@x.org'],
    ["o'neil.{a}=b_c~d!e#f$g&h|i^j`k@x.org", "o'neil.{a}=b_c~d!e#f$g&h|i^j`k@x.org"],
    ['\u7528\u6237@x.org', '\u7528\u6237@x.org'],
    ['a@localhost', 'a@localhost'],
    ['a..b.@x.org', 'a..b.@x.org'],
    ['a@1.example', 'a@1.example'],
    ['a@a--b.org', 'a@a--b.org'],
  ])('%s is stored as %s', (given, stored) => {
    expect(parse(given)).toBe(stored);
  });

  test('W7: a domain in its own script and in ASCII is one domain', () => {
    const bucher = 'a@xn--bcher-kva.example';
    expect(parse('a@b\u00fccher.example')).toBe(bucher);
    expect(parse('a@BU\u0308CHER.example')).toBe(bucher);
    expect(parse('a@XN--BCHER-KVA.example')).toBe(bucher);
    expect(
      parse('a@\u0909\u0926\u093e\u0939\u0930\u0923.\u092a\u0930\u0940\u0915\u094d\u0937\u093e'),
    ).toBe('a@xn--p1b6ci4b4b3a.xn--11b5bs3a9aj6g');
  });

  test('W7: lower case can leave pairs that compose; they are composed again', () => {
    // J with a caron has no precomposed capital, but a precomposed small letter.
    expect(parse('J\u030c@x.org')).toBe('\u01f0@x.org');
    expect(parse('\u01f0@x.org')).toBe('\u01f0@x.org');
  });

  test('the domain of an address is what follows its at sign', () => {
    expect(domainOf('john@example.org')).toBe('example.org');
  });
});

describe('what no address may be', () => {
  test.each([
    '*@x.org',
    'jo?n@x.org',
    'a%b@x.org',
    'a b@x.org',
    'a\tb@x.org',
    'a\u00a0b@x.org',
    'a\u0000b@x.org',
    'a\u0085b@x.org',
    'a\u200db@x.org',
    'a\u202eb@x.org',
    'a\ud800b@x.org',
    'a/b@x.org',
    'a\\b@x.org',
    '"a b"@x.org',
    'a<b>@x.org',
    'a,b@x.org',
    'a;b@x.org',
    'a:b@x.org',
    'a@b@x.org',
    '@x.org',
    'a@',
    'a',
    '',
    '@',
    ' a@x.org',
    'a@x.org ',
    'a@x.org\n',
    'a@.org',
    'a@x..org',
    'a@x.org.',
    'a@-x.org',
    'a@x-.org',
    'a@x_y.org',
    'a@x.org*',
    'a@[127.0.0.1]',
    'a@127.0.0.1',
    'a@127.1',
    'a@0x7f',
    'a@\u0301x.org',
    'a@\u2764.ws',
    `a@${'x'.repeat(256)}`,
    `a@${'\u00fc.'.repeat(60)}org`,
  ])('O2: %j is refused', (given) => {
    expect(refusal(given)).toMatchObject({
      name: 'InvalidInputError',
      problems: [
        { field: 'user', message: expect.stringContaining('allowed is local-part@domain') },
      ],
    });
  });

  test.each([undefined, null, 7, {}, ['a@x.org']])('O2: %j is no text', (given) => {
    expect(refusal(given)).toMatchObject({
      problems: [{ field: 'user', message: expect.stringContaining('an address as text') }],
    });
  });

  test(`O2: at most ${ADDRESS_BYTES} bytes of UTF-8, counted as they are stored`, () => {
    const local = 'x'.repeat(ADDRESS_BYTES - '@x.org'.length);
    expect(parse(`${local}@x.org`)).toHaveLength(ADDRESS_BYTES);
    expect(refusal(`${local}x@x.org`)).toMatchObject({
      message: expect.stringContaining(`longer than the ${ADDRESS_BYTES} bytes`),
    });
    const wide = '\u00fc'.repeat(local.length / 2);
    expect(parse(`${wide}@x.org`)).toContain(wide);
    expect(refusal(`${wide}\u00fc@x.org`)).toBeInstanceOf(Error);
  });

  test('O2: the message shows what was given, shortened', () => {
    const { message } = refusal(`${'*'.repeat(5000)}@x.org`) as Error;
    expect(message).toContain('got "***');
    expect(message.length).toBeLessThan(300);
  });
});

describe('whatever is given', () => {
  const letters = fc.constantFrom(
    ...'aZ\u00fc\u0130\u03a3\u03c2J\u030c\u0301\u0308.-_+1\u093e\u0915\u{1f600}',
  );
  const word = fc.string({ unit: letters, minLength: 1, maxLength: 6 });
  const anything = fc.oneof(
    word,
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'binary-ascii' }),
  );
  const label = fc.oneof(word, fc.stringMatching(/^xn--[a-z0-9]{1,6}$/), fc.domain());
  const domain = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));
  const address = fc.oneof(
    { arbitrary: fc.tuple(word, domain), weight: 4 },
    { arbitrary: fc.tuple(anything, anything), weight: 1 },
  );

  test('W7: parsing twice is parsing once, and case or composition make no difference', () => {
    let accepted = 0;
    fc.assert(
      fc.property(address, (parts) => {
        const given = parts.join('@');
        let stored: string;
        try {
          stored = parse(given);
        } catch (error) {
          expect(error).toMatchObject({ name: 'InvalidInputError' });
          return;
        }
        accepted += 1;
        expect(parse(stored)).toBe(stored);
        expect(parse(stored.normalize('NFD'))).toBe(stored);
        expect(stored).not.toMatch(/[*?%\s\p{C}]/u);
        expect(stored.split('@')).toHaveLength(2);
        expect(domainOf(stored)).toMatch(/^[a-z0-9.-]{1,255}$/);
        expect(Buffer.byteLength(stored)).toBeLessThanOrEqual(ADDRESS_BYTES);
      }),
      { numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(500);
  });
});
