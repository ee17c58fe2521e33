/** The steps of purge-mailboxes one after the other, as its machine calls them. */
import type { PurgeReport } from '../../functions/contract/purge.ts';
import type { WalkedPart, WalkPart, WalkProgress } from '../../functions/contract/walks.ts';
import { executionOf, requireOperation } from '../../functions/core/operations/operations.ts';
import type { RetentionDays } from '../../functions/core/policies/expiry.ts';
import type { Ports } from '../../functions/core/ports/ports.ts';
import { finishPurge } from '../../functions/core/purge/finish-purge.ts';
import { purgePart } from '../../functions/core/purge/purge-part.ts';
import { resolvePurge } from '../../functions/core/purge/resolve-purge.ts';

const WORKERS = 4;
/** So many that no virtual time passes: a scenario says itself when it does. */
const KEYS_PER_SECOND = 1e9;
const STEP_MS = 60_000;
const MEMORY_MB = 1024;

/** @throws Error when it does not succeed */
export async function purgeHere(
  ports: Ports,
  operationId: string,
  retentionDays: RetentionDays,
): Promise<void> {
  const opened = await requireOperation(ports.rows, operationId);
  const input = { operationId, attempt: opened.attempt };
  const executionName = executionOf(opened);
  const resolved = await resolvePurge(ports, WORKERS, { input, executionName });
  if (resolved.outcome !== 'purge') throw new Error(`purge: ${JSON.stringify(resolved)}`);
  const { operation, parts, workers } = resolved;
  const config = {
    deployment: {},
    retentionDays,
    parallelAccounts: 1,
    keysPerSecond: KEYS_PER_SECOND,
    openBackupGate: async () => () => true,
  };
  const walk = async (part: WalkPart): Promise<WalkedPart<PurgeReport>> => {
    let progress: WalkProgress<PurgeReport> | null = null;
    for (;;) {
      const until = ports.clock.now() + STEP_MS;
      const payload = { operation, part, workers, progress };
      const answer = await purgePart(ports, config, payload, until);
      progress = answer.progress;
      if (answer.outcome === 'done') return { progress };
    }
  };
  const purged: WalkedPart<PurgeReport>[] = [];
  for (const part of parts) purged.push(await walk(part));
  const settings = { memoryMb: MEMORY_MB, keysPerSecond: KEYS_PER_SECOND, maxWorkers: WORKERS };
  const done = await finishPurge(ports, settings, { operation, purged });
  if (done.outcome !== 'purged') throw new Error(`purge: ${done.message}`);
}
