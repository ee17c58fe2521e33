/** What a purge has done, summed up. */
import type { Counts } from '../../contract/api.ts';
import type { PurgeReport } from '../../contract/purge.ts';
import { DAY_MS } from '../../contract/times.ts';
import type { WalkReport } from '../../contract/walks.ts';
import { NOTHING_WALKED, sumReports } from '../walks/walk-report.ts';

export const NOTHING_PURGED: PurgeReport = {
  ...NOTHING_WALKED,
  trees: 0,
  notDue: 0,
  waiting: 0,
  partitions: 0,
  chunks: 0,
};

export function sumPurges(...reports: readonly PurgeReport[]): PurgeReport {
  const sum = (name: 'trees' | 'notDue' | 'waiting' | 'partitions' | 'chunks') =>
    reports.reduce((total, report) => total + report[name], 0);
  const since = reports.flatMap(({ waitingSince }) => waitingSince ?? []);
  return {
    ...sumReports(...reports),
    trees: sum('trees'),
    notDue: sum('notDue'),
    waiting: sum('waiting'),
    partitions: sum('partitions'),
    chunks: sum('chunks'),
    ...(since.length === 0 ? {} : { waitingSince: Math.min(...since) }),
  };
}

/** What was left, and why, as counters of an operation. @param now epoch milliseconds */
export function leftIn({ notDue, waiting, waitingSince }: PurgeReport, now: number): Counts {
  const days = waitingSince === undefined ? undefined : Math.floor((now - waitingSince) / DAY_MS);
  const oldest = days === undefined ? {} : { oldestWaitDays: days };
  return { notDue, waitingForBackup: waiting, ...oldest };
}

/** A report of any walk as one of a purge. */
export const asPurge = (report: WalkReport): PurgeReport => ({ ...NOTHING_PURGED, ...report });

/** Of trees that are met again only what has gone is told. */
export const partOf = ({ mailboxes, messages, bytes }: PurgeReport): PurgeReport => ({
  ...NOTHING_PURGED,
  mailboxes,
  messages,
  bytes,
});
