/** What an export tells: a line for each mailbox, what was left out, and whether it is complete. */
import { join } from 'node:path';
import type { ExportForm } from '../export/export-form.ts';
import type { MailboxLook } from '../export/export-mailbox.ts';
import type { NotExported } from '../export/export-source.ts';
import { MANIFEST_FILE } from '../export/manifest.ts';
import type { ExportReport } from '../export/run-export.ts';
import { type Io, writeLine } from '../io.ts';
import { type Field, printList } from '../output/records.ts';
import { count, counted, safe, size } from '../output/text.ts';
import type { Format } from '../settings.ts';

/** Problems told one by one; `-f json` has all. */
const PROBLEMS_TOLD_MAX = 20;

const number = (name: 'messages' | 'stored' | 'went'): Field<MailboxLook> => ({
  name,
  value: (look) => look[name],
  shown: (look) => count(look[name]),
});

const FIELDS: readonly Field<MailboxLook>[] = [
  { name: 'mailbox', value: ({ mailbox }) => mailbox },
  number('messages'),
  { name: 'bytes', value: ({ bytes }) => bytes, shown: ({ bytes }) => size(bytes) },
  number('went'),
];

interface Where {
  readonly user: string;
  readonly directory: string;
  readonly form: ExportForm;
}

/** Data on standard output. */
export async function printExport(
  io: Pick<Io, 'stdout' | 'interruption'>,
  format: Format,
  { user, directory, form }: Where,
  report: ExportReport,
): Promise<void> {
  const seen = report.mailboxes.filter(({ isSkipped }) => !isSkipped);
  if (format !== 'json') {
    await printList(io, format, onePage(seen), FIELDS);
    return;
  }
  const { failure, mailboxes, problems, ...numbers } = report;
  const ended = failure === undefined && !io.interruption().aborted;
  const answer = {
    user,
    directory,
    form,
    ...(ended ? { manifest: join(directory, MANIFEST_FILE) } : {}),
    ...numbers,
    mailboxes: seen.map(({ mailbox, messages, bytes, went, notes }) => ({
      mailbox,
      messages,
      bytes,
      went,
      notes,
    })),
    problems: problems.map(({ source, reason }) => ({ source, reason })),
  };
  await writeLine(io.stdout, JSON.stringify(answer, undefined, 2));
}

/** For people, on standard error. */
export async function tellExport(
  { stderr }: Pick<Io, 'stderr'>,
  report: ExportReport,
  form: ExportForm,
): Promise<void> {
  const { mailboxes, problems, notes, went, notExported } = report;
  const tell = (line: string): Promise<void> => writeLine(stderr, line);
  for (const { source, reason } of problems.slice(0, PROBLEMS_TOLD_MAX)) {
    await tell(`not exported: ${safe(source)} ${safe(reason)}`);
  }
  const untold = problems.length - PROBLEMS_TOLD_MAX;
  if (untold > 0) await tell(`not exported: ${count(untold)} more`);
  for (const note of notes) await tell(`note: ${safe(note)}`);
  for (const look of mailboxes) {
    for (const note of look.notes) await tell(`note: ${safe(look.mailbox)} ${safe(note)}`);
  }
  if (went > 0) {
    await tell(`note: ${counted(went, 'message')} on disk went from the account meanwhile; kept`);
  }
  if (notExported !== undefined) {
    for (const line of notExportedLines(notExported)) await tell(line);
  }
  if (report.complete) {
    const held = `${counted(report.messages, 'message')}, ${size(report.bytes)}`;
    await tell(`complete: ${held}, each read back and compared (${form}, ${MANIFEST_FILE})`);
  } else await tell('not complete');
}

/** What the account has besides, and how to get at it. */
function notExportedLines({
  expungeStorages,
  expungedInPlace,
  deletedFolders,
  unasked,
}: NotExported): string[] {
  const many = ({ messages, bytes }: { messages: number; bytes: number }): string =>
    `${counted(messages, 'message')}, ${size(bytes)}`;
  const lines: string[] = [];
  if (expungeStorages.messages > 0) {
    lines.push(
      `not exported: ${many(expungeStorages)} in the expunge storage (lethe message restore)`,
    );
  }
  if (expungedInPlace.messages > 0) {
    lines.push(
      `not exported: ${many(expungedInPlace)} expunged in place (lethe message unexpunge)`,
    );
  }
  if (deletedFolders.folders > 0) {
    const folders = counted(deletedFolders.folders, 'deleted folder');
    lines.push(`not exported: ${folders} with ${many(deletedFolders)} (lethe mailbox undelete)`);
  }
  if (unasked) {
    lines.push('not exported: expunged mail and deleted folders, which administrators see alone');
  }
  return lines;
}

async function* onePage<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  yield items;
}
