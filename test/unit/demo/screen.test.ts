import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnsOf } from '../../../cli/output/text.ts';
import { fitLine, LineSplitter, SCREEN_COLUMNS, withoutSection } from '../../../demo/screen.ts';

describe('lines of the demo', () => {
  test('O1: none is wider than the screen, and nothing of it is lost', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), (text) => {
        const line = text.replaceAll('\n', ' ');
        const lines = fitLine(line);
        for (const one of lines) expect(columnsOf(one)).toBeLessThanOrEqual(SCREEN_COLUMNS);
        const bare = (given: string) => given.replaceAll(' ', '');
        expect(bare(lines.join(''))).toBe(bare(line));
      }),
    );
  });

  test('what fits stays as it is; what goes on is indented', () => {
    expect(fitLine('  a  b')).toEqual(['  a  b']);
    const long = `  ${'word '.repeat(30).trim()}`;
    expect(fitLine(long).map((line) => /^ */.exec(line)?.[0].length)).toEqual([2, 4]);
  });

  test('pieces of output become lines, the last without an end too', () => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    for (const piece of ['a', 'b\nc\n', '\nd']) splitter.add(piece);
    expect(lines).toEqual(['ab', 'c', '']);
    splitter.end();
    splitter.end();
    expect(lines).toEqual(['ab', 'c', '', 'd']);
  });
});

describe('a section that is left out', () => {
  const lines = [
    'valid',
    'erased',
    '  rows  3',
    'cost',
    '  billed',
    '    x  1',
    'remains',
    '  - y',
  ];

  test('goes with all that is indented below it', () => {
    expect(withoutSection(lines, 'cost')).toEqual([
      'valid',
      'erased',
      '  rows  3',
      'remains',
      '  - y',
    ]);
  });

  test('may be the last, or not there', () => {
    expect(withoutSection(lines, 'remains')).toEqual(lines.slice(0, 6));
    expect(withoutSection(lines, 'price')).toEqual(lines);
  });
});
