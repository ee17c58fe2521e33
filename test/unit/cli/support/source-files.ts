/** Writes files of mail sources and reads them back as the importer does. */
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeEach } from 'vitest';
import type { MailSource, SourceItem, SourceMessage } from '../../../../cli/import/mail-source.ts';
import { temporaryDirectory, useTemporaryDirectories } from './temporary-directory.ts';

let root = '';

/** For the top of a file of tests. */
export function useSourceFiles(): void {
  useTemporaryDirectories();
  beforeEach(async () => {
    root = await temporaryDirectory();
  });
}

/** A path below a directory that is new for each test. */
export const at = (...path: string[]): string => join(root, ...path);

/** @param modified time of the file */
export async function put(
  path: string,
  content: string | Uint8Array,
  modified?: string,
): Promise<void> {
  const file = at(path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  if (modified !== undefined) await utimes(file, new Date(modified), new Date(modified));
}

/** Reads a source to its end, and closes it. */
export async function readAll(source: MailSource): Promise<Map<string, SourceItem[]>> {
  const found = new Map<string, SourceItem[]>();
  try {
    for (const folder of source.folders) {
      const items = found.get(folder.mailbox) ?? [];
      for await (const item of folder.read()) items.push(item);
      found.set(folder.mailbox, items);
    }
  } finally {
    await source.close();
  }
  return found;
}

export const isMessage = (item: SourceItem): item is SourceMessage => item.kind === 'message';

export const bodies = (items: readonly SourceItem[] | undefined): string[] =>
  (items ?? []).filter(isMessage).map(({ raw }) => Buffer.from(raw).toString('latin1'));

export const reasons = (items: readonly SourceItem[] | undefined): string[] =>
  (items ?? []).flatMap((item) => (item.kind === 'problem' ? [item.reason] : []));

export const messagesOf = (items: readonly SourceItem[] | undefined): SourceMessage[] =>
  (items ?? []).filter(isMessage);

export const notesOf = (items: readonly SourceItem[] | undefined): string[] =>
  (items ?? []).flatMap((item) => (item.kind === 'note' ? [item.text] : []));

/** A message as programs write them. */
export const mail = (subject: string, ...fields: readonly string[]): string =>
  [
    ...fields,
    'From: ann@example.org',
    'To: bob@example.net',
    'Date: Tue, 03 Mar 2020 10:11:12 +0000',
    `Message-ID: <${subject.replaceAll(' ', '-')}@example.org>`,
    `Subject: ${subject}`,
    '',
    'hello',
    '',
  ].join('\n');

export const subjects = (items: readonly SourceItem[] | undefined): string[] =>
  bodies(items).map((body) => /^Subject: (.*)$/m.exec(body)?.[1] ?? '');
