import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readArguments, readMailbox } from '../../../demo/arguments.ts';
import { temporaryDirectory, useTemporaryDirectories } from '../cli/support/temporary-directory.ts';

useTemporaryDirectories();

const MAIL = 'From: a@example.org\nSubject: x\n\nx\n';

async function filesIn(files: Readonly<Record<string, string>>): Promise<string> {
  const directory = await temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), content);
  }
  return directory;
}

describe('the words after npm run demo --', () => {
  test.each([
    [[], { kind: 'run' }],
    [['Maildir'], { kind: 'run', path: 'Maildir' }],
    [['--', '--odd'], { kind: 'run', path: '--odd' }],
    [['-'], { kind: 'run', path: '-' }],
    [['--help'], { kind: 'help' }],
    [['Maildir', '-h'], { kind: 'help' }],
    [['--', '--help'], { kind: 'run', path: '--help' }],
  ])('O2: %j is understood', (words, asked) => {
    expect(readArguments(words)).toEqual(asked);
  });

  test.each([
    [['--dry-run'], 'there is no option --dry-run'],
    [['a', 'b'], 'one mailbox is shown at a time, got 2'],
    [[''], 'the path of the mailbox is empty'],
  ])('O2: %j is refused', (words, reason) => {
    expect(readArguments(words)).toEqual({ kind: 'wrong', reason });
  });
});

describe('O2: the mailbox is looked at before anything starts', () => {
  test('an empty file in it is left out, and the rest is shown', async () => {
    const directory = await filesIn({ 'cur/1.a:2,S': MAIL, 'cur/2.b:2,S': '', 'new/3.c': MAIL });
    expect(await readMailbox(directory)).toEqual({ messages: 2, leftOut: 1 });
  });

  test('one message is a mailbox', async () => {
    const directory = await filesIn({ 'x.eml': MAIL });
    expect(await readMailbox(join(directory, 'x.eml'))).toEqual({ messages: 1, leftOut: 0 });
  });

  test.each([
    ['what is not there', {}, 'none', 64, /there is no \S+none: allowed is a Maildir/],
    ['a file that is no mail', { 'a.txt': 'hello\n' }, 'a.txt', 65, /begins with "hello"/],
    ['an empty file', { 'a.mbox': '' }, 'a.mbox', 65, /is an empty file/],
    ['a folder without mail', { 'a/b.txt': 'x' }, 'a', 65, /is a folder with 0 folders/],
    ['empty messages alone', { 'm/cur/1.a': '' }, 'm', 65, /no message .*: \S+1\.a is empty$/],
    ['an empty Maildir', { 'm/cur/.keep': '' }, 'm', 65, /holds no message that can be imported/],
  ])('%s is named with the reason', async (_title, files, path, exitCode, message) => {
    const directory = await filesIn(files);
    await expect(readMailbox(join(directory, path))).rejects.toMatchObject({
      exitCode,
      message: expect.stringMatching(message),
    });
  });

  test('links out of it are no mail', async () => {
    const directory = await filesIn({ 'm/cur/.keep': '' });
    await symlink('/etc/passwd', join(directory, 'm/cur/1.a:2,S'));
    await expect(readMailbox(join(directory, 'm'))).rejects.toMatchObject({ exitCode: 65 });
  });

  test('what can be read once only is refused: it is read twice', async () => {
    await expect(readMailbox('/dev/null')).rejects.toMatchObject({ exitCode: 64 });
  });
});
