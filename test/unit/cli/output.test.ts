import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type OutputStream, write } from '../../../cli/io.ts';
import { showSteps } from '../../../cli/output/progress.ts';
import { columnsOf, duration, safe, shorten, size, words } from '../../../cli/output/text.ts';

/** Any sequence of UTF-16 units, halves of pairs included. */
const anyText = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
  .map((units) => String.fromCharCode(...units));

describe('text for people', () => {
  test.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1.0 kB'],
    [999_949, '999.9 kB'],
    [999_950, '1.0 MB'],
    [12_345_678, '12.3 MB'],
    [4 * 2 ** 40, '4.4 TB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(size(bytes)).toBe(text);
  });

  test('names are spelled out, times are clocks', () => {
    expect(words('incompleteMultipartUploads')).toBe('incomplete multipart uploads');
    expect([duration(0), duration(61_400), duration(3_723_000)]).toEqual([
      '00:00',
      '01:01',
      '1:02:03',
    ]);
  });

  test('nothing that is shown can move the cursor or turn the direction of writing', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(safe(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
    expect(safe('Größe 日本 🎉')).toBe('Größe 日本 🎉');
  });

  test('text is cut by columns, never inside a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, max) => {
        const cut = shorten(text, max);
        expect(columnsOf(cut)).toBeLessThanOrEqual(Math.max(max, 1));
        expect(cut.isWellFormed()).toBe(true);
        if (columnsOf(text) <= max) expect(cut).toBe(text);
      }),
    );
    expect([columnsOf('日本語'), columnsOf('e\u0301'), columnsOf('abc')]).toEqual([6, 1, 3]);
  });
});

describe('progress where there is no terminal', () => {
  const titles = ['One', 'Two', 'Three'];

  async function record(
    act: (view: Awaited<ReturnType<typeof showSteps>>, pass: (ms: number) => void) => Promise<void>,
  ): Promise<string[]> {
    const lines: string[] = [];
    let now = Date.UTC(2026, 0, 1);
    const stderr = {
      write(text: string | Uint8Array, done: () => void) {
        lines.push(String(text));
        done();
      },
    };
    const view = await showSteps(titles, { stderr, env: {}, now: () => now });
    await act(view, (ms) => {
      now += ms;
    });
    return lines;
  }

  test('is plain lines, without escapes', async () => {
    const lines = await record(async (view) => {
      view.enter(0);
      view.enter(2);
      view.detail('5 of 7 \u001b[31m');
      await view.finish();
    });
    expect(lines).toEqual([
      '00:00:00 One\n',
      '00:00:00 Three\n',
      '00:00:00 Three: 5 of 7 \\u{1b}[31m\n',
    ]);
  });

  test('details come at most every five seconds, and the last is never lost', async () => {
    const lines = await record(async (view, pass) => {
      view.enter(0);
      for (let done = 1; done <= 12; done++) {
        view.detail(`${done} done`);
        pass(1000);
      }
      view.enter(1);
      await view.finish();
    });
    expect(lines.map((line) => line.slice(9).trim())).toEqual([
      'One',
      'One: 1 done',
      'One: 6 done',
      'One: 11 done',
      'One: 12 done',
      'Two',
    ]);
  });

  test('a step never goes back, and a failure is told', async () => {
    const lines = await record(async (view) => {
      view.enter(1);
      view.enter(0);
      await view.fail('no\nmore');
    });
    expect(lines).toEqual(['00:00:00 Two\n', '00:00:00 Two: failed: no\\u{a}more\n']);
  });
});

describe('progress on a terminal', () => {
  class Terminal extends Writable {
    readonly isTTY = true;
    readonly columns = 80;
    text = '';

    override _write(chunk: Buffer, _encoding: string, done: () => void): void {
      this.text += chunk.toString();
      done();
    }
  }

  /** What is left on the screen: listr2 prints the final state once more, after the last redraw. */
  const lastLines = ({ text }: Terminal, count: number): string[] =>
    stripVTControlCharacters(text).trimEnd().split('\n').slice(-count);

  const open = (stderr: Terminal): ReturnType<typeof showSteps> =>
    showSteps(['One', 'Two', 'Three'], { stderr, env: {}, now: Date.now });

  test('is live, and ends with every step done', async () => {
    const terminal = new Terminal();
    const view = await open(terminal);
    view.enter(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    view.detail('5 of 7 \u001b[31m');
    await view.finish();
    expect(terminal.text).toContain('\u001b[');
    expect(terminal.text).toContain('5 of 7 \\u{1b}[31m');
    expect(lastLines(terminal, 3).map((line) => line.trim())).toEqual([
      '✔ One',
      '✔ Two',
      '✔ Three',
    ]);
  });

  test('a failure names its reason, and what comes after is not done', async () => {
    const terminal = new Terminal();
    const view = await open(terminal);
    view.enter(1);
    await view.fail('no more');
    expect(lastLines(terminal, 4).map((line) => line.trim())).toEqual([
      '✔ One',
      '✖ Two',
      '› no more',
      '◼ Three',
    ]);
  });
});

test('a full disk is no fault of the program, and says that something may have been done', async () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
    syscall: 'write',
  });
  const stream: OutputStream = { write: (_text, done) => done(full) };
  await expect(write(stream, 'x')).rejects.toMatchObject({
    exitCode: 74,
    message: 'the output cannot be written: the disk is full',
    hint: expect.stringContaining('may have been done'),
  });
});

test('what nobody can read of progress and errors does not stop the work', async () => {
  for (const code of ['EPIPE', 'ENOSPC']) {
    const gone = Object.assign(new Error(`${code}, write`), { code, syscall: 'write' });
    const stream: OutputStream = { isDispensable: true, write: (_text, done) => done(gone) };
    await expect(write(stream, 'x')).resolves.toBeUndefined();
  }
});
