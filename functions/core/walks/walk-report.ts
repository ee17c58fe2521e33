/** What walks have done, summed up. */
import type { WalkedPart, WalkFailure, WalkReport } from '../../contract/walks.ts';

/** Enough to see a pattern; the logs have all of them. */
const FAILURES_SHOWN = 5;
const MESSAGE_LENGTH_MAX = 300;

export const NOTHING_WALKED: WalkReport = {
  mailboxes: 0,
  messages: 0,
  bytes: 0,
  skipped: 0,
  failed: 0,
  failures: [],
};

export function sumReports(...reports: readonly WalkReport[]): WalkReport {
  const sum = (name: 'mailboxes' | 'messages' | 'bytes' | 'skipped' | 'failed') =>
    reports.reduce((total, report) => total + report[name], 0);
  return {
    mailboxes: sum('mailboxes'),
    messages: sum('messages'),
    bytes: sum('bytes'),
    skipped: sum('skipped'),
    failed: sum('failed'),
    failures: reports.flatMap(({ failures }) => failures).slice(0, FAILURES_SHOWN),
    ...(reports.some(({ incomplete }) => incomplete) ? { incomplete: true } : {}),
  };
}

/** @param what a mailbox, a tree, an account or a shard: ids only */
export function failureOf(what: string, error: unknown): WalkReport {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: '' };
  const failure: WalkFailure = {
    what,
    error: name,
    message: message.slice(0, MESSAGE_LENGTH_MAX),
  };
  return { ...NOTHING_WALKED, failed: 1, failures: [failure] };
}

/** What became of a part of a machine's map; one that failed counts as one failure. */
export function partReport<R extends WalkReport>(walked: WalkedPart<R>): R | WalkReport {
  if ('progress' in walked) return walked.progress.report;
  const { part, failure } = walked;
  const error = new Error(failure.Cause);
  error.name = failure.Error;
  return failureOf(part.kind === 'due' ? `shard ${part.shard}` : 'the walk over accounts', error);
}

/** The failures of a report in one line. */
export const failuresNamed = ({ failures }: WalkReport): string =>
  failures.map(({ what, error, message }) => `${what}: ${error}: ${message}`).join('; ');
