/** Backups that other tools have completed, and what is known of them. */

import type { RecordBackupAnswer } from '../../contract/backups.ts';
import { RECORD_BACKUP, SHOW_BACKUPS } from '../../contract/requests/accounts.ts';
import { showBackups } from '../../core/backups/backups.ts';
import {
  type BackupPorts,
  parseBackupTime,
  recordBackup,
} from '../../core/backups/record-backup.ts';
import { callerOf, type Door, deadlineOf } from '../../runtime/door.ts';

export function addBackupRoutes(door: Door, ports: () => BackupPorts): void {
  door.route(RECORD_BACKUP, async ({ context, body }) => {
    const { resource = 'all', createdAt, source, jobId } = body;
    const backup = {
      resource,
      createdAt: parseBackupTime('createdAt', createdAt),
      source: source ?? callerOf(context),
      ...(jobId === undefined ? {} : { jobId }),
    };
    const recorded = await recordBackup(ports(), backup, deadlineOf(context, ports().clock));
    const answer: RecordBackupAnswer = { ...(await showBackups(ports().rows)), recorded };
    return context.json(answer);
  });

  door.route(SHOW_BACKUPS, async ({ context }) => context.json(await showBackups(ports().rows)));
}
