import { mkdir, symlink, truncate } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { readReason } from '../../../../cli/import/inside.ts';
import { parseFileName } from '../../../../cli/import/maildir-folder.ts';
import { openSource } from '../../../../cli/import/open-source.ts';
import { UPLOAD_BYTES_MAX } from '../../../../functions/contract/limits.ts';
import { at, bodies, put, readAll, reasons, useSourceFiles } from '../support/source-files.ts';

useSourceFiles();

describe('Maildir', () => {
  test('folders, flags, keywords, dates and order are those of the files', async () => {
    await put('cur/1700000002.M1P1.h,S=5:2,FRS', 'b\r\n', '2024-05-06T07:08:09Z');
    await put('cur/1700000010.M1P1.h:2,', 'c', '2024-01-01T00:00:00Z');
    await put('new/1700000001.M1P1.h', 'a', '2023-01-01T00:00:00Z');
    await put('tmp/1700000000.M1P1.h', 'never delivered');
    await put('.Sub.Entw&APw-rfe/cur/1.x:2,DPabc', 'd', '2024-02-02T00:00:00Z');
    await put('.Sub.Entw&APw-rfe/dovecot-keywords', '0 $Work\n1 todo\n2 not(allowed\n27 none\n');
    await put('.R&-D/new/1.x', 'e');
    await put('.notamailbox/file', 'x');

    const source = await openSource(at());
    expect(source.format).toBe('Maildir');
    expect(source.folders.map(({ mailbox, messages }) => [mailbox, messages])).toEqual([
      ['INBOX', 3],
      ['R&D', 1],
      ['Sub/Entwürfe', 1],
    ]);
    const found = await readAll(source);
    expect(bodies(found.get('INBOX'))).toEqual(['a', 'b\r\n', 'c']);
    expect(found.get('INBOX')?.[1]).toMatchObject({
      internalDate: new Date('2024-05-06T07:08:09Z'),
      flags: ['\\Flagged', '\\Answered', '\\Seen'],
      keywords: [],
    });
    expect(found.get('Sub/Entwürfe')?.[0]).toMatchObject({
      flags: ['\\Draft'],
      keywords: ['$Forwarded', '$Work', 'todo'],
    });
  });

  test('a flag that changes does not change the order, so UIDs stay the same', async () => {
    await put('cur/17.b:2,S', 'second');
    await put('cur/17.a:2,', 'first');
    expect(bodies((await readAll(await openSource(at()))).get('INBOX'))).toEqual([
      'first',
      'second',
    ]);
  });

  test.each([
    ['1.x:2,DFPRST', ['\\Draft', '\\Flagged', '\\Answered', '\\Seen', '\\Deleted'], ['$Forwarded']],
    ['1.x;2,S', ['\\Seen'], []],
    ['1.x!2,S', ['\\Seen'], []],
    ['1.x', [], []],
    ['1.x:1,S', [], []],
    ['1.x:2,Zz', [], []],
  ])('flags of %s', (name, flags, keywords) => {
    expect(parseFileName(name)).toEqual({ flags, keywords });
  });

  test('names that are not modified UTF-7 are taken as they are, in one form', async () => {
    await put('cur/1.a', 'x');
    await put('.Gr\u006f\u0308\u00dfe/cur/1.a', 'decomposed');
    await put('.a&b/cur/1.a', 'x');
    await put('.inbox/cur/1.a', 'the same mailbox');
    const source = await openSource(at());
    expect(source.folders.map(({ mailbox }) => mailbox).sort()).toEqual([
      'Gr\u00f6\u00dfe',
      'INBOX',
      'INBOX',
      'a&b',
    ]);
  });

  test('W5: what cannot be imported is reported, not silently left out', async () => {
    await put('cur/1.empty', '');
    await put('cur/2.large', 'x');
    await truncate(at('cur/2.large'), UPLOAD_BYTES_MAX + 1);
    await put('cur/3.zip', Buffer.from([0x1f, 0x8b, 8, 0]));
    await put('cur/4.ok', 'fine');
    await mkdir(at('cur/5.directory'));
    await symlink('/does/not/exist', at('cur/6.gone'));
    await put('Nested/cur/1.x', 'x');
    const source = await openSource(at());
    const items = (await readAll(source)).get('INBOX');
    expect(bodies(items)).toEqual(['fine']);
    expect(reasons(items)).toEqual([
      'is a folder among messages',
      'is a symbolic link to "/does/not/exist": links are not followed, copy what it points to into its place',
      'is empty',
      'has 67.1 MB, more than the 67.1 MB that can be imported',
      expect.stringMatching(/^is compressed with gzip: uncompress it first, or let Dovecot write/),
    ]);
    expect(source.folders.map(({ mailbox }) => mailbox)).toEqual(['INBOX', 'Nested']);
  });

  test.each([
    ['ENOENT', 'disappeared while the import ran'],
    ['EACCES', 'may not be read: permission denied'],
    ['EIO', 'cannot be read: EIO: bad disk'],
  ])('W5: a file that cannot be read is reported: %s', (code, reason) => {
    expect(readReason(Object.assign(new Error(`${code}: bad disk`), { code }))).toBe(reason);
  });

  test('a message of exactly the largest size is taken', async () => {
    await put('cur/1.x', 'x');
    await truncate(at('cur/1.x'), UPLOAD_BYTES_MAX);
    const [item] = (await readAll(await openSource(at()))).get('INBOX') ?? [];
    expect(item).toMatchObject({ kind: 'message' });
  });
});
