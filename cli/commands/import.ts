/** `lethe import` */
import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import { CliError, ProblemError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { type ImportTarget, nowhere, openTarget } from '../import/import-target.ts';
import type { MailSource } from '../import/mail-source.ts';
import { openSource } from '../import/open-source.ts';
import { type ImportMode, type ImportReport, runImport } from '../import/run-import.ts';
import { type Io, writeLine } from '../io.ts';
import { showSteps } from '../output/progress.ts';
import { count, counted, duration, size } from '../output/text.ts';
import { printReport } from './import-report.ts';

export interface ImportCommandOptions {
  readonly user: string;
  readonly mailboxPrefix?: string;
  readonly mailbox?: string;
  readonly overQuota?: boolean;
  readonly dryRun?: boolean;
  readonly verifyOnly?: boolean;
}

const TITLES: Readonly<Record<ImportMode, string>> = {
  import: 'Store messages',
  verify: 'Compare messages',
  read: 'Read messages, storing nothing',
};

/**
 * Imports a source, or compares it. Ends 65 when something was skipped or is missing, or when a
 * comparison finds both sides different; 130 when interrupted.
 */
export async function importMail(
  context: Context,
  path: string,
  options: ImportCommandOptions,
): Promise<number> {
  const { io } = context;
  const prefix = parsePrefix(options.mailboxPrefix);
  const mode = modeOf(options);
  const { mailbox } = options;
  const source = await openSource(resolve(io.cwd, path), mailbox === undefined ? {} : { mailbox });
  try {
    const target =
      mode === 'read'
        ? nowhere()
        : await openTarget(await context.client(), options.user, {
            signal: io.interruption(),
            overQuota: options.overQuota === true,
          });
    const report = await importWithProgress(io, source, target, { mode, prefix });
    await printReport(context, source.format, report, mode);
    return await ending(io, report, mode);
  } finally {
    await source.close();
  }
}

function modeOf({ dryRun, verifyOnly }: ImportCommandOptions): ImportMode {
  if (dryRun && verifyOnly) {
    throw new CliError(EXIT.usage, 'allowed is one of --dry-run and --verify-only');
  }
  if (verifyOnly) return 'verify';
  return dryRun ? 'read' : 'import';
}

async function importWithProgress(
  io: Io,
  source: MailSource,
  target: ImportTarget,
  { mode, prefix }: { readonly mode: ImportMode; readonly prefix: string | undefined },
): Promise<ImportReport> {
  const total = expectedMessages(source);
  const folders = counted(source.folders.length, 'mailbox', 'mailboxes');
  const found = total === undefined ? '' : `, ${counted(total, 'message')}`;
  await writeLine(io.stderr, `${source.format}: ${folders}${found}`);
  const view = await showSteps([TITLES[mode]], io);
  const startedAt = io.now();
  view.enter(0);
  const report = await runImport(source, target, {
    mode,
    ...(prefix === undefined ? {} : { mailboxPrefix: prefix }),
    signal: io.interruption(),
    onProgress: (so) => view.detail(progressLine(so, mode, total, io.now() - startedAt)),
  });
  const message = report.failure instanceof Error ? report.failure.message : undefined;
  if (message !== undefined) await view.fail(message);
  else if (io.interruption().aborted) await view.abandon();
  else await view.finish();
  const line = progressLine(report, mode, undefined, io.now() - startedAt);
  await writeLine(io.stderr, `${line}, in ${duration(io.now() - startedAt)}`);
  return report;
}

/** Undefined when one of the folders does not know before it is read. */
function expectedMessages({ folders }: MailSource): number | undefined {
  let total = 0;
  for (const { messages } of folders) {
    if (messages === undefined) return undefined;
    total += messages;
  }
  return total;
}

function progressLine(
  { stored, bytes, read, present, skipped }: ImportReport,
  mode: ImportMode,
  total: number | undefined,
  elapsedMs: number,
): string {
  const seconds = Math.max(elapsedMs, 1) / 1000;
  const of = total === undefined ? '' : ` of ${count(total)}`;
  if (mode === 'verify') {
    const left = skipped > 0 ? `, ${count(skipped)} skipped` : '';
    return `${count(read)}${of} messages read${left}`;
  }
  const parts = [
    `${count(stored)}${of} messages`,
    size(bytes),
    `${count(Math.round(stored / seconds))} messages/s`,
    `${size(Math.round(bytes / seconds))}/s`,
  ];
  const there = present > 0 ? [`${count(present)} present`] : [];
  return [...parts, ...there, ...(skipped > 0 ? [`${count(skipped)} skipped`] : [])].join(', ');
}

const AGAIN = 'Run the same import again: it brings what is missing, and nothing twice.';

/** What else helps is not to be found in the error itself. */
const OVER_QUOTA = 'Raise the limit (lethe quota set), or give --over-quota. ';

const isQuota = (failure: unknown): boolean =>
  failure instanceof ProblemError && failure.problem.type === 'urn:lethe:quota-exceeded';

async function ending(
  io: Pick<Io, 'interruption' | 'stderr'>,
  { failure, stored, skipped, missing, equal }: ImportReport,
  mode: ImportMode,
): Promise<number> {
  const stopped = `stopped after ${counted(stored, 'message')}`;
  if (failure !== undefined) {
    await writeLine(io.stderr, `${stopped}. ${isQuota(failure) ? OVER_QUOTA : ''}${AGAIN}`);
    throw failure;
  }
  if (io.interruption().aborted) throw new CliError(EXIT.interrupted, stopped, { hint: AGAIN });
  const different = mode === 'verify' ? !equal : missing > 0;
  return skipped > 0 || different ? EXIT.badData : EXIT.ok;
}

function parsePrefix(prefix: string | undefined): string | undefined {
  if (prefix === undefined) return undefined;
  const trimmed = prefix.replace(/\/+$/, '');
  if (trimmed === '' || trimmed.split('/').includes('')) {
    throw new CliError(
      EXIT.usage,
      `--mailbox-prefix: got ${JSON.stringify(prefix)}, allowed are levels separated by "/"`,
    );
  }
  return trimmed;
}
