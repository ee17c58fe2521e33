/** `lethe import` */
import { resolve } from 'node:path';
import type { LetheClient } from '../api/lethe-client.ts';
import type { Context } from '../context.ts';
import { CliError, ProblemError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { type MailSource, mailboxPath } from '../import/mail-source.ts';
import { openSource } from '../import/open-source.ts';
import {
  type ImportReport,
  type ImportTarget,
  type MailboxReport,
  runImport,
} from '../import/run-import.ts';
import { type Io, writeLine } from '../io.ts';
import { showSteps } from '../output/progress.ts';
import { type Field, printList } from '../output/records.ts';
import { count, counted, duration, safe, size } from '../output/text.ts';

/** Problems told one by one; `-f json` has up to a thousand. */
const PROBLEMS_TOLD_MAX = 20;

export interface ImportCommandOptions {
  readonly user: string;
  readonly mailboxPrefix?: string;
  readonly mailbox?: string;
  readonly dryRun?: boolean;
}

/** Imports a source. Ends 65 when something was skipped, 130 when interrupted. */
export async function importMail(
  context: Context,
  path: string,
  options: ImportCommandOptions,
): Promise<number> {
  const { io } = context;
  const prefix = parsePrefix(options.mailboxPrefix);
  const { mailbox } = options;
  const source = await openSource(resolve(io.cwd, path), mailbox === undefined ? {} : { mailbox });
  const { accountId, target } = options.dryRun
    ? { accountId: 'dry run', target: NO_TARGET }
    : await openTarget(await context.client(), options.user, io.interruption());
  const report = await importWithProgress(io, source, target, {
    accountId,
    ...(prefix === undefined ? {} : { mailboxPrefix: prefix }),
    title: options.dryRun ? 'Read messages, storing nothing' : 'Store messages',
  });
  await printReport(context, source, report, options.dryRun === true);
  return ending(io, report);
}

/** Reads everything and stores nothing. */
const NO_TARGET: ImportTarget = {
  createMailbox: () => Promise.resolve(),
  deliver: () => Promise.resolve(),
};

async function openTarget(
  client: LetheClient,
  user: string,
  signal: AbortSignal,
): Promise<{ readonly accountId: string; readonly target: ImportTarget }> {
  const { accountId } = await client.account(user);
  const existing = new Set<string>();
  for await (const page of client.mailboxes(user)) {
    for (const { path } of page) existing.add(mailboxPath(path.split('/')));
  }
  return {
    accountId,
    target: {
      async createMailbox(path) {
        if (existing.has(path)) return;
        await client.createMailbox(user, path).catch(ignoreExisting);
      },
      async deliver(body, key) {
        await client.deliver(user, body, key, signal);
      },
    },
  };
}

/** Somebody else created it in the meantime. */
function ignoreExisting(error: unknown): void {
  const exists = error instanceof ProblemError && error.problem.type === 'urn:lethe:mailbox-exists';
  if (!exists) throw error;
}

async function importWithProgress(
  io: Io,
  source: MailSource,
  target: ImportTarget,
  options: { readonly accountId: string; readonly mailboxPrefix?: string; readonly title: string },
): Promise<ImportReport> {
  const { title, ...importOptions } = options;
  const total = expectedMessages(source);
  const folders = counted(source.folders.length, 'mailbox', 'mailboxes');
  const found = total === undefined ? '' : `, ${counted(total, 'message')}`;
  await writeLine(io.stderr, `${source.format}: ${folders}${found}`);
  const view = await showSteps([title], io);
  const startedAt = io.now();
  view.enter(0);
  const report = await runImport(source, target, {
    ...importOptions,
    signal: io.interruption(),
    onProgress: (so) => view.detail(progressLine(so, total, io.now() - startedAt)),
  });
  const message = report.failure instanceof Error ? report.failure.message : undefined;
  if (message !== undefined) await view.fail(message);
  else if (io.interruption().aborted) await view.abandon();
  else await view.finish();
  const line = progressLine(report, undefined, io.now() - startedAt);
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
  { stored, bytes, skipped }: ImportReport,
  total: number | undefined,
  elapsedMs: number,
): string {
  const seconds = Math.max(elapsedMs, 1) / 1000;
  const of = total === undefined ? '' : ` of ${count(total)}`;
  const parts = [
    `${count(stored)}${of} messages`,
    size(bytes),
    `${count(Math.round(stored / seconds))} messages/s`,
    `${size(Math.round(bytes / seconds))}/s`,
  ];
  return [...parts, ...(skipped > 0 ? [`${count(skipped)} skipped`] : [])].join(', ');
}

const FIELDS: readonly Field<MailboxReport>[] = [
  { name: 'mailbox', value: ({ mailbox }) => mailbox },
  { name: 'stored', value: ({ stored }) => stored, shown: ({ stored }) => count(stored) },
  { name: 'bytes', value: ({ bytes }) => bytes, shown: ({ bytes }) => size(bytes) },
  { name: 'skipped', value: ({ skipped }) => skipped, shown: ({ skipped }) => count(skipped) },
];

async function printReport(
  { io, format }: Pick<Context, 'io' | 'format'>,
  source: MailSource,
  report: ImportReport,
  dryRun: boolean,
): Promise<void> {
  const { mailboxes, problems, stored, bytes, skipped } = report;
  if (format === 'json') {
    const told = problems.map(({ source: at, reason }) => ({ source: at, reason }));
    const complete = report.failure === undefined && !io.interruption().aborted;
    const answer = { format: source.format, dryRun, complete, stored, bytes, skipped };
    const text = JSON.stringify({ ...answer, mailboxes, problems: told }, undefined, 2);
    await writeLine(io.stdout, text);
    return;
  }
  for (const { source: at, reason } of problems.slice(0, PROBLEMS_TOLD_MAX)) {
    await writeLine(io.stderr, `skipped: ${safe(at)} ${safe(reason)}`);
  }
  const untold = Math.max(0, skipped - PROBLEMS_TOLD_MAX);
  if (untold > 0) await writeLine(io.stderr, `skipped: ${count(untold)} more`);
  await printList(io, format, onePage(mailboxes), FIELDS);
}

async function* onePage<T>(items: readonly T[]): AsyncGenerator<readonly T[]> {
  yield items;
}

const AGAIN = 'Run the same import again within 24 hours: what was stored is not stored twice.';

async function ending(
  io: Pick<Io, 'interruption' | 'stderr'>,
  { failure, stored, skipped }: ImportReport,
): Promise<number> {
  const stopped = `stopped after ${counted(stored, 'message')}`;
  if (failure !== undefined) {
    await writeLine(io.stderr, `${stopped}. ${AGAIN}`);
    throw failure;
  }
  if (io.interruption().aborted) throw new CliError(EXIT.interrupted, stopped, { hint: AGAIN });
  return skipped > 0 ? EXIT.badData : EXIT.ok;
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
