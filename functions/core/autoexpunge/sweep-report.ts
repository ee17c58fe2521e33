/** What a sweep has done in one mailbox, as part of the sum. */
import type { SweepReport } from '../../contract/autoexpunge.ts';
import { NOTHING_WALKED, sumReports } from '../walks/walk-report.ts';
import { reportFailure, type SweepConfig } from './sweep-context.ts';
import type { Swept } from './sweep-mailbox.ts';

export function sweepReportOf({ outcome, messages, bytes }: Swept): SweepReport {
  return {
    ...NOTHING_WALKED,
    messages,
    bytes,
    mailboxes: Number(outcome === 'done'),
    skipped: Number(outcome === 'skipped'),
  };
}

/** Messages that could not be swept, each as a failure: the mailbox goes on without them. */
export function passedOverReport(
  config: SweepConfig,
  mailboxId: string,
  { passedOver = [] }: Swept,
): SweepReport {
  return sumReports(
    NOTHING_WALKED,
    ...passedOver.map(({ uid, fault }) => reportFailure(config, `${mailboxId} UID ${uid}`, fault)),
  );
}
