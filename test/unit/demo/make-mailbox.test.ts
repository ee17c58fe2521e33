import { createHash } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { beforeAll, describe, expect, test } from 'vitest';
import { openSource } from '../../../cli/import/open-source.ts';
import { type MailboxSummary, makeMailbox } from '../../../demo/make-mailbox.ts';
import { temporaryDirectory, useTemporaryDirectories } from '../cli/support/temporary-directory.ts';

useTemporaryDirectories();

const UNTIL = new Date('2026-11-01T00:00:00Z');
const MESSAGES = 400;

/** Path, time and content of every file. */
async function fingerprint(directory: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((at) => join(at.parentPath, at.name));
  for (const file of files.sort()) {
    const { mtimeMs } = await stat(file);
    const message = /\/(cur|new)\//.test(file);
    hash.update(`${file.slice(directory.length)}\n${message ? mtimeMs : ''}\n`);
    hash.update(await readFile(file));
  }
  return hash.digest('hex');
}

describe('the mailbox of the demo', () => {
  let directory: string;
  let summary: MailboxSummary;
  const raws: Buffer[] = [];

  beforeAll(async () => {
    directory = await temporaryDirectory();
    summary = await makeMailbox({ directory, messages: MESSAGES, seed: 7, until: UNTIL });
    for (const folder of (await openSource(directory)).folders) {
      for await (const item of folder.read()) {
        if (item.kind !== 'message') throw new Error(JSON.stringify(item));
        raws.push(Buffer.from(item.raw));
      }
    }
  });

  test('is the same, byte for byte, for the same seed, and another for another', async () => {
    const again = await temporaryDirectory();
    await makeMailbox({ directory: again, messages: MESSAGES, seed: 7, until: UNTIL });
    expect(await fingerprint(again)).toBe(await fingerprint(directory));
    const other = await temporaryDirectory();
    await makeMailbox({ directory: other, messages: MESSAGES, seed: 8, until: UNTIL });
    expect(await fingerprint(other)).not.toBe(await fingerprint(directory));
  });

  test('is read by the importer, with its names in every script', async () => {
    const source = await openSource(directory);
    const counts = new Map(source.folders.map(({ mailbox, messages }) => [mailbox, messages]));
    expect(counts).toEqual(
      new Map([...summary.folders].map(([mailbox, { messages }]) => [mailbox, messages])),
    );
    expect([...counts.keys()]).toEqual(
      expect.arrayContaining(['INBOX', 'Projekte/Größe & Gewicht', '日本語/仕事', 'R&D', 'Счета']),
    );
    expect(source.problems).toEqual([]);
    expect(raws).toHaveLength(MESSAGES);
    expect(raws.reduce((sum, { length }) => sum + length, 0)).toBe(summary.bytes);
  });

  test('holds every kind of message, and each is well-formed', async () => {
    const seen = { noMessageId: 0, attachments: 0, calendar: 0, nested: 0, html: 0, threads: 0 };
    let eightBitHeaders = 0;
    for (const raw of raws) {
      const mail = await PostalMime.parse(raw, { forceRfc822Attachments: true });
      const has = (type: string): boolean =>
        mail.attachments.some(({ mimeType }) => mimeType === type);
      seen.noMessageId += mail.messageId ? 0 : 1;
      seen.attachments += mail.attachments.length;
      seen.calendar += has('text/calendar') ? 1 : 0;
      seen.nested += has('message/rfc822') ? 1 : 0;
      seen.html += mail.html ? 1 : 0;
      seen.threads = Math.max(seen.threads, (mail.references ?? '').split(' ').length);
      expect(mail.from?.address).toContain('@');
      const head = raw.subarray(0, raw.indexOf('\n\n') + 1 || raw.indexOf('\r\n\r\n'));
      eightBitHeaders += head.some((byte) => byte > 127) ? 1 : 0;
    }
    for (const [what, found] of Object.entries(seen)) expect(found, what).toBeGreaterThan(3);
    expect(eightBitHeaders).toBeGreaterThan(3);
    expect(raws.some((raw) => raw.includes('=?UTF-8?Q?'))).toBe(true);
    expect(raws.some((raw) => raw.includes('=?UTF-8?B?'))).toBe(true);
  });

  test('has flags, keywords and dates over the two years before', async () => {
    const flags = new Set<string>();
    const keywords = new Set<string>();
    const times: number[] = [];
    for (const folder of (await openSource(directory)).folders) {
      for await (const item of folder.read()) {
        if (item.kind !== 'message') continue;
        for (const flag of item.flags) flags.add(flag);
        for (const keyword of item.keywords) keywords.add(keyword);
        times.push(item.internalDate.getTime());
      }
    }
    expect(flags).toEqual(new Set(['\\Seen', '\\Answered', '\\Flagged', '\\Draft', '\\Deleted']));
    expect(keywords).toEqual(new Set(['$Forwarded', '$Work', '$Label1', 'todo']));
    expect(Math.max(...times)).toBeLessThan(UNTIL.getTime());
    expect(Math.min(...times)).toBeGreaterThan(new Date('2024-10-31T00:00:00Z').getTime());
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(700 * 86_400_000);
  });

  test('O2: wrong options are refused, naming them, and nothing that is there is overwritten', async () => {
    const empty = await temporaryDirectory();
    await expect(makeMailbox({ directory: empty, messages: 0 })).rejects.toThrow(
      'messages: got 0, allowed are whole numbers from 1',
    );
    await writeFile(join(empty, 'mine'), 'x');
    await expect(makeMailbox({ directory: empty, messages: 1 })).rejects.toThrow('is not empty');
    expect(await readdir(empty)).toEqual(['mine']);
  });
});
