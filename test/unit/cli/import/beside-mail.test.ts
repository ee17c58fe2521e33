import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { openInside, rootOf } from '../../../../cli/import/inside.ts';
import type { SourceItem } from '../../../../cli/import/mail-source.ts';
import { openSource } from '../../../../cli/import/open-source.ts';
import {
  at,
  bodies,
  mail,
  put,
  readAll,
  reasons,
  useSourceFiles,
} from '../support/source-files.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

useSourceFiles();

const inbox = async (): Promise<SourceItem[]> =>
  (await readAll(await openSource(at()))).get('INBOX') ?? [];

const told = (list: readonly { source: string; reason: string }[]) =>
  list.map(({ source, reason }) => `${source.slice(at().length + 1)} ${reason}`);

const LINK = /is a symbolic link to ".*": links are not followed/;

describe('W6: nothing is read that lies outside of the source', () => {
  test('a link among the messages is left out, wherever it leads', async () => {
    const secret = at('..', `secret-${process.pid}`);
    await writeFile(secret, 'secret');
    await put('cur/1.a', 'mine');
    await put('.Sub/cur/2.a', 'also mine');
    await symlink(secret, at('cur/3.a:2,S'));
    await symlink('../.Sub/cur/2.a', at('cur/4.a:2,S'));
    await symlink('/etc', at('cur/5.a'));
    const items = await inbox();
    expect(bodies(items)).toEqual(['mine']);
    expect(reasons(items)).toEqual(Array(3).fill(expect.stringMatching(LINK)));
  });

  test('a link in place of a folder, of a part of one, or of what a store keeps', async () => {
    const elsewhere = await temporaryDirectory();
    await mkdir(`${elsewhere}/cur`);
    await writeFile(`${elsewhere}/cur/1.x`, 'not mine');
    await writeFile(`${elsewhere}/list`, '3 V77 N20\n9 :1.a\n');
    await writeFile(`${elsewhere}/names`, 'root\ndaemon\n');
    await put('cur/1.a', 'mine');
    await put('.Sub/cur/1.a', 'mine');
    await symlink(elsewhere, at('.Other'));
    await symlink(`${elsewhere}/cur`, at('.Sub/new'));
    await symlink(`${elsewhere}/list`, at('dovecot-uidlist'));
    await symlink(`${elsewhere}/names`, at('subscriptions'));
    await symlink('..', at('.Sub/loop'));
    const source = await openSource(at());
    expect(source.subscriptions).toEqual([]);
    expect(await source.folders[0]?.uids()).toBeUndefined();
    expect(told(source.problems).sort()).toEqual([
      expect.stringMatching(/^.Other is a symbolic link/),
      expect.stringMatching(/^.Sub\/loop is a symbolic link/),
      expect.stringMatching(/^.Sub\/new is a symbolic link/),
      expect.stringMatching(/^dovecot-uidlist is a symbolic link/),
      expect.stringMatching(/^subscriptions is a symbolic link/),
    ]);
    const found = await readAll(source);
    expect([...found].map(([mailbox, items]) => [mailbox, bodies(items)])).toEqual([
      ['INBOX', ['mine']],
      ['Sub', ['mine']],
    ]);
  });

  test('a folder that becomes a link after it was listed', async () => {
    const elsewhere = await temporaryDirectory();
    await writeFile(`${elsewhere}/1.x`, 'not mine');
    await symlink(elsewhere, at('late'));
    const root = await rootOf(at());
    await expect(openInside(root, at('late/1.x'))).rejects.toMatchObject({ name: 'OutsideError' });
  });

  test('links beside .eml files', async () => {
    await put('a.eml', mail('a'));
    await symlink('/etc/passwd', at('b.eml'));
    await symlink('/etc', at('more'));
    await symlink('a.eml', at('c.eml'));
    const source = await openSource(at());
    expect(told(source.problems)).toEqual(Array(3).fill(expect.stringMatching(LINK)));
    expect(bodies((await readAll(source)).get('INBOX'))).toEqual([mail('a')]);
  });

  test('a source that is named by a link is read', async () => {
    await put('real/cur/1.a', 'mine');
    await symlink('real', at('link'));
    const source = await openSource(at('link'));
    expect(bodies((await readAll(source)).get('INBOX'))).toEqual(['mine']);
  });
});

