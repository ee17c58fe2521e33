/** Whether deleted folders wait for a backup before they are purged. */
import { z } from 'zod';
import { BACKUP_GATES, type BackupGate } from '../functions/contract/backups.ts';
import { wholeNumber } from './retention-class-settings.ts';

export interface BackupSettings {
  /**
   * `aws-backup`: for jobs of AWS Backup; `recorded`: for what `lethe backup record` tells of; `off`:
   * for nothing. A folder waits until the mail bucket and both tables have a completed backup that
   * was begun after its deletion.
   */
  readonly backupGate: BackupGate;
  /** From this many days on a folder has waited too long, and an alarm rings. */
  readonly backupWaitAlarmDays: number;
}

/** A year: whoever has no backup in it does not want the gate. */
const WAIT_DAYS_MAX = 365;

export const backupShape = {
  backupGate: z.enum(BACKUP_GATES).default('off'),
  backupWaitAlarmDays: wholeNumber(1, WAIT_DAYS_MAX).default(14),
};

/** What each field takes, in words. */
export const BACKUP_ALLOWED = {
  backupGate: BACKUP_GATES.map((gate) => `"${gate}"`).join(', '),
  backupWaitAlarmDays: `a whole number from 1 to ${WAIT_DAYS_MAX}`,
} as const;
