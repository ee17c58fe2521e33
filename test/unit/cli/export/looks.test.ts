import { readdir, readFile, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { EXPORT_FORMS, type ExportForm } from '../../../../cli/export/export-form.ts';
import { digestOf } from '../../../../cli/import/parity.ts';
import { exportTo, filesIn, type ManifestLine, manifestOf } from '../support/exported.ts';
import { MemorySource } from '../support/memory-source.ts';
import { temporaryDirectory, useTemporaryDirectories } from '../support/temporary-directory.ts';

useTemporaryDirectories();

let directory: string;
let source: MemorySource;

beforeEach(async () => {
  directory = join(await temporaryDirectory(), 'out');
  source = new MemorySource();
});

const mail = (subject: string) => ({ raw: Buffer.from(`Subject: ${subject}\n\nbody\n`) });

const messagesOf = (lines: readonly ManifestLine[]): ManifestLine[] =>
  lines.filter(({ kind }) => kind === 'message');

/** `mailbox uid` of what the manifest names, as it is there. */
const namedIn = (lines: readonly ManifestLine[]): string[] =>
  messagesOf(lines)
    .map(({ mailbox, uid, went }) => `${mailbox} ${uid}${went ? ' went' : ''}`)
    .sort();

const totalsOf = (lines: readonly ManifestLine[]) => lines.find(({ kind }) => kind === 'totals');

describe.each(EXPORT_FORMS)('an export to %s', (form: ExportForm) => {
  const run = (options = {}) => exportTo(directory, source, form, options);

  test('U5: run again, it fetches nothing twice and brings what is new', async () => {
    source.add('INBOX', mail('a'), mail('b')).add('Work', mail('c'));
    expect(await run()).toMatchObject({ complete: true, stored: 3, messages: 3, looks: 2 });
    expect(source.fetched).toHaveLength(3);
    source.add('INBOX', mail('d'));
    expect(await run()).toMatchObject({ complete: true, stored: 1, messages: 4 });
    expect(source.fetched).toEqual(['INBOX 1', 'INBOX 2', 'Work 1', 'INBOX 3']);
    expect(await run()).toMatchObject({ complete: true, stored: 0, messages: 4, looks: 1 });
    expect(namedIn(await manifestOf(directory))).toEqual([
      'INBOX 1',
      'INBOX 2',
      'INBOX 3',
      'Work 1',
    ]);
  });

  test('W1: mail that comes while it runs is brought by the next look', async () => {
    source.add('INBOX', mail('a'));
    const came = ['late', 'later'];
    source.onList = () => {
      const subject = came.shift();
      if (subject !== undefined) source.add('INBOX', mail(subject));
    };
    expect(await run()).toMatchObject({ complete: true, messages: 3, problems: [] });
    expect(namedIn(await manifestOf(directory))).toEqual(['INBOX 1', 'INBOX 2', 'INBOX 3']);
  });

  test('W5: it is not complete where mail comes in each look', async () => {
    source.add('INBOX', mail('a'));
    let number = 0;
    source.onList = () => {
      number += 1;
      source.add('INBOX', mail(`late ${number}`));
    };
    const report = await run();
    expect(report).toMatchObject({ complete: false, looks: 5 });
    expect(report.problems.length).toBeGreaterThan(0);
    expect(totalsOf(await manifestOf(directory))).toMatchObject({ complete: false });
    source.onList = () => {};
    expect(await run()).toMatchObject({ complete: true, messages: 6 });
  });

  test('W1: mail that moves to a mailbox that was looked at already is not missed', async () => {
    source.add('A', mail('a')).add('B', mail('moved'), mail('stays'));
    let moved = false;
    source.onList = (path) => {
      if (path !== 'A' || moved) return;
      moved = true;
      source.box('B').messages.delete(1);
      source.add('A', mail('moved'));
    };
    expect(await run()).toMatchObject({ complete: true, messages: 3 });
    expect(namedIn(await manifestOf(directory))).toEqual(['A 1', 'A 2', 'B 2']);
  });

  test('W1: what went from the account after it was brought stays, and is marked', async () => {
    source.add('INBOX', mail('a'), mail('b')).add('Old', mail('c'));
    await run();
    source.box('INBOX').messages.delete(1);
    source.boxes.delete('Old');
    expect(await run()).toMatchObject({ complete: true, messages: 1, went: 2 });
    const lines = await manifestOf(directory);
    expect(namedIn(lines)).toEqual(['INBOX 1 went', 'INBOX 2', 'Old 1 went']);
    expect(totalsOf(lines)).toMatchObject({ messages: 1, went: 2, complete: true });
    expect(await bodies(lines)).toEqual(
      ['a', 'b', 'c'].map((subject) => mail(subject).raw.toString()),
    );
  });

  test('W1: a message that goes between list and fetch is told', async () => {
    source.add('INBOX', mail('a'), mail('b'));
    source.onFetch = (path, uid) => {
      if (uid === 2) source.box(path).messages.delete(2);
    };
    const notes = ['INBOX lost 1 message before being fetched (UID 2)'];
    expect(await run()).toMatchObject({ complete: true, vanished: 1, messages: 1, notes });
  });

  test('W5: bytes that are not those of the account are not exported, and it is not complete', async () => {
    source.add('INBOX', mail('a'), { ...mail('b'), digest: digestOf(Buffer.from('other')) });
    const good = source.fetch.bind(source);
    source.fetch = async (path, row) =>
      row.uid === 2 ? { reason: 'came with other bytes' } : await good(path, row);
    const report = await run();
    expect(report).toMatchObject({ complete: false, messages: 2 });
    expect(report.problems).toMatchObject([
      { source: 'INBOX, UID 2', reason: 'came with other bytes' },
    ]);
    expect(namedIn(await manifestOf(directory))).toEqual(['INBOX 1']);
  });

  test('W5: a mailbox that counts more than it lists is not complete', async () => {
    source.add('INBOX', mail('a'));
    source.uncounted = 1;
    const report = await run();
    expect(report.complete).toBe(false);
    expect(report.problems[0]?.reason).toContain('counts 2 messages and lists 1');
  });

  test('W1: what was damaged on disk since is fetched again', async () => {
    source.add('INBOX', mail('a'), mail('b'));
    await run();
    const lines = messagesOf(await manifestOf(directory));
    await truncate(join(directory, lines[0]?.path ?? ''), 5);
    expect((await run()).complete).toBe(true);
    expect(await bodies(await manifestOf(directory))).toEqual([
      mail('a').raw.toString(),
      mail('b').raw.toString(),
    ]);
  });

  test('W5: without a known digest, only what was written down is taken for whole', async () => {
    source.add('INBOX', { ...mail('a'), digest: '' });
    await run();
    expect((await run()).stored).toBe(0);
    const path = messagesOf(await manifestOf(directory))[0]?.path ?? '';
    const text = await readFile(join(directory, path), 'latin1');
    await writeFile(join(directory, path), text.replace('body', 'evil'));
    expect(await run()).toMatchObject({ complete: true, stored: 1 });
    expect(await bodies(await manifestOf(directory))).toEqual([mail('a').raw.toString()]);
  });

  test('flags that change are brought up to date, without a fetch', async () => {
    source.add('INBOX', { ...mail('a'), flags: ['\\Seen'] }, mail('b'));
    await run();
    source.change('INBOX', 1, { flags: ['\\Flagged'], keywords: ['todo'] });
    expect(await run()).toMatchObject({ complete: true, stored: 0 });
    const lines = messagesOf(await manifestOf(directory));
    expect(lines.find(({ uid }) => uid === 1)?.flags).toEqual(['\\Flagged']);
    expect(await filesIn(directory)).toHaveLength({ maildir: 5, mbox: 1, eml: 2 }[form]);
    if (form === 'mbox') {
      const text = await readFile(join(directory, 'INBOX.mbox'), 'latin1');
      expect(text).toContain('X-Status: F\nX-Keywords: todo\n');
    }
  });

  test('U5: an interrupted one says nothing of complete, and has no manifest', async () => {
    source.add('INBOX', ...Array.from({ length: 40 }, (_, number) => mail(`${number}`)));
    await run();
    source.add('INBOX', ...Array.from({ length: 40 }, (_, number) => mail(`more ${number}`)));
    const interruption = new AbortController();
    source.onFetch = (_, uid) => {
      if (uid === 50) interruption.abort();
    };
    expect(await run({ signal: interruption.signal })).toMatchObject({ complete: false });
    await expect(manifestOf(directory)).rejects.toThrow('ENOENT');
    source.onFetch = () => {};
    expect(await run()).toMatchObject({ complete: true, messages: 80 });
    const fetched = new Set(source.fetched);
    expect(fetched.size).toBe(80);
    // What was under way when it was interrupted, at most, is fetched again.
    expect(source.fetched.length).toBeLessThanOrEqual(80 + 8);
  });

  test('W1: a mailbox made anew under its name is not mixed with the old one', async () => {
    source.add('Work', mail('old'));
    await run();
    source.boxes.delete('Work');
    source.box('Work', 999);
    source.add('Work', mail('new'));
    const report = await run();
    expect(report.complete).toBe(false);
    expect(report.problems[0]?.reason).toContain('UIDVALIDITY 999, not 70');
    const lines = await manifestOf(directory);
    expect(namedIn(lines)).toEqual(['Work 1 went']);
    expect(await bodies(lines)).toEqual([mail('old').raw.toString()]);
  });

  test('W5: a folder that became a link meanwhile leads nowhere', async () => {
    source.add('INBOX', mail('a')).add('Work/Sub', mail('b'));
    await run();
    const [name] = (await readdir(directory)).filter((one) => /Work/.test(one));
    const elsewhere = await temporaryDirectory();
    await rename(join(directory, name ?? ''), join(elsewhere, 'moved'));
    await symlink(elsewhere, join(directory, name ?? ''));
    const report = await run();
    expect(report).toMatchObject({ complete: false });
    expect(String(report.failure)).toContain('no directory');
    expect(await readdir(elsewhere)).toEqual(['moved']);
  });

  /** What the manifest says is on disk. */
  async function bodies(lines: readonly ManifestLine[]): Promise<string[]> {
    const found: string[] = [];
    for (const { path = '', offset, length = 0 } of messagesOf(lines)) {
      const text = await readFile(join(directory, path), 'latin1');
      if (offset === undefined) found.push(text);
      else {
        const framed = text.slice(offset, offset + length);
        found.push(framed.replace(/^[\s\S]*?X-UID: \d+\n/, '').replace(/\n$/, ''));
      }
    }
    return found.sort();
  }
});
