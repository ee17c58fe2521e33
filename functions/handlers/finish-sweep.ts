import type { FinishSweepPayload } from '../contract/autoexpunge.ts';
import { SWEPT_LOG } from '../contract/metrics.ts';
import { finishSweep } from '../core/autoexpunge/finish-sweep.ts';
import { logInfo } from '../runtime/logger.ts';
import { stepHandler } from '../runtime/step-handler.ts';

function parse(event: unknown): FinishSweepPayload {
  const { dryRun, swept } = event as Partial<FinishSweepPayload>;
  if (typeof dryRun === 'boolean' && Array.isArray(swept)) return { dryRun, swept };
  throw new TypeError('allowed are dryRun and swept, as the machine gathers them');
}

export const handler = stepHandler('finish-sweep', parse, async (payload) => {
  const answer = finishSweep(payload);
  const { mailboxes, messages, bytes, skipped, failed } = answer.report;
  logInfo(SWEPT_LOG.message, {
    dryRun: payload.dryRun,
    mailboxes,
    messages,
    bytes,
    skipped,
    failed,
  });
  return answer;
});
