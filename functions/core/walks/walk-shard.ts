/** A walk along one shard of the index `due`, page by page, for as many invocations as it takes. */

import { SHARDS } from '../../contract/key-layout.ts';
import type { WalkAnswer, WalkProgress, WalkReport } from '../../contract/walks.ts';
import { StoreBusyError } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Row, RowStore } from '../ports/row-store.ts';
import { holdsRows } from '../rows/paging.ts';
import { inParallel } from '../rows/parallel.ts';

const PAGE_ROWS = 100;

/**
 * Invocations for one shard, at most: 100 of 4 minutes are 7 hours, and 16 shards of 100 loops are
 * 12,000 of the 25,000 events of an execution. The next execution goes on.
 */
const ROUNDS_MAX = 100;

/** Partition of the index by shard. */
export type PartitionOf = (shard: string) => string;

/** Shards that have something due now. */
export async function dueShards(
  rows: RowStore,
  now: number,
  partitionOf: PartitionOf,
): Promise<string[]> {
  const found = await inParallel(SHARDS, SHARDS.length, async (shard) =>
    (await holdsRows(rows, dueQuery(partitionOf(shard), now))) ? shard : undefined,
  );
  return found.filter((shard) => shard !== undefined);
}

const dueQuery = (pk: string, now: number) =>
  ({ table: 'dictmap', index: 'due', pk, sk: { to: new Date(now).toISOString() } }) as const;

export interface Visited<R extends WalkReport> {
  /** False when time was too short: what is left is still due, and met again. */
  readonly finished: boolean;
  readonly report: R;
}

export interface ShardWalk<R extends WalkReport> {
  readonly partition: string;
  readonly dryRun: boolean;
  readonly progress: WalkProgress<R> | null;
  readonly nothing: R;
  sum(...reports: readonly R[]): R;
  /** Does what is to be done for these entries of the index. */
  visit(rows: readonly Row[]): Promise<Visited<R>>;
}

/**
 * @param until epoch milliseconds after which it answers `again`
 * @throws StoreBusyError when time is over and nothing at all could be done
 */
export async function walkShard<R extends WalkReport>(
  ports: { readonly rows: RowStore; readonly clock: Clock },
  walk: ShardWalk<R>,
  until: number,
): Promise<WalkAnswer<R>> {
  const { partition, dryRun, progress, nothing } = walk;
  let { after, report } = progress ?? { after: undefined, report: nothing };
  const rounds = (progress?.rounds ?? 0) + 1;
  let moved = false;
  for (;;) {
    const query = { ...dueQuery(partition, ports.clock.now()), limit: PAGE_ROWS };
    const page = await ports.rows.query(after === undefined ? query : { ...query, after });
    const done = await walk.visit(page.rows);
    moved ||= done.report.mailboxes + done.report.messages > 0;
    report = walk.sum(report, done.report);
    // What time was too short for is met again: it is still due.
    if (!done.finished && !dryRun) break;
    after = page.next;
    if (after === undefined) return { outcome: 'done', progress: { rounds, report } };
    if (ports.clock.now() > until) {
      moved = true;
      break;
    }
  }
  if (!moved) throw new StoreBusyError(`${partition}: nothing could be done in time`);
  const next = { ...(after === undefined ? {} : { after }), rounds, report };
  if (rounds < ROUNDS_MAX) return { outcome: 'again', progress: next };
  return { outcome: 'done', progress: { ...next, report: { ...report, incomplete: true } } };
}
