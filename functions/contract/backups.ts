/** The backup gate: what of the deployment is backed up, and what is known of it (law F5). */

/**
 * - `off`: deleted folders are purged whether they are in a backup or not.
 * - `aws-backup`: only what jobs of AWS Backup have covered.
 * - `recorded`: only what backups of other tools have covered, each recorded by its tool.
 */
export const BACKUP_GATES = ['off', 'aws-backup', 'recorded'] as const;
export type BackupGate = (typeof BACKUP_GATES)[number];

/** Together they hold a mailbox: bodies, accounts, and everything that says where a message is. */
export const BACKUP_RESOURCES = ['mail-bucket', 'registry', 'dictmap'] as const;
export type BackupResource = (typeof BACKUP_RESOURCES)[number];

/** What AWS Backup calls each of them. */
export type BackupArns = Readonly<Record<BackupResource, string>>;

/** The newest backup that is known of a resource. */
export interface BackupAnswer {
  readonly resource: BackupResource;
  readonly createdAt: string;
  readonly recordedAt: string;
  readonly source: string;
  readonly jobId?: string;
}

/** `GET /v1/backups` */
export interface BackupsAnswer {
  /** Resources without a recorded backup are missing. */
  readonly items: readonly BackupAnswer[];
  /** What was deleted before is in a backup of every resource; missing when one has none. */
  readonly coveredUntil?: string;
}

export interface RecordBackupAnswer extends BackupsAnswer {
  /** Resources for which this was news; of the others a newer backup, or this one, was known. */
  readonly recorded: readonly BackupResource[];
}

/** How far a poll has come; the machine passes it from one call to the next. */
export interface PollProgress {
  readonly resource: BackupResource;
  /** Pages of this resource that were asked for. */
  readonly pages: number;
  /** ISO 8601; the same on every page, as a token belongs to a question. */
  readonly createdAfter: string;
}

/** What ListBackupJobs is asked next. */
interface PollQuestion {
  readonly resourceArn: string;
  readonly createdAfter: string;
  readonly nextToken?: string;
}

/** Both null at the beginning. */
export interface PollPayload {
  readonly progress: PollProgress | null;
  /** What ListBackupJobs answered, as it came. */
  readonly page: unknown;
}

export type PollAnswer =
  | {
      /** `more`: the question has a token. */
      readonly outcome: 'first' | 'more';
      readonly ask: PollQuestion;
      readonly progress: PollProgress;
    }
  | { readonly outcome: 'done' };
