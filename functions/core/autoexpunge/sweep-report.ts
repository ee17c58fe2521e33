/** What sweeps have done, summed up. */
import type { SweepFailure, SweepReport } from '../../contract/autoexpunge.ts';
import type { Swept } from './sweep-mailbox.ts';

/** Enough to see a pattern; the logs have all of them. */
const FAILURES_SHOWN = 5;
const MESSAGE_LENGTH_MAX = 300;

export const NOTHING: SweepReport = {
  mailboxes: 0,
  messages: 0,
  bytes: 0,
  skipped: 0,
  failed: 0,
  failures: [],
};

export function sumReports(...reports: readonly SweepReport[]): SweepReport {
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

export function reportOf({ outcome, messages, bytes }: Swept): SweepReport {
  return {
    ...NOTHING,
    messages,
    bytes,
    mailboxes: Number(outcome === 'done'),
    skipped: Number(outcome === 'skipped'),
  };
}

/** @param what a mailbox, an account or a shard: ids only */
export function failureOf(what: string, error: unknown): SweepReport {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: '' };
  const failure: SweepFailure = {
    what,
    error: name,
    message: message.slice(0, MESSAGE_LENGTH_MAX),
  };
  return { ...NOTHING, failed: 1, failures: [failure] };
}
