import { spawn, spawnSync } from 'node:child_process';
import { truncate } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
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

useSourceFiles();

const MESSAGES = 25;

/** More than one buffer of a pipe (64 KiB) holds. */
const BODY = `${'x'.repeat(99)}\n`.repeat(100);

const FROM = 'From a@example.org Tue Mar  3 10:11:12 2020';
const MBOX = Array.from(
  { length: MESSAGES },
  (_, number) => `${FROM}\n${mail(`message ${number}`)}${BODY}\n`,
).join('');
const EXPECTED = Array.from(
  { length: MESSAGES },
  (_, number) => `${mail(`message ${number}`)}${BODY}`,
);

const read = async (path: string, mailbox?: string): Promise<SourceItem[]> => {
  const source = await openSource(path, mailbox === undefined ? {} : { mailbox });
  return (await readAll(source)).get(mailbox ?? 'INBOX') ?? [];
};

/** What the importer reads of a path that only exists in a shell of its own. */
async function readInShell(command: string): Promise<string[]> {
  const module = new URL('../../../../cli/import/open-source.ts', import.meta.url).href;
  const script = `
    const { openSource } = await import(${JSON.stringify(module)});
    const source = await openSource(process.argv[1]);
    const found = [];
    // As an import does: to see what is there, and to compare.
    for (let run = 0; run < 2; run += 1) {
      for await (const item of source.folders[0].read()) {
        found.push(item.kind === 'message' ? item.raw.toString() : item.reason);
      }
    }
    await source.close();
    process.stdout.write(JSON.stringify(found));`;
  await put('read.mjs', script);
  const shell = spawn(
    'bash',
    [
      '-c',
      command.replaceAll('READ', '"$0" --input-type=module -e "$(cat "$1")"'),
      process.execPath,
      at('read.mjs'),
    ],
    {
      cwd: at(),
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  return JSON.parse(await text(shell.stdout)) as string[];
}

describe('W1: what can be read only once is read once, whole', () => {
  test.each([
    ['process substitution', 'READ <(zcat mail.gz)'],
    ['standard input from a pipe', 'zcat mail.gz | READ /dev/stdin'],
    ['its other name', 'zcat mail.gz | READ /dev/fd/0'],
    ['standard input from a file', 'READ /dev/stdin < mail.mbox'],
    ['compressed, through a pipe', 'cat mail.gz | READ /dev/stdin'],
  ])('%s', async (_, command) => {
    await put('mail.mbox', MBOX);
    await put('mail.gz', gzipSync(MBOX));
    expect(await readInShell(command)).toEqual([...EXPECTED, ...EXPECTED]);
  });

  test('a named pipe, with a message in it', async () => {
    spawnSync('mkfifo', [at('pipe')]);
    const writer = spawn('bash', ['-c', 'printf "Subject: a\\n\\nx\\n" > pipe'], { cwd: at() });
    expect(bodies(await read(at('pipe')))).toEqual(['Subject: a\n\nx\n']);
    writer.kill();
  });

  test('nothing, through a pipe: 65', async () => {
    await expect(openSource('/dev/null')).rejects.toMatchObject({
      exitCode: 65,
      message: expect.stringContaining('is an empty file'),
    });
  });

  test('a pipe among the messages of a folder is left out, and nobody waits for it', async () => {
    await put('cur/1.a', 'mine');
    spawnSync('mkfifo', [at('cur/2.a'), at('pipe')]);
    const source = await openSource(at());
    expect(source.problems.map(({ reason }) => reason)).toEqual(['is not a file']);
    const items = (await readAll(source)).get('INBOX');
    expect(bodies(items)).toEqual(['mine']);
    expect(reasons(items)).toEqual(['is not a file']);
  });
});

describe('W1: an mbox in gzip', () => {
  test('is read whole, also of several parts, and with the zeros of a tape', async () => {
    const half = MBOX.length / 2;
    const parts = [gzipSync(MBOX.slice(0, half)), gzipSync(MBOX.slice(half))];
    await put('mail.gz', Buffer.concat([...parts, Buffer.alloc(512)]));
    const items = await read(at('mail.gz'), 'Old');
    expect(bodies(items)).toEqual(EXPECTED);
    expect(items).toHaveLength(MESSAGES);
  });

  test('W5: that is cut or followed by something else is told', async () => {
    const whole = gzipSync(MBOX, { level: 0 });
    await put('mail.gz', whole);
    await truncate(at('mail.gz'), whole.length / 2);
    const items = await read(at('mail.gz'));
    const stored = bodies(items);
    expect(stored.length).toBeGreaterThan(MESSAGES / 3);
    expect(stored).toEqual(EXPECTED.slice(0, stored.length));
    expect(reasons(items)).toEqual([
      expect.stringMatching(/^is not whole: unexpected end of file; .* may be damaged$/),
    ]);
    await put('mail.gz', Buffer.concat([whole, Buffer.from('and more')]));
    expect(reasons(await read(at('mail.gz')))).toHaveLength(1);
  });

  test('of one message, and of none', async () => {
    await put('a.eml.gz', gzipSync(mail('a')));
    expect(bodies(await read(at('a.eml.gz')))).toEqual([mail('a')]);
    await put('tar.gz', gzipSync(Buffer.concat([Buffer.alloc(257), Buffer.from('ustar\0')])));
    await expect(openSource(at('tar.gz'))).rejects.toMatchObject({
      exitCode: 65,
      message: expect.stringContaining('is an archive of tar: unpack it first'),
    });
  });
});

describe('W1: one message', () => {
  test('goes into INBOX, or where it is told to', async () => {
    await put('a.eml', mail('a'));
    const [item] = await read(at('a.eml'), 'Old/2020');
    expect(item).toMatchObject({ internalDate: new Date('2020-03-03T10:11:12Z'), flags: [] });
    await put('12', mail('b'));
    expect(bodies(await read(at('12')))).toEqual([mail('b')]);
    // By its name, whatever is in it.
    await put('odd.eml', 'no header\n', '2024-05-06T07:08:09Z');
    expect((await read(at('odd.eml')))[0]).toMatchObject({
      internalDate: new Date('2024-05-06T07:08:09Z'),
    });
  });

  test('O2: a text is none: 65', async () => {
    await put('notes', 'From here to there\n\nNothing: at all\n');
    await expect(openSource(at('notes'))).rejects.toMatchObject({ exitCode: 65 });
    await put('a.eml', '');
    await expect(openSource(at('a.eml'))).rejects.toMatchObject({ exitCode: 65 });
  });
});
