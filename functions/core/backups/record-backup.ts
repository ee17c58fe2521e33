/** Remembering that a backup has been completed. */
import { BACKUP_RESOURCES, type BackupResource } from '../../contract/backups.ts';
import { ROW_VERSION, registryKeys } from '../../contract/row-layout.ts';
import { parseMoment } from '../../contract/times.ts';
import { InvalidInputError, quoted } from '../errors.ts';
import type { Ports } from '../ports/ports.ts';
import { untilWon } from '../rows/contention.ts';
import { readBackup } from './backups.ts';

export type BackupPorts = Pick<Ports, 'rows' | 'clock' | 'ids'>;

export interface CompletedBackup {
  /** One of BACKUP_RESOURCES, or `all`. */
  readonly resource: string;
  /** Epoch milliseconds: when the backup was begun, not when it was done. */
  readonly createdAt: number;
  /** Which tool or caller says so. */
  readonly source: string;
  readonly jobId?: string;
}

/** DynamoDB gives every row of a resource one place: texts stay short. */
const TEXT_MAX = 2048;

/** The last moment that ECMAScript's dates can say. */
const TIME_MAX = 8.64e15;

/**
 * A time as callers and AWS write it, in epoch milliseconds.
 * @throws InvalidInputError naming the field
 */
export function parseBackupTime(field: string, given: unknown): number {
  const time = typeof given === 'string' ? parseMoment(given) : undefined;
  if (time !== undefined) return time;
  throw InvalidInputError.of(
    field,
    `got ${quoted(given)}, allowed is ISO 8601 with a time and a zone such as 2026-11-22T03:00:00Z`,
  );
}

/**
 * Remembers the creation time of a completed backup where it is newer than what is known. Older
 * and repeated ones change nothing.
 * @param deadline epoch milliseconds after which a lost race is no longer retried
 * @returns the resources for which it was news
 * @throws InvalidInputError, StoreBusyError
 */
export async function recordBackup(
  ports: BackupPorts,
  backup: CompletedBackup,
  deadline: number,
): Promise<readonly BackupResource[]> {
  const resources = checkBackup(backup, ports.clock.now());
  const recorded: BackupResource[] = [];
  for (const resource of resources) {
    if (await raise(ports, resource, backup, deadline)) recorded.push(resource);
  }
  return recorded;
}

/** @throws InvalidInputError naming every field that is wrong */
function checkBackup(
  { resource, createdAt, source, jobId = '-' }: CompletedBackup,
  now: number,
): readonly BackupResource[] {
  const problems: { field: string; message: string }[] = [];
  const refuse = (field: string, given: unknown, allowed: string) =>
    problems.push({ field, message: `got ${quoted(given)}, allowed is ${allowed}` });
  const resources =
    resource === 'all' ? BACKUP_RESOURCES : BACKUP_RESOURCES.filter((one) => one === resource);
  if (resources.length === 0) {
    refuse('resource', resource, `one of ${BACKUP_RESOURCES.join(', ')}, all`);
  }
  if (!Number.isSafeInteger(createdAt) || createdAt < 0 || createdAt > TIME_MAX) {
    refuse('createdAt', createdAt, 'a time after 1970 in milliseconds');
  } else if (createdAt > now) {
    // It would cover what is deleted from now until then, which no backup holds yet.
    refuse('createdAt', new Date(createdAt).toISOString(), 'no time in the future');
  }
  for (const [field, given] of Object.entries({ source, jobId })) {
    if (given.length === 0 || given.length > TEXT_MAX) {
      refuse(field, given, `a text of 1 to ${TEXT_MAX} characters`);
    }
  }
  if (problems.length > 0) throw new InvalidInputError(problems);
  return resources;
}

async function raise(
  ports: BackupPorts,
  resource: BackupResource,
  { createdAt, source, jobId }: CompletedBackup,
  deadline: number,
): Promise<boolean> {
  return await untilWon(ports, deadline, async () => {
    const known = await readBackup(ports.rows, resource);
    if (known !== undefined && known.createdAt >= createdAt) return false;
    const result = await ports.rows.write({
      kind: 'put',
      key: registryKeys.backup(resource),
      guard:
        known === undefined
          ? { row: 'absent' }
          : { row: 'present', equals: { createdAt: known.createdAt } },
      attributes: {
        v: ROW_VERSION,
        type: 'backup',
        createdAt,
        recordedAt: ports.clock.now(),
        source,
        ...(jobId === undefined ? {} : { jobId }),
      },
    });
    return result.outcome === 'written' ? true : 'lost';
  });
}
