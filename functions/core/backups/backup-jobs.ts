/** Jobs of AWS Backup, as its events and ListBackupJobs tell of them. */
import { BACKUP_RESOURCES, type BackupArns, type BackupResource } from '../../contract/backups.ts';
import { InvalidInputError } from '../errors.ts';
import { type BackupPorts, parseBackupTime, recordBackup } from './record-backup.ts';

/** What both say, in the same words. Nothing of it is checked yet. */
export interface BackupJob {
  readonly jobId: unknown;
  readonly resourceArn: unknown;
  readonly state: unknown;
  /** ISO 8601, or epoch seconds as the API writes them in JSON. */
  readonly createdAt: unknown;
  /** `SUCCESS`, or what did not go well in a job that is completed all the same. */
  readonly messageCategory?: unknown;
  readonly statusMessage?: unknown;
}

export interface JobCounts {
  /** Jobs that are newer than what was known. */
  recorded: number;
  /** Older jobs, and those known already. */
  known: number;
  /** Jobs of other resources, and jobs that are not completed. */
  ignored: number;
  /** Completed jobs that left something out, or that cannot be understood. */
  refused: number;
}

/** Told of each job that does not count although it is completed. */
type ReportJob = (jobId: string, why: string) => void;

const SOURCE = 'aws-backup';

/** With what jobs are read. */
export interface JobReading {
  readonly ports: BackupPorts;
  readonly arns: BackupArns;
  /** Epoch milliseconds after which a lost race is no longer retried. */
  readonly deadline: number;
  readonly report: ReportJob;
}

/**
 * Remembers those of the jobs that have completed a backup of the mail bucket or of a table.
 * @throws StoreBusyError
 */
export async function recordJobs(
  reading: JobReading,
  jobs: readonly BackupJob[],
): Promise<JobCounts> {
  const counts = { recorded: 0, known: 0, ignored: 0, refused: 0 };
  for (const job of jobs) counts[await recordJob(reading, job)] += 1;
  return counts;
}

async function recordJob(
  { ports, arns, deadline, report }: JobReading,
  job: BackupJob,
): Promise<keyof JobCounts> {
  const resource = resourceOf(arns, job.resourceArn);
  if (resource === undefined || job.state !== 'COMPLETED') return 'ignored';
  const jobId = typeof job.jobId === 'string' && job.jobId !== '' ? job.jobId : 'unknown';
  if (!isWholeBackup(job)) {
    report(jobId, 'it was completed with issues: something may be missing in it');
    return 'refused';
  }
  try {
    const createdAt = parseCreation(job.createdAt);
    const backup = { resource, createdAt, source: SOURCE, jobId };
    const recorded = await recordBackup(ports, backup, deadline);
    return recorded.length > 0 ? 'recorded' : 'known';
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    report(jobId, error.message);
    return 'refused';
  }
}

function resourceOf(arns: BackupArns, resourceArn: unknown): BackupResource | undefined {
  return BACKUP_RESOURCES.find((resource) => arns[resource] === resourceArn);
}

/**
 * AWS Backup calls a job completed that has left out objects it could not read; the console shows
 * it as "Completed with issues". Where the category is not said, a message says as much.
 */
function isWholeBackup({ messageCategory, statusMessage }: BackupJob): boolean {
  if (isGiven(messageCategory)) return messageCategory === 'SUCCESS';
  return !isGiven(statusMessage);
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

/** @throws InvalidInputError */
function parseCreation(given: unknown): number {
  if (typeof given === 'number' && Number.isFinite(given)) return Math.floor(given * 1000);
  return parseBackupTime('creationDate', given);
}
