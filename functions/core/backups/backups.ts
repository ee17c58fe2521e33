/** What completed backups have covered, and whether a deleted tree may go (law F5). */
import {
  BACKUP_RESOURCES,
  type BackupAnswer,
  type BackupGate,
  type BackupResource,
  type BackupsAnswer,
} from '../../contract/backups.ts';
import { registryKeys } from '../../contract/row-layout.ts';
import type { RowStore } from '../ports/row-store.ts';
import { number, optionalText, text } from '../rows/attributes.ts';

/** The newest completed backup of a resource. Times are epoch milliseconds. */
export interface Backup {
  readonly resource: BackupResource;
  /** When it was begun: it holds what had been deleted before. */
  readonly createdAt: number;
  readonly recordedAt: number;
  readonly source: string;
  readonly jobId?: string;
}

/** The newest backup of each resource that has one. */
export async function readBackups(rows: RowStore): Promise<readonly Backup[]> {
  const found = await Promise.all(BACKUP_RESOURCES.map((resource) => readBackup(rows, resource)));
  return found.filter((backup) => backup !== undefined);
}

/** @throws TypeError for a damaged row */
export async function readBackup(
  rows: RowStore,
  resource: BackupResource,
): Promise<Backup | undefined> {
  const row = await rows.get(registryKeys.backup(resource));
  if (row === undefined) return undefined;
  const jobId = optionalText(row, 'jobId');
  return {
    resource,
    createdAt: number(row, 'createdAt'),
    recordedAt: number(row, 'recordedAt'),
    source: text(row, 'source'),
    ...(jobId === undefined ? {} : { jobId }),
  };
}

/**
 * The time, in epoch milliseconds, before which every deletion is in a completed backup of all
 * three resources: the earliest of their newest. Undefined when one has no backup. What was
 * deleted at this time or later waits.
 */
export async function coveredUntil(rows: RowStore): Promise<number | undefined> {
  return earliest(await readBackups(rows));
}

function earliest(backups: readonly Backup[]): number | undefined {
  if (backups.length < BACKUP_RESOURCES.length) return undefined;
  return Math.min(...backups.map(({ createdAt }) => createdAt));
}

/** Whether the backup gate lets a tree go. */
export type CoveredByBackup = (deletedAt: number) => boolean;

/**
 * Reads once what backups have covered, for a whole page of trees: a backup never becomes older.
 * Laws F5, W5: when that cannot be read, nothing is covered, and everything waits.
 * @param onFault told why it could not be read
 * @returns takes the time of a deletion in epoch milliseconds, not rounded down: with a second cut
 * off, a backup begun within that second would seem to hold it
 */
export async function openBackupGate(
  rows: RowStore,
  gate: BackupGate,
  onFault: (fault: unknown) => void,
): Promise<CoveredByBackup> {
  if (gate === 'off') return () => true;
  try {
    const until = await coveredUntil(rows);
    return (deletedAt) => until !== undefined && deletedAt < until;
  } catch (fault) {
    onFault(fault);
    return () => false;
  }
}

/** What `GET /v1/backups` answers. */
export async function showBackups(rows: RowStore): Promise<BackupsAnswer> {
  const backups = await readBackups(rows);
  const until = earliest(backups);
  return {
    items: backups.map(toBackupAnswer),
    ...(until === undefined ? {} : { coveredUntil: iso(until) }),
  };
}

const iso = (time: number): string => new Date(time).toISOString();

const toBackupAnswer = ({ createdAt, recordedAt, ...backup }: Backup): BackupAnswer => ({
  ...backup,
  createdAt: iso(createdAt),
  recordedAt: iso(recordedAt),
});
