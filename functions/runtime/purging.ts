/** What the steps of purge-mailboxes share: configuration and payloads. */
import { ENV } from '../contract/env.ts';
import { PURGE_WORKERS } from '../contract/limits.ts';
import type { OperationContext } from '../contract/payloads.ts';
import type { FinishPurgePayload, PurgePartPayload, PurgeReport } from '../contract/purge.ts';
import type { WalkPart, WalkProgress } from '../contract/walks.ts';
import { openBackupGate } from '../core/backups/backups.ts';
import type { RowStore } from '../core/ports/row-store.ts';
import type { PurgeEnd } from '../core/purge/finish-purge.ts';
import type { PurgeConfig } from '../core/purge/purge-part.ts';
import { readEnvironment } from './environment.ts';
import { logFault } from './logger.ts';
import { members, parseStep } from './step-handler.ts';
import { parseScope, parseShard } from './sweeping.ts';
import { wireBackupGate, wireMailSettings, wireRetentionDays } from './wiring.ts';

/** @throws Error naming the variable */
function wireKeysPerSecond(): number {
  const given = Number(readEnvironment([ENV.purgeKeysPerSecond])[ENV.purgeKeysPerSecond]);
  if (given > 0) return given;
  throw new Error(`${ENV.purgeKeysPerSecond} is no number above 0`);
}

/** @param rows the registry, where completed backups are noted */
export function wirePurgeConfig(rows: () => RowStore): PurgeConfig {
  const gate = wireBackupGate();
  return {
    deployment: wireMailSettings(),
    retentionDays: wireRetentionDays(),
    parallelAccounts: 1,
    keysPerSecond: wireKeysPerSecond(),
    openBackupGate: () =>
      openBackupGate(rows(), gate, (fault) => logFault('backups not read', fault, {})),
    onFailure: (what, fault) => logFault('not purged', fault, { what }),
  };
}

export const wirePurgeEnd = (): Omit<PurgeEnd, 'onWaiting'> => ({
  memoryMb: Number(process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']),
  keysPerSecond: wireKeysPerSecond(),
  maxWorkers: PURGE_WORKERS,
});

const parseOperation = parseStep();
const parsePlain = parseStep('workers');

/** @throws TypeError naming the field */
export function parsePart(event: unknown): PurgePartPayload {
  const { operation, workers } = parsePlain(event);
  const { progress } = members(event);
  if (progress !== null && !('report' in members(progress))) {
    throw new TypeError('progress: allowed is null, or what the step answered before');
  }
  return {
    operation,
    workers,
    part: parseWalkPart(members(event)['part']),
    progress: progress as WalkProgress<PurgeReport> | null,
  };
}

/** A shard of the index, or the accounts of a scope. @throws TypeError naming the field */
function parseWalkPart(part: unknown): WalkPart {
  return members(part)['kind'] === 'due' ? parseShard(part) : parseScope(part);
}

/** @throws TypeError naming the field */
export function parseFinish(event: unknown): FinishPurgePayload {
  const { operation }: { readonly operation: OperationContext } = parseOperation(event);
  const { purged } = members(event);
  if (Array.isArray(purged)) return { operation, purged };
  throw new TypeError('purged: allowed is a list, as the machine gathers it');
}
