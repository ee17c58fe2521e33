import { describe, expect, test } from 'vitest';
import { parseHeaderDate } from '../../../../functions/contract/mail-date.ts';
import { parseMoment } from '../../../../functions/contract/times.ts';

describe('the Date of a message is read the same on every machine', () => {
  test.each([
    ['Mon, 30 Nov 2026 10:00:00 +0100', '2026-11-30T09:00:00Z'],
    ['Mon, 30 Nov 2026 10:00:00 +0100 (CET)', '2026-11-30T09:00:00Z'],
    ['Mon,30 Nov 2026 10:00:00 +0000', '2026-11-30T10:00:00Z'],
    ['30 Nov 26 10:00 GMT', '2026-11-30T10:00:00Z'],
    ['30 Nov 99 10:00 GMT', '1999-11-30T10:00:00Z'],
    ['30 Nov 126 10:00:00 Z', '2026-11-30T10:00:00Z'],
    ['Mon, 30 Nov 2026 10:00 EST', '2026-11-30T15:00:00Z'],
    ['Mo, 30 Nov 2026 10:00:00 -0730', '2026-11-30T17:30:00Z'],
    ['30-Nov-2026 10:00:00 UT', '2026-11-30T10:00:00Z'],
    ['Thu, 31 Dec 2026 23:59:60 +0000', '2026-12-31T23:59:59Z'],
    ['Thu, 29 Feb 2024 00:00:00 +0000', '2024-02-29T00:00:00Z'],
  ])('%s is %s', (value, expected) => {
    expect(parseHeaderDate(value)).toBe(Date.parse(expected));
  });

  test.each([
    'Mon, 30 Nov 2026 10:00:00',
    'Mon, 30 Nov 2026 10:00:00 CET',
    'Mon, 31 Nov 2026 10:00:00 +0000',
    'Thu, 29 Feb 2026 00:00:00 +0000',
    'Mon, 30 Nov 2026 24:00:00 +0000',
    'Mon, 30 Nov 2026 10:60:00 +0000',
    'Mon, 30 Nov 2026 10:00:00 +0160',
    '02.03.2020 10:00',
    '02/03/2020 10:00:00 +0000',
    '2026-11-30',
    '2026-11-30T10:00:00Z',
    'Mon, 30 Foo 2026 10:00:00 +0000',
    '',
  ])('"%s" is none, and is not guessed at', (value) => {
    expect(parseHeaderDate(value)).toBeUndefined();
  });
});

describe('a zone that says nothing', () => {
  test.each([
    ['Mon, 30 Nov 2026 10:00:00', '2026-11-30T10:00:00Z'],
    ['Mon, 30 Nov 2026 10:00:00 MET', '2026-11-30T10:00:00Z'],
    ['Mon, 30 Nov 2026 10:00:00 CEST', '2026-11-30T10:00:00Z'],
    ['Mon, 30 Nov 2026 10:00:00 EST', '2026-11-30T15:00:00Z'],
    ['Mon, 30 Nov 2026 10:00:00 -0000', '2026-11-30T10:00:00Z'],
  ])('"%s" is %s where a guess is wanted', (value, expected) => {
    expect(parseHeaderDate(value, { zoneGuessed: true })).toBe(Date.parse(expected));
  });

  test.each([
    'Mon, 31 Nov 2026 10:00:00',
    'Mon, 30 Nov 2026 10:00:00 GMT +0100',
    '02.03.2020 10:00',
  ])('nothing else is guessed: "%s"', (value) => {
    expect(parseHeaderDate(value, { zoneGuessed: true })).toBeUndefined();
  });
});

describe('a moment', () => {
  test.each([
    ['2026-02-28T23:59:59Z', true],
    ['2028-02-29T12:00:00+01:00', true],
    ['2026-02-29T00:00:00Z', false],
    ['2026-02-30T00:00:00Z', false],
    ['2026-04-31T12:00:00+01:00', false],
    ['2026-02-28T24:00:00Z', false],
    ['2026-02-28T12:00:00+99:99', false],
    ['2026-13-01T00:00:00Z', false],
    ['2026-02-28T12:00:00', false],
  ])('O2: %s: %s', (text, isOne) => {
    expect(parseMoment(text)).toBe(isOne ? Date.parse(text) : undefined);
  });
});
