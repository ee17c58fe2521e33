/** What a sweep has done in one mailbox, as part of the sum. */
import type { SweepReport } from '../../contract/autoexpunge.ts';
import { NOTHING } from '../walks/walk-report.ts';
import type { Swept } from './sweep-mailbox.ts';

export function reportOf({ outcome, messages, bytes }: Swept): SweepReport {
  return {
    ...NOTHING,
    messages,
    bytes,
    mailboxes: Number(outcome === 'done'),
    skipped: Number(outcome === 'skipped'),
  };
}
