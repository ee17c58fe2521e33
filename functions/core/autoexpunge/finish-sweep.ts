/** The last step of autoexpunge: what was done, and whether somebody has to look at it. */
import type {
  FinishSweepAnswer,
  FinishSweepPayload,
  SweepFailure,
  SweepReport,
  SweptPart,
} from '../../contract/autoexpunge.ts';
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { failureOf, NOTHING, sumReports } from './sweep-report.ts';

/** Sums up the parts of a sweep. One that could not be swept to the end makes the execution fail. */
export function finishSweep({ dryRun, swept }: FinishSweepPayload): FinishSweepAnswer {
  const report = sumReports(NOTHING, ...swept.map(reportOf));
  if (report.failed === 0) {
    return { outcome: 'swept', ...(dryRun ? { dryRun: true } : {}), report };
  }
  return {
    outcome: 'refused',
    error: ERROR_NAMES.sweepIncomplete,
    message: `${report.failed} could not be swept, ${report.mailboxes} were; ${named(report.failures)}. Nothing is lost: what is due stays due, and the next sweep tries again.`,
    report,
  };
}

function reportOf(swept: SweptPart): SweepReport {
  if ('progress' in swept) return swept.progress.report;
  const { part, failure } = swept;
  const error = new Error(failure.Cause);
  error.name = failure.Error;
  return failureOf(part.kind === 'due' ? `shard ${part.shard}` : 'the walk over accounts', error);
}

const named = (failures: readonly SweepFailure[]): string =>
  failures.map(({ what, error, message }) => `${what}: ${error}: ${message}`).join('; ');
