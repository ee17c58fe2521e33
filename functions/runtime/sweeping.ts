/** What the steps of autoexpunge share: ports, configuration, payloads. */
import type {
  SweepAccountsPayload,
  SweepDuePayload,
  SweepProgress,
} from '../contract/autoexpunge.ts';
import type { SweepConfig } from '../core/autoexpunge/sweep-context.ts';
import type { ChunkPorts } from '../core/messages/in-chunks.ts';
import { logFault } from './logger.ts';
import { members, parseTexts } from './step-handler.ts';
import { wireClock, wireIds, wireMailSettings, wireRetentionDays, wireRows } from './wiring.ts';

/** With 4 shards at a time 16 accounts: so many transactions in flight beside those of users. */
const PARALLEL_ACCOUNTS = 4;

export const wireSweepPorts = (): ChunkPorts => ({
  rows: wireRows(),
  clock: wireClock(),
  ids: wireIds(),
});

export const wireSweepConfig = (): SweepConfig => ({
  deployment: wireMailSettings(),
  retentionDays: wireRetentionDays(),
  parallelAccounts: PARALLEL_ACCOUNTS,
  onFailure: (what, fault) => logFault('not swept', fault, { what }),
});

/** @throws TypeError naming the field */
export function parseDue(event: unknown): SweepDuePayload {
  return { part: parseShard(members(event)['part']), ...parseSweep(event) };
}

/** @throws TypeError naming the field */
export function parseAccounts(event: unknown): SweepAccountsPayload {
  return { part: parseScope(members(event)['part']), ...parseSweep(event) };
}

/** The part of a walk that is a shard of the index. @throws TypeError naming the field */
export function parseShard(part: unknown): SweepDuePayload['part'] {
  return { kind: 'due', ...parseTexts(part, ['shard']) };
}

/** The part of a walk that is a number of accounts. @throws TypeError naming the field */
export function parseScope(part: unknown): SweepAccountsPayload['part'] {
  const scope = members(members(part)['scope']);
  const named =
    'domain' in scope ? parseTexts(scope, ['domain']) : parseTexts(scope, ['accountId']);
  return { kind: 'accounts', scope: named };
}

function parseSweep(event: unknown): Pick<SweepDuePayload, 'dryRun' | 'progress'> {
  const { dryRun, progress } = members(event);
  if (typeof dryRun !== 'boolean') throw new TypeError('dryRun: allowed is true or false');
  if (progress === null || isProgress(progress)) return { dryRun, progress };
  throw new TypeError('progress: allowed is null, or what the step answered before');
}

function isProgress(value: unknown): value is SweepProgress {
  const given = members(value);
  return 'rounds' in given && 'report' in given;
}
