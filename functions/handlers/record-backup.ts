/** Woken by events of AWS Backup, and called by the machine that polls it. */
import type { BackupArns, PollPayload } from '../contract/backups.ts';
import { recordJobs } from '../core/backups/backup-jobs.ts';
import { pollBackups } from '../core/backups/poll-backups.ts';
import type { BackupPorts } from '../core/backups/record-backup.ts';
import { logDebug, logInfo } from '../runtime/logger.ts';
import { members, stepHandler } from '../runtime/step-handler.ts';
import { once, wireBackupArns, wireClock, wireIds, wireRows } from '../runtime/wiring.ts';

type Payload =
  | { readonly kind: 'event'; readonly detail: Readonly<Record<string, unknown>> }
  | ({ readonly kind: 'poll' } & PollPayload);

/** @throws TypeError */
function parse(event: unknown): Payload {
  const { 'detail-type': type, detail, ...given } = members(event);
  if (type === 'Backup Job State Change') return { kind: 'event', detail: members(detail) };
  if ('progress' in given && 'page' in given) {
    const { progress, page } = given as unknown as PollPayload;
    return { kind: 'poll', progress, page };
  }
  throw new TypeError('allowed are an event of AWS Backup, and progress and page of a poll');
}

const report = (jobId: string, why: string) => logInfo('backup job not counted', { jobId, why });

export const recordBackupHandler = (ports: () => BackupPorts, arns: () => BackupArns) =>
  stepHandler('record-backup', parse, async (payload, { until }) => {
    const reading = { ports: ports(), arns: arns(), deadline: until, report };
    if (payload.kind === 'poll') return await pollBackups(reading, payload);
    const { detail } = payload;
    const job = {
      jobId: detail['backupJobId'],
      resourceArn: detail['resourceArn'],
      state: detail['state'],
      createdAt: detail['creationDate'],
      messageCategory: detail['messageCategory'],
      statusMessage: detail['statusMessage'],
    };
    const counts = await recordJobs(reading, [job]);
    if (counts.ignored > 0) logDebug('backup job of something else', { jobId: String(job.jobId) });
    return { outcome: counts.recorded > 0 ? 'recorded' : 'nothingNew' };
  });

export const handler = recordBackupHandler(
  once(() => ({ rows: wireRows(), clock: wireClock(), ids: wireIds() })),
  once(wireBackupArns),
);
