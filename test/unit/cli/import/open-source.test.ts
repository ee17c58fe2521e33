import { mkdir, symlink } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { parseMailDate } from '../../../../cli/import/message-header.ts';
import { openSource } from '../../../../cli/import/open-source.ts';
import { at, isMessage, mail, put, readAll, useSourceFiles } from '../support/source-files.ts';

useSourceFiles();

describe('folder of .eml files', () => {
  test('subfolders are mailboxes, the date is the header’s or the file’s', async () => {
    await put('b.eml', 'Date: Sat, 3 Jan 2026 01:05:34 +0100 (CET)\r\n\r\nb');
    await put('a.EML', 'Subject: no date\n\na', '2024-05-06T07:08:09Z');
    await put('Größe/日本/x.eml', 'DATE:\n Sun, 4 Jan 2026 00:00:00 -0000\n\nx');
    await put('Größe/broken.eml', 'Date: yesterday\n\nx', '2024-01-01T00:00:00Z');
    await put('.DS_Store', 'x');
    await put('Größe/notes.txt', 'x');
    const source = await openSource(at());
    expect(source.format).toBe('folder of .eml files');
    expect(source.folders.map(({ mailbox, messages }) => [mailbox, messages])).toEqual([
      ['INBOX', 2],
      ['Größe', 1],
      ['Größe/日本', 1],
    ]);
    const found = await readAll(source);
    const dates = [...found.values()].flat().filter(isMessage);
    expect(dates.map(({ internalDate }) => internalDate.toISOString())).toEqual([
      '2024-05-06T07:08:09.000Z',
      '2026-01-03T00:05:34.000Z',
      '2024-01-01T00:00:00.000Z',
      '2026-01-04T00:00:00.000Z',
    ]);
    expect(source.problems).toEqual([]);
    expect(source.beside.map(({ reason }) => reason)).toEqual([
      'holds 1 file that is no mail: .DS_Store',
      'holds 1 file that is no mail: notes.txt',
    ]);
  });

  test('dates that cannot be those of mail are not believed', () => {
    expect(parseMailDate('Thu, 1 Jan 1903 00:00:00 +0000')).toBeUndefined();
    expect(parseMailDate('Thu, 1 Jan 2903 00:00:00 +0000')).toBeUndefined();
    expect(parseMailDate(undefined)).toBeUndefined();
  });
});

describe('O2: what is none of the formats is refused, naming what was found and what is allowed', () => {
  const allowed = 'allowed is a Maildir (with a folder "cur"), an mbox file';

  test('a path that is not there: 64', async () => {
    await expect(openSource(at('none'))).rejects.toMatchObject({
      exitCode: 64,
      message: expect.stringContaining(allowed),
    });
    await expect(openSource(at('none'))).rejects.toThrow(/^there is no /);
  });

  test('a link with the name of a message, to something that is none: 65', async () => {
    await put('accounts', 'root:x:0:0:root:/root:/bin/sh\n');
    await symlink(at('accounts'), at('x.eml'));
    await expect(openSource(at('x.eml'))).rejects.toMatchObject({ exitCode: 65 });
    await put('real', mail('a'));
    await symlink(at('real'), at('y.eml'));
    const source = await openSource(at('y.eml'));
    expect(source.format).toBe('message');
    await source.close();
  });

  test('a file of another kind: 65', async () => {
    await put('x.pst', '!BDN');
    await expect(openSource(at('x.pst'))).rejects.toMatchObject({
      exitCode: 65,
      message: expect.stringMatching(/a file that begins with "!BDN"; allowed is a Maildir/),
    });
  });

  test('a folder around it: 65', async () => {
    await put('Maildir/dbox/x', 'x');
    await put('readme', 'x');
    await expect(openSource(at())).rejects.toMatchObject({
      exitCode: 65,
      message: expect.stringContaining('a folder with 1 folder ("Maildir") and 1 file'),
    });
  });

  test('--mailbox with a Maildir: 64', async () => {
    await mkdir(at('cur'));
    await expect(openSource(at(), { mailbox: 'X' })).rejects.toMatchObject({ exitCode: 64 });
  });
});
