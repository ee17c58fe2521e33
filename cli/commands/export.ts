/** `lethe export` */
import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { checkDirectory } from '../export/export-directory.ts';
import type { ExportForm } from '../export/export-form.ts';
import { type ExportSource, openExportSource } from '../export/export-source.ts';
import { planNames } from '../export/folder-names.ts';
import { claimOf, type ExportReport, runExport } from '../export/run-export.ts';
import { type Io, writeLine } from '../io.ts';
import { showSteps } from '../output/progress.ts';
import { printRecord } from '../output/records.ts';
import { count, counted, duration, safe, size } from '../output/text.ts';
import { printExport, tellExport } from './export-report.ts';

export interface ExportCommandOptions {
  readonly user: string;
  readonly as?: string;
  readonly form: ExportForm;
  readonly utf8?: boolean;
  readonly dryRun?: boolean;
}

/**
 * Exports the mail of a user. Ends 65 when it is not complete; 130 when interrupted.
 * @throws CliError 64 for contradictory options, 73 and 74 where the directory is at fault
 */
export async function exportMail(
  context: Context,
  path: string,
  { user, as, form, utf8 = false, dryRun = false }: ExportCommandOptions,
): Promise<number> {
  const { io, format } = context;
  if (utf8 && form !== 'maildir') {
    throw new CliError(EXIT.usage, '--utf8 is about the names in a Maildir: not with --form');
  }
  const directory = resolve(io.cwd, path);
  const source = await openExportSource(await context.client(), user, as);
  const place = { directory, form, utf8 };
  if (dryRun) return await showWhatGoes(context, source, place);
  const report = await exportWithProgress(io, source, place);
  await tellExport(io, report, form);
  await printExport(io, format, { user, directory, form }, report);
  return await ending(io, report);
}

export interface ExportPlace {
  readonly directory: string;
  readonly form: ExportForm;
  readonly utf8: boolean;
}

/** Exports, with progress on standard error. @throws CliError when the directory cannot be used */
export async function exportWithProgress(
  io: Io,
  source: ExportSource,
  place: ExportPlace & { readonly trusted?: boolean },
): Promise<ExportReport> {
  const view = await showSteps([`Export messages to ${safe(place.directory)}`], io);
  const startedAt = io.now();
  view.enter(0);
  let report: ExportReport;
  try {
    report = await runExport(source, {
      ...place,
      signal: io.interruption(),
      now: () => io.now(),
      onProgress: (so) => view.detail(progressLine(so, io.now() - startedAt)),
    });
  } catch (error) {
    await view.fail(error instanceof Error ? error.message : String(error));
    throw error;
  }
  const { failure } = report;
  if (failure instanceof Error) await view.fail(failure.message);
  else if (io.interruption().aborted) await view.abandon();
  else await view.finish();
  const elapsedMs = io.now() - startedAt;
  await writeLine(io.stderr, `${progressLine(report, elapsedMs)}, in ${duration(elapsedMs)}`);
  return report;
}

function progressLine(
  { messages, stored, storedBytes, present, looks, mailboxes }: ExportReport,
  elapsedMs: number,
): string {
  const seconds = Math.max(elapsedMs, 1) / 1000;
  const listed = `${counted(messages, 'message')} in ${counted(mailboxes.length, 'mailbox', 'mailboxes')}`;
  const speed = `${count(Math.round(stored / seconds))} messages/s`;
  const brought = `${count(stored)} brought, ${size(storedBytes)}, ${speed}`;
  const back = present === 0 ? '' : `; ${count(present)} read back`;
  return `look ${looks}: ${listed}; ${brought}${back}`;
}

/** Checks names and directory, and says what an export would bring; makes nothing. */
async function showWhatGoes(
  { io, format }: Pick<Context, 'io' | 'format'>,
  source: ExportSource,
  place: ExportPlace,
): Promise<number> {
  await checkDirectory(place.directory, claimOf(source, place), source.user);
  const mailboxes = (await source.mailboxes()).filter(({ path }) => !source.isStorage(path));
  const { meeting } = planNames(
    mailboxes.map(({ path }) => path),
    place,
  );
  for (const names of meeting) {
    const told = names.map((name) => safe(name)).join(', ');
    await writeLine(io.stderr, `note: where case does not count, these are one folder: ${told}`);
  }
  const sum = (of: (mailbox: (typeof mailboxes)[number]) => number): number =>
    mailboxes.reduce((total, mailbox) => total + of(mailbox), 0);
  const answer = {
    dryRun: true,
    user: source.user,
    directory: place.directory,
    form: place.form,
    mailboxes: mailboxes.length,
    messages: sum(({ messages }) => messages),
    bytes: sum(({ bytes }) => bytes),
  };
  await printRecord(io, format, answer, [
    { name: 'dryRun', value: ({ dryRun }) => dryRun, shown: () => 'nothing was written' },
    { name: 'directory', value: ({ directory }) => directory },
    { name: 'form', value: ({ form }) => form },
    { name: 'mailboxes', value: (one) => one.mailboxes, shown: (one) => count(one.mailboxes) },
    { name: 'messages', value: ({ messages }) => messages, shown: (one) => count(one.messages) },
    { name: 'bytes', value: ({ bytes }) => bytes, shown: ({ bytes }) => size(bytes) },
  ]);
  return EXIT.ok;
}

const AGAIN = 'Run the same export again: it brings what is missing, and nothing twice.';

async function ending(
  io: Pick<Io, 'interruption' | 'stderr'>,
  { failure, stored, complete }: ExportReport,
): Promise<number> {
  const stopped = `stopped after ${counted(stored, 'message')}`;
  if (failure !== undefined) {
    await writeLine(io.stderr, `${stopped}. ${AGAIN}`);
    throw failure;
  }
  if (io.interruption().aborted) throw new CliError(EXIT.interrupted, stopped, { hint: AGAIN });
  return complete ? EXIT.ok : EXIT.badData;
}
