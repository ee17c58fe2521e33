/** The last step of autoexpunge: what was done, and whether somebody has to look at it. */
import type { FinishSweepAnswer, FinishSweepPayload } from '../../contract/autoexpunge.ts';
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { failuresNamed, NOTHING_WALKED, partReport, sumReports } from '../walks/walk-report.ts';

/** Sums up the parts of a sweep. One that could not be swept to the end makes the execution fail. */
export function finishSweep({ dryRun, swept }: FinishSweepPayload): FinishSweepAnswer {
  const report = sumReports(NOTHING_WALKED, ...swept.map(partReport));
  if (report.failed === 0) {
    return { outcome: 'swept', ...(dryRun ? { dryRun: true } : {}), report };
  }
  return {
    outcome: 'refused',
    error: ERROR_NAMES.sweepIncomplete,
    message: `${report.failed} could not be swept, ${report.mailboxes} were; ${failuresNamed(report)}. Nothing is lost: what is due stays due, and the next sweep tries again.`,
    report,
  };
}
