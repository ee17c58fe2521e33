import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { coveredUntil, readBackups } from '../../../functions/core/backups/backups.ts';
import { recordBackupHandler } from '../../../functions/handlers/record-backup.ts';
import { MemoryRowStore } from '../../models/memory-row-store.ts';
import { SeededIds } from '../../models/seeded-ids.ts';
import { VirtualClock } from '../../models/virtual-clock.ts';
import { captureLog, type LogLines } from '../runtime/log-lines.ts';

const ARNS = {
  'mail-bucket': 'arn:aws:s3:::lethe-mail',
  registry: 'arn:aws:dynamodb:eu-central-1:111122223333:table/registry',
  dictmap: 'arn:aws:dynamodb:eu-central-1:111122223333:table/dictmap',
};

const context = {
  awsRequestId: 'request-1',
  memoryLimitInMB: '1024',
  getRemainingTimeInMillis: () => 60_000,
} as Context;

let rows: MemoryRowStore;
let log: LogLines;
beforeEach(() => {
  rows = new MemoryRowStore();
  log = captureLog();
});
afterEach(() => log.release());

const clock = new VirtualClock('2026-11-22T12:00:00Z');
const send = (event: unknown) =>
  recordBackupHandler(
    () => ({ rows, clock, ids: new SeededIds(1) }),
    () => ARNS,
  )(event, context);

/** As the developer guide of AWS Backup shows it. */
const eventOf = (detail: Readonly<Record<string, unknown>> = {}) => ({
  version: '0',
  id: 'dafac799-9b88-0134-26b7-fef4d54a134f',
  'detail-type': 'Backup Job State Change',
  source: 'aws.backup',
  account: '111122223333',
  time: '2026-11-22T03:41:17Z',
  region: 'eu-central-1',
  resources: ['arn:aws:backup:eu-central-1:111122223333:recovery-point:f1d966fe'],
  detail: {
    backupJobId: 'a827233a-d405-4a86-a440-759fa94f34dd',
    backupSizeInBytes: '36048',
    backupVaultArn: 'arn:aws:backup:eu-central-1:111122223333:backup-vault:mail',
    backupVaultName: 'mail',
    bytesTransferred: '36048',
    creationDate: '2026-11-22T03:40:31.207Z',
    iamRoleArn: 'arn:aws:iam::111122223333:role/backup',
    resourceArn: ARNS.dictmap,
    resourceType: 'DynamoDB',
    state: 'COMPLETED',
    completionDate: '2026-11-22T03:41:05.921Z',
    startBy: '2026-11-22T11:40:31.207Z',
    percentDone: 100,
    retryCount: 3,
    ...detail,
  },
});

describe('events of AWS Backup', () => {
  test('F5: a completed job counts by its creation, not by its completion', async () => {
    expect(await send(eventOf())).toEqual({ outcome: 'recorded' });
    expect(await readBackups(rows)).toEqual([
      {
        resource: 'dictmap',
        createdAt: Date.parse('2026-11-22T03:40:31.207Z'),
        recordedAt: clock.now(),
        source: 'aws-backup',
        jobId: 'a827233a-d405-4a86-a440-759fa94f34dd',
      },
    ]);
    expect(await send(eventOf())).toEqual({ outcome: 'nothingNew' });
  });

  test('a time in epoch seconds is understood, down to the millisecond', async () => {
    await send(eventOf({ creationDate: 1_795_318_831.207 }));
    expect(await readBackups(rows)).toMatchObject([{ createdAt: 1_795_318_831_207 }]);
  });

  test('each ARN stands for its resource', async () => {
    for (const resourceArn of Object.values(ARNS)) await send(eventOf({ resourceArn }));
    expect(await coveredUntil(rows)).toBe(Date.parse('2026-11-22T03:40:31.207Z'));
  });

  test.each(['EXPIRED', 'ABORTED', 'PARTIAL', 'FAILED', 'RUNNING', 'completed', undefined])(
    'F5: a job in state %s does not count',
    async (state) => {
      expect(await send(eventOf({ state }))).toEqual({ outcome: 'nothingNew' });
      expect(rows.rows()).toEqual([]);
    },
  );

  test.each([`${ARNS.dictmap}-2`, 'arn:aws:s3:::lethe', ARNS.dictmap.toUpperCase(), null])(
    'F5: a job of %s does not count',
    async (resourceArn) => {
      expect(await send(eventOf({ resourceArn }))).toEqual({ outcome: 'nothingNew' });
      expect(rows.rows()).toEqual([]);
    },
  );

  test.each([
    [{ statusMessage: 'Some objects were not backed up' }, 'with issues'],
    [{ messageCategory: 'AccessDenied' }, 'with issues'],
    [{ creationDate: 'Nov 22, 2026 3:40:31 AM' }, 'creationDate: got "Nov 22'],
    [{ creationDate: '2026-11-22' }, 'creationDate: got'],
    [{ creationDate: undefined }, 'creationDate: got'],
    [{ creationDate: '2026-11-23T00:00:00Z' }, 'no time in the future'],
    [{ creationDate: 1_795_318_831_207 }, 'createdAt: got'],
  ])('W5: a completed job with %j does not count, and the log says so', async (detail, why) => {
    expect(await send(eventOf(detail))).toEqual({ outcome: 'nothingNew' });
    expect(rows.rows()).toEqual([]);
    const line = log.lines().find(({ message }) => message === 'backup job not counted');
    expect(line).toMatchObject({ jobId: 'a827233a-d405-4a86-a440-759fa94f34dd' });
    expect(line?.['why']).toContain(why);
  });

  test('a job without issues says SUCCESS, or nothing', async () => {
    await send(eventOf({ statusMessage: '', messageCategory: null }));
    await send(eventOf({ resourceArn: ARNS.registry, messageCategory: 'SUCCESS' }));
    expect(await readBackups(rows)).toHaveLength(2);
  });

  test('O3: anything else fails, so that its sender learns of it', async () => {
    for (const event of [null, {}, { 'detail-type': 'Copy Job State Change' }]) {
      await expect(send(event)).rejects.toThrow('allowed are an event of AWS Backup');
    }
  });
});
