/** The step that purges: a shard of the index of deleted trees, or the trees of some accounts. */
import type { PurgePartAnswer, PurgePartPayload, PurgeReport } from '../../contract/purge.ts';
import { accountPartition, type RowKey } from '../../contract/row-layout.ts';
import type { WalkPart, WalkPlace } from '../../contract/walks.ts';
import type { SweepConfig } from '../autoexpunge/sweep-context.ts';
import type { CoveredByBackup } from '../backups/backups.ts';
import { treeDuePartition } from '../folders/move-writes.ts';
import type { ChunkPorts } from '../messages/in-chunks.ts';
import { enterStep } from '../operations/operations.ts';
import type { Row } from '../ports/row-store.ts';
import { Pace } from '../walks/pace.ts';
import { walkAccounts } from '../walks/walk-accounts.ts';
import { type Visited, walkShard } from '../walks/walk-shard.ts';
import { type AccountPurge, purgeAccount } from './purge-account.ts';
import { beginCount, PURGE_STEPS, purgeCountWrite, readPurge } from './purge-operation.ts';
import { NOTHING_PURGED, sumPurges } from './purge-report.ts';
import { type FoundFolder, notePurgeable, PURGEABLE_NOTED_MAX } from './purgeable-folders.ts';

export interface PurgeConfig extends SweepConfig {
  /** Message rows that may end in a second, all workers together. */
  readonly keysPerSecond: number;
  /** Reads what backups have covered. Laws F5, W5: what cannot be read is not covered. */
  readonly openBackupGate: () => Promise<CoveredByBackup>;
}

const TREE_ROW = 'tree#';
const ACCOUNT_PARTITION = accountPartition('');

/**
 * @param until epoch milliseconds after which it answers `again`
 * @throws SupersededError, StoreBusyError when time is over and nothing at all could be done
 */
export async function purgePart(
  ports: ChunkPorts,
  config: PurgeConfig,
  { operation, part, workers, progress }: PurgePartPayload,
  until: number,
): Promise<PurgePartAnswer> {
  await enterStep(ports, operation, PURGE_STEPS.purge);
  const request = await readPurge(ports.rows, operation);
  const { dryRun = false, deletionId } = request;
  const worker = workerOf(part);
  if (!dryRun) await beginCount(ports, operation, worker);
  let noted = progress?.report.trees ?? 0;
  const shared = {
    request,
    claim: operation.operationId,
    pace: new Pace(ports.clock, config.keysPerSecond, workers),
    isCovered: await config.openBackupGate(),
    counting: (counted: Parameters<AccountPurge['counting']>[0]) => [
      purgeCountWrite(operation, worker, counted),
    ],
    onFound: async (found: FoundFolder) => {
      noted += 1;
      if (noted <= PURGEABLE_NOTED_MAX) await notePurgeable(ports, operation, found);
    },
  };
  const purge = (accountId: string, deletionIds?: readonly string[]) => {
    const named = deletionIds === undefined ? {} : { deletionIds };
    return purgeAccount(ports, config, { ...shared, accountId, ...named }, until);
  };
  const sums = { progress, nothing: NOTHING_PURGED, sum: sumPurges };
  if (part.kind === 'due') {
    const visit = (rows: readonly Row[]) => visitEntries(rows, purge);
    const walk = { ...sums, partition: treeDuePartition(part.shard), dryRun, visit };
    return await walkShard(ports, walk, until);
  }
  const visit = async (place: WalkPlace) => {
    const named = deletionId === undefined ? undefined : [deletionId];
    return asPart(await purge(place.accountId, named), place, dryRun);
  };
  return await walkAccounts(ports, { ...sums, scope: part.scope, visit }, until);
}

/** Under which name a part counts: the same in every attempt, which goes on counting there. */
const workerOf = (part: WalkPart): string =>
  part.kind === 'due' ? `shard-${part.shard}` : 'accounts';

type Purge = (accountId: string, deletionIds: readonly string[]) => Promise<Visited<PurgeReport>>;

/** One account after the other: so the pace is that of one worker. */
async function visitEntries(rows: readonly Row[], purge: Purge): Promise<Visited<PurgeReport>> {
  let report = NOTHING_PURGED;
  const keys = rows.map(({ key }) => key);
  for (const [accountId, members] of Map.groupBy(keys, accountOf)) {
    const part = await purge(
      accountId,
      members.map(({ sk }) => sk.slice(TREE_ROW.length)),
    );
    report = sumPurges(report, part.report);
    if (!part.finished) return { finished: false, report };
  }
  return { finished: true, report };
}

const accountOf = ({ pk }: RowKey): string => pk.slice(ACCOUNT_PARTITION.length);

function asPart({ finished, report }: Visited<PurgeReport>, place: WalkPlace, dryRun: boolean) {
  const moved = finished || report.mailboxes + report.messages > 0;
  return finished || dryRun ? { report, moved } : { report, moved, next: place };
}
