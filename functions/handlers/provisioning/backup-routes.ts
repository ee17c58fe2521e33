/** Backups that other tools have completed, and what is known of them. */
import { z } from 'zod';
import type { RecordBackupAnswer } from '../../contract/backups.ts';
import { showBackups } from '../../core/backups/backups.ts';
import {
  type BackupPorts,
  parseBackupTime,
  recordBackup,
} from '../../core/backups/record-backup.ts';
import { callerOf, type Door, deadlineOf } from '../../runtime/door.ts';

const MOMENT_ALLOWED = 'allowed is ISO 8601 with a time and a zone such as 2026-11-22T03:00:00Z';

const NEW_BACKUP = z.strictObject({
  resource: z.string('allowed is the name of a resource').optional(),
  createdAt: z.string(MOMENT_ALLOWED),
  source: z.string('allowed is a text').optional(),
  jobId: z.string('allowed is a text').optional(),
});

export function addBackupRoutes(door: Door, ports: () => BackupPorts): void {
  door.route('POST', '/v1/backups', { body: NEW_BACKUP }, async ({ context, body }) => {
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

  door.route('GET', '/v1/backups', {}, async ({ context }) =>
    context.json(await showBackups(ports().rows)),
  );
}