describe('W5: mail in a form that cannot be stored is left out, with the way out', () => {
  test.each([
    [
      'mail_crypt',
      'CRYPTED\x03\x07\x02\0\0\0',
      /mail_crypt.*mail_crypt_save_version=0 -o maildir_copy_with_hardlinks=no backup/,
    ],
    [
      'lz4 of Dovecot',
      'Dovecot-LZ4\r*\x9b\xc5\0\x01',
      /lz4 by Dovecot.*zlib_save= -o maildir_copy_with_hardlinks=no backup/,
    ],
    ['lz4', '\x04\x22\x4d\x18d', /lz4: uncompress it first/],
    ['gzip', '\x1f\x8b\x08\0', /gzip: uncompress it first, or let Dovecot/],
    ['zstd', '\x28\xb5\x2f\xfd\0', /zstd: uncompress/],
    ['bzip2', 'BZh91AY', /bzip2: uncompress/],
    ['xz', '\xfd7zXZ\0', /xz: uncompress/],
    ['compress', '\x1f\x9d\x90', /compress: uncompress/],
    ['zlib', '\x78\x9c\x03\0', /zlib: let Dovecot/],
    ['zlib of a middle level', '\x78\x5e\x0b\xf6\xd2', /zlib: let Dovecot/],
    ['zlib of a file called as text is', '\x78\x5e\x73\x2b\xca\x55', /zlib: let Dovecot/],
  ])('%s', async (_, content, reason) => {
    const raw = Buffer.from(content, 'latin1');
    await put('cur/1.a', raw);
    await put('cur/2.a', 'plain');
    const items = await inbox();
    expect(bodies(items)).toEqual(['plain']);
    expect(reasons(items)).toEqual([expect.stringMatching(reason)]);
    await put('mail/a.eml', raw);
    expect(reasons((await readAll(await openSource(at('mail')))).get('INBOX'))).toEqual([
      expect.stringMatching(reason),
    ]);
    await expect(openSource(at('mail/a.eml'))).rejects.toMatchObject({ exitCode: 65 });
  });

  test.each([
    'x^ is a header? No.',
    'x^',
    'x^\tand\r\n\f',
    'BZ',
    'CRYPTED: yes',
    'Dovecot-LZ4: a field',
  ])('W1: what only begins like it is stored: %s', async (content) => {
    await put('cur/1.a', content);
    expect(bodies(await inbox())).toEqual([content]);
  });
});

describe('W5: what lies beside mail is looked at', () => {
  test('what may be mail is left out, what is none is listed', async () => {
    await put('a.eml', mail('a'));
    await put('README', 'How to read this: open the files.\n');
    await put('report.pdf', '%PDF-1.7');
    await put('empty', '');
    await put('sub/._b.eml', Buffer.from([0, 5, 0x16, 7, 0, 2]));
    await put('12', mail('of another program'));
    await put('old.mbox', `From a@x Tue Mar  3 10:11:12 2020\n${mail('b')}\n`);
    await put('mail.pst', '!BDN');
    await put('c.eml.gz', Buffer.from([0x1f, 0x8b, 8]));
    await put('backup.tar', 'x');
    const source = await openSource(at());
    expect(told(source.beside)).toEqual([
      ' holds 3 files that are no mail: README, empty, report.pdf',
      'sub holds 1 file that is no mail: ._b.eml',
    ]);
    expect(told(source.problems)).toEqual([
      '12 begins as a message does, but has no name of one',
      'backup.tar is an archive, which is not read: export it as .eml or mbox first',
      expect.stringMatching(/^c.eml.gz is compressed with gzip/),
      'mail.pst is mail of Outlook, which is not read: export it as .eml or mbox first',
      'old.mbox is an mbox: import it by itself, with --mailbox',
    ]);
  });

  test('of a Maildir: its own files, deliveries that were not finished, mail in a wrong place', async () => {
    await put('cur/1.a', 'x');
    await put('cur/.nfs0001', 'x');
    await put('tmp/2.a', mail('half'));
    for (const name of ['dovecot-uidlist.lock', 'dovecot.index.log', 'maildirfolder', 'notes']) {
      await put(name, 'x');
    }
    await put('.Sub/3.a', mail('lost'));
    await put('dovecot-uidlist.eml', mail('not of Dovecot'));
    const source = await openSource(at());
    expect(told(source.beside)).toEqual([
      'tmp holds 1 file of unfinished deliveries',
      ' holds 4 files that are no mail: dovecot-uidlist.lock, dovecot.index.log, maildirfolder, …',
    ]);
    expect(told(source.problems)).toEqual([
      'dovecot-uidlist.eml begins as a message does, but has no name of one',
      '.Sub/3.a begins as a message does, but has no name of one',
    ]);
    const items = (await readAll(source)).get('INBOX') ?? [];
    expect(items).toContainEqual(
      expect.objectContaining({ kind: 'beside', reason: 'holds 1 hidden file among the messages' }),
    );
  });

  test('a message that comes while the folder is read is told', async () => {
    await put('cur/1.a', 'x');
    const source = await openSource(at());
    const items: SourceItem[] = [];
    for await (const item of source.folders[0]?.read() ?? []) {
      if (items.length === 0) await put('new/2.a', 'y');
      items.push(item);
    }
    expect(reasons(items)).toEqual(['came while the import ran: run the same import again']);
    expect(await readFile(at('new/2.a'), 'utf8')).toBe('y');
  });
});
