import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ExportForm } from '../../../../cli/export/export-form.ts';
import { exportTo } from '../support/exported.ts';
import { MemorySource } from '../support/memory-source.ts';
import { temporaryDirectory, useTemporaryDirectories } from '../support/temporary-directory.ts';

useTemporaryDirectories();

/** Of Linux: no process has a higher number. */
const PID_MAX = 2 ** 22;

let directory: string;
let source: MemorySource;

beforeEach(async () => {
  directory = join(await temporaryDirectory(), 'out');
  source = new MemorySource();
});

const mail = (subject: string) => ({ raw: Buffer.from(`Subject: ${subject}\n\nbody\n`) });

describe('the directory of an export', () => {
  const run = (form: ExportForm = 'maildir', options = {}) =>
    exportTo(directory, source, form, options);

  beforeEach(() => void source.add('INBOX', mail('a')));

  test('O2: is not one that holds anything else', async () => {
    await mkdir(directory);
    await writeFile(join(directory, 'mine'), 'text');
    await expect(run()).rejects.toMatchObject({ exitCode: 73, message: /is not empty, and is no/ });
    expect(await readdir(directory)).toEqual(['mine']);
  });

  test('O2: is that of one account and one form', async () => {
    await run();
    await expect(run('mbox')).rejects.toMatchObject({ exitCode: 73, message: /form maildir/ });
    await expect(run('maildir', { utf8: true })).rejects.toMatchObject({ exitCode: 73 });
    const other = Object.assign(new MemorySource(), { accountId: 'other' });
    await expect(exportTo(directory, other, 'maildir')).rejects.toMatchObject({
      exitCode: 73,
      message: /no export of/,
    });
  });

  test('O2: is no file', async () => {
    await writeFile(directory, 'file');
    await expect(run()).rejects.toMatchObject({ exitCode: 73, message: /is no directory/ });
  });

  test('U5: of a run that was killed before it had claimed it, is taken', async () => {
    await mkdir(join(directory, 'lethe-export.d/tmp'), { recursive: true });
    await writeFile(join(directory, 'lethe-export.d/lock'), '');
    expect(await run()).toMatchObject({ complete: true });
  });

  test('U5: has one writer; a lock of a process that is gone is none', async () => {
    await run();
    const lock = join(directory, 'lethe-export.d/lock');
    await writeFile(lock, `${process.ppid}\n`);
    await expect(run()).rejects.toMatchObject({ exitCode: 75, message: /another export/ });
    await writeFile(lock, `${PID_MAX + 1}\n`);
    expect(await run()).toMatchObject({ complete: true });
  });

  test('W1: names that meet where case does not count are told', async () => {
    source.add('Work', mail('b')).add('work', mail('c'));
    const report = await run();
    expect(report).toMatchObject({ complete: true, messages: 3 });
    expect(report.notes[0]).toContain('"Work" and "work" are one folder for');
  });

  test('W5: keeps what is not its own, and says so', async () => {
    await run();
    await writeFile(join(directory, 'cur/foreign:2,S'), 'mine');
    const report = await run();
    expect(report).toMatchObject({ complete: true });
    expect(report.mailboxes[0]?.notes[0]).toContain('this export has not brought (foreign:2,S)');
    expect(await readFile(join(directory, 'cur/foreign:2,S'), 'utf8')).toBe('mine');
  });

  test('W1: more keywords than a Maildir has letters are named', async () => {
    const keywords = Array.from(
      { length: 30 },
      (_, number) => `k${String(number).padStart(2, '0')}`,
    );
    source.add('Many', { ...mail('b'), keywords }, { ...mail('c'), keywords: ['k29', 'K29'] });
    const report = await run();
    expect(report.complete).toBe(true);
    const notes = report.mailboxes.find(({ mailbox }) => mailbox === 'Many')?.notes ?? [];
    expect(notes.map((note) => /"(\w+)"/.exec(note)?.[1]).sort()).toEqual(
      ['K29', 'k25', 'k26', 'k27', 'k28'].sort(),
    );
    const list = await readFile(join(directory, '.Many/dovecot-keywords'), 'utf8');
    expect(list.split('\n')[0]).toBe('0 k29');
    await rm(directory, { recursive: true });
  });
});
