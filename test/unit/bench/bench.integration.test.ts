import { describe, expect, test } from 'vitest';
import { costLine } from '../../../bench/erase/cost-line.ts';
import { whyMissing } from '../../../bench/erase/peers.ts';
import { parseOptions } from '../../../bench/options.ts';

describe('the words after npm run bench', () => {
  test('sizes come in rising order; peers and text are the defaults', () => {
    expect(parseOptions(['erase', '--sizes', '2000,100'])).toEqual({
      benchmark: 'erase',
      help: false,
      json: false,
      messages: 1000,
      sizes: [100, 2000],
      peers: true,
    });
    expect(parseOptions(['erase', '--json', '--no-peers'])).toMatchObject({
      json: true,
      sizes: [1000, 10_000, 50_000],
      peers: false,
    });
  });

  test('--help needs no other word', () => {
    expect(parseOptions(['--help']).help).toBe(true);
    expect(parseOptions(['erase', '--help']).help).toBe(true);
  });

  test.each([
    [[], /benchmark: got "", allowed are erase, messages/],
    [['import'], /got "import", allowed are erase, messages/],
    [['erase', '--sizes', '99'], /--sizes: got "99", allowed are .* from 100 to 1000000/],
    [['erase', '--sizes', '100,100'], /--sizes: got "100,100", allowed are different/],
    [['erase', '--sizes', '1e3,x'], /--sizes: got "1e3,x"/],
    [['erase', '--fast'], /--fast/],
  ])('O2: %j is refused, naming what is wrong', (words, message) => {
    expect(() => parseOptions(words)).toThrow(message);
  });
});

describe('the line of costs', () => {
  test('a line is found again, and scatter is evened out', () => {
    const exact = [1000, 10_000, 50_000].map((messages) => ({
      messages,
      dollars: 0.002 + messages * 0.7e-6,
    }));
    const { a, bPerMillion } = costLine(exact);
    expect(a).toBeCloseTo(0.002, 9);
    expect(bPerMillion).toBeCloseTo(0.7, 9);
    const scattered = [
      { messages: 0, dollars: 1 },
      { messages: 0, dollars: 3 },
      { messages: 1_000_000, dollars: 4 },
      { messages: 1_000_000, dollars: 6 },
    ];
    expect(costLine(scattered)).toEqual({ a: 2, bPerMillion: 3 });
  });
});

describe('programs to compare with', () => {
  test('one that is missing or broken is named, and no reason to fail', async () => {
    expect(await whyMissing({ command: process.execPath })).toBeUndefined();
    expect(await whyMissing({ command: '/nowhere/rclone' })).toBe(
      '/nowhere/rclone ends with ENOENT',
    );
    expect(await whyMissing({ command: 'false' })).toBe('false ends with exit 1');
    const noPython = new Error('Python is missing\nand so on');
    expect(await whyMissing({ command: noPython })).toBe('Python is missing');
  });
});
