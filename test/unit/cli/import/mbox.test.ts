import { describe, expect, test } from 'vitest';
import type { SourceItem } from '../../../../cli/import/mail-source.ts';
import { parseFromLine } from '../../../../cli/import/mbox-separator.ts';
import { openSource } from '../../../../cli/import/open-source.ts';
import { at, bodies, put, readAll, reasons, useSourceFiles } from '../support/source-files.ts';

useSourceFiles();

describe('mbox', () => {
  const FROM = 'From a@x.org Sat Jan  3 01:05:34 2026';

  async function readMbox(content: string | Buffer, mailbox?: string): Promise<SourceItem[]> {
    await put('mail.mbox', content);
    const options = mailbox === undefined ? {} : { mailbox };
    const source = await openSource(at('mail.mbox'), options);
    expect(source.format).toBe('mbox');
    return (await readAll(source)).get(mailbox ?? 'INBOX') ?? [];
  }

  test('messages are split, unquoted, dated and flagged', async () => {
    const items = await readMbox(
      [
        FROM,
        'Subject: one',
        'Status: RO',
        'X-Status: AF',
        'X-Keywords: $Work  todo bad%one größe',
        '',
        '>From the start',
        '>>From twice',
        '> From not quoted',
        'From inside, without a date',
        '',
        'From nobody, still inside',
        '',
        'From b@x.org Sun, 4 Jan 2026',
        '',
        'From b@x.org Sun Jan 04 23:59:59 2026 +0130',
        'Subject: two',
        '',
        'end',
        '',
        '',
      ].join('\n'),
    );
    expect(bodies(items)).toEqual([
      'Subject: one\n\nFrom the start\n>From twice\n> From not quoted\nFrom inside, without a date\n\nFrom nobody, still inside\n\nFrom b@x.org Sun, 4 Jan 2026\n',
      'Subject: two\n\nend\n',
    ]);
    expect(items[0]).toMatchObject({
      internalDate: new Date('2026-01-03T01:05:34Z'),
      flags: ['\\Seen', '\\Answered', '\\Flagged'],
      keywords: ['$Work', 'todo'],
    });
    expect(items[1]).toMatchObject({
      internalDate: new Date('2026-01-04T22:29:59Z'),
      flags: [],
      keywords: [],
    });
  });

  test('W1: CRLF, bytes above 127, NUL and a last line without an end stay as they are', async () => {
    const body = Buffer.concat([Buffer.from('A: b\r\n\r\n'), Buffer.from([0, 255, 0xc3, 0x28])]);
    const items = await readMbox(
      Buffer.concat([Buffer.from(`${FROM}\r\n`), body, Buffer.from(`\r\n\r\n${FROM}\r\nlast`)]),
    );
    expect(bodies(items)).toEqual([`${body.toString('latin1')}\r\n`, 'last']);
  });

  test.each([1, 7, 63, 64, 65, 1024])(
    'W1: lines and separators across chunks: %i kilobytes before the second message',
    async (kilobytes) => {
      const long = 'x'.repeat(kilobytes * 1024);
      const lines = `${'y'.repeat(99)}\n`.repeat(kilobytes * 20);
      const items = await readMbox(`${FROM}\n\n${long}\n${lines}\n${FROM}\n\nnext\n\n`);
      expect(bodies(items)).toEqual([`\n${long}\n${lines}`, '\nnext\n']);
    },
  );

  test('W5: a message that is too large is skipped alone, without being held in memory', async () => {
    const huge = `${'z'.repeat(999)}\n`.repeat(70_000);
    const items = await readMbox(`${FROM}\n\n${huge}\n${FROM}\n\nnext\n\n${FROM}\n\n${FROM}\nq\n`);
    expect(reasons(items)).toEqual([
      'has 70.0 MB, more than the 67.1 MB that can be imported',
      'is empty',
    ]);
    expect(bodies(items)).toEqual(['\nnext\n', 'q\n']);
  });

  test('data that UW IMAP keeps for itself is no message', async () => {
    const internal = [
      'From: Mail System Internal Data <MAILER-DAEMON@x.org>',
      "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA",
      'X-IMAP: 1583230272 0000000003',
      'Status: RO',
    ].join('\n');
    const items = await readMbox(`${FROM}\n${internal}\n\nx\n\n${FROM}\nmail\n`);
    expect(bodies(items)).toEqual(['mail\n']);
    expect(items[0]).toMatchObject({ kind: 'beside', reason: expect.stringContaining('UW IMAP') });
  });

  test('goes into the mailbox that is named', async () => {
    expect(await readMbox(`${FROM}\nx\n`, 'Old/2019')).toHaveLength(1);
  });

  test.each([
    ['From - Sat Jan 03 01:05:34 2026', '2026-01-03T01:05:34Z'],
    ['From 123@xxx Sat Jan 03 01:05:34 +0000 2026', '2026-01-03T01:05:34Z'],
    ['From "a b"@x.org Sat Jan  3 01:05:34 CET 2026', '2026-01-03T01:05:34Z'],
    ['From a@x.org  Sat Jan  3 01:05 2026', '2026-01-03T01:05:00Z'],
    ['From a@x.org Sat Jan  3 01:05:34 2026 -0800', '2026-01-03T09:05:34Z'],
  ])('%s', (line, date) => {
    expect(parseFromLine(line)).toEqual(new Date(date));
  });

  test.each(['From here to there', 'From a@x.org', 'From a Sat Foo  3 01:05:34 2026', 'Frome'])(
    '%j separates nothing',
    (line) => {
      expect(parseFromLine(line)).toBeUndefined();
    },
  );
});
