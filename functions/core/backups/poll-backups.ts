/**
 * Looking for completed jobs of AWS Backup whose events were lost: EventBridge gets them in a
 * best-effort manner. The machine asks; this says what to ask next and takes the answers.
 */
import {
  BACKUP_RESOURCES,
  type BackupArns,
  type BackupResource,
  type PollAnswer,
  type PollPayload,
  type PollProgress,
} from '../../contract/backups.ts';
import { type BackupJob, type JobReading, recordJobs } from './backup-jobs.ts';
import { readBackup } from './backups.ts';
import type { BackupPorts } from './record-backup.ts';

/** ListBackupJobs knows the jobs of the last 30 days. */
const JOBS_KEPT_MS = 30 * 86_400_000;

/** With 50 jobs a page (poll-backups.asl.json) 2,000 jobs: of 30 days, one every 22 minutes. */
const PAGES_MAX = 40;

/**
 * Takes a page of jobs and says what to ask next, one resource after the other.
 * @throws StoreBusyError; TypeError for a page that is none
 */
export async function pollBackups(
  reading: JobReading,
  { progress, page }: PollPayload,
): Promise<PollAnswer> {
  const { ports, arns, report } = reading;
  if (progress === null) return await begin(ports, arns, BACKUP_RESOURCES[0]);
  const { jobs, nextToken } = readPage(page);
  await recordJobs(reading, jobs);
  if (nextToken !== undefined && progress.pages < PAGES_MAX) {
    return more(arns, { ...progress, pages: progress.pages + 1 }, nextToken);
  }
  // Unread jobs can only be newer than what is recorded: trees wait longer than they must.
  if (nextToken !== undefined) report('unknown', `more than ${PAGES_MAX} pages: the rest waits`);
  const following = BACKUP_RESOURCES[BACKUP_RESOURCES.indexOf(progress.resource) + 1];
  return following === undefined ? { outcome: 'done' } : await begin(ports, arns, following);
}

async function begin(
  { rows, clock }: BackupPorts,
  arns: BackupArns,
  resource: BackupResource,
): Promise<PollAnswer> {
  const known = await readBackup(rows, resource);
  const since = Math.max(known?.createdAt ?? 0, clock.now() - JOBS_KEPT_MS);
  const createdAfter = new Date(since).toISOString();
  return {
    outcome: 'first',
    ask: { resourceArn: arns[resource], createdAfter },
    progress: { resource, pages: 1, createdAfter },
  };
}

function more(arns: BackupArns, progress: PollProgress, nextToken: string): PollAnswer {
  const { resource, createdAfter } = progress;
  const ask = { resourceArn: arns[resource], createdAfter, nextToken };
  return { outcome: 'more', ask, progress };
}

function readPage(page: unknown): { jobs: readonly BackupJob[]; nextToken?: string } {
  const { BackupJobs: listed, NextToken: nextToken } = jobMembers(page);
  if (!Array.isArray(listed)) throw new TypeError('page: allowed is an answer of ListBackupJobs');
  const jobs = listed.map((entry: unknown): BackupJob => {
    const job = jobMembers(entry);
    return {
      jobId: job['BackupJobId'],
      resourceArn: job['ResourceArn'],
      state: job['State'],
      createdAt: job['CreationDate'],
      messageCategory: job['MessageCategory'],
      statusMessage: job['StatusMessage'],
    };
  });
  return typeof nextToken === 'string' && nextToken !== '' ? { jobs, nextToken } : { jobs };
}

const jobMembers = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? { ...value } : {};
