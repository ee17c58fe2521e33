/** Purging the deleted trees of one account that may go. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { PurgeReport, PurgeRequest } from '../../contract/purge.ts';
import { bucketOf } from '../../contract/row-layout.ts';
import { DAY_MS } from '../../contract/times.ts';
import { reportFailure, type SweepConfig, sweepContextOf } from '../autoexpunge/sweep-context.ts';
import type { CoveredByBackup } from '../backups/backups.ts';
import { LetheError } from '../errors.ts';
import { isArriving, releaseTree } from '../folders/claim-tree.ts';
import { finishMoves } from '../folders/finish-move.ts';
import type { TreePurge } from '../folders/purge-members.ts';
import { dueMembers, type PurgedTree, purgeTree } from '../folders/purge-tree.ts';
import { everyTree, isStored, readMailboxes, readTree, type Tree } from '../folders/tree.ts';
import type { ChunkPorts, MailContext } from '../messages/in-chunks.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { CHUNK_MESSAGES } from '../walks/pace.ts';
import type { Visited } from '../walks/walk-shard.ts';
import { asPurge, NOTHING_PURGED, partOf, sumPurges } from './purge-report.ts';
import type { FoundFolder } from './purgeable-folders.ts';

export interface AccountPurge extends Omit<TreePurge, 'dueAt'> {
  readonly accountId: string;
  /** Those to look at; all when missing. */
  readonly deletionIds?: readonly string[];
  readonly request: PurgeRequest;
  readonly isCovered: CoveredByBackup;
  /** Told of what a dry run finds. */
  readonly onFound?: (found: FoundFolder) => Promise<void>;
}

const NEVER_PURGED = Number.POSITIVE_INFINITY;

/**
 * When a folder of a tree may go, by the path that it had (F5): as its own setting says, else as
 * is asked for, else as the settings say. An own setting is that folder's alone (DEV-13). A
 * deletion that is named goes whatever its age.
 */
export function dueAtOf(
  request: PurgeRequest,
  settings: ResolvedSettings,
  { deletedAt, partial }: Pick<Tree, 'deletedAt' | 'partial'>,
): TreePurge['dueAt'] {
  // A copy that was never finished; all of it is kept where it came from.
  if (partial) return () => deletedAt;
  if (request.deletionId !== undefined) return () => deletedAt;
  const { olderThanDays, olderThanSeconds, ignoreOwnRetention = false } = request;
  return (path) => {
    const own = ignoreOwnRetention ? undefined : settings.ownDeletedRetentionDaysOf(path);
    if (own === undefined && olderThanSeconds !== undefined) {
      return deletedAt + olderThanSeconds * 1000;
    }
    const days = own ?? olderThanDays ?? settings.deletedRetentionDays;
    return days === 'never' ? NEVER_PURGED : deletedAt + days * DAY_MS;
  };
}

/**
 * One account, whatever happens to it: a tree that fails is reported and does not stop the others.
 * @param until epoch milliseconds after which no other tree is begun
 */
export async function purgeAccount(
  ports: ChunkPorts,
  config: SweepConfig,
  purge: AccountPurge,
  until: number,
): Promise<Visited<PurgeReport>> {
  const { accountId } = purge;
  const found = await sweepContextOf(ports, config, accountId);
  try {
    if ('report' in found) {
      await giveBack(ports, purge);
      return { finished: true, report: asPurge(found.report) };
    }
    const { context } = found;
    await endMoves(ports, context, purge, until);
    return await purgeTrees(ports, config, { context, purge }, until);
  } catch (error) {
    return { finished: true, report: asPurge(reportFailure(config, accountId, error)) };
  }
}

/** Of an account that is held meanwhile, what this operation has claimed may come back. */
async function giveBack(ports: ChunkPorts, purge: AccountPurge): Promise<void> {
  for await (const { deletionId, claim } of treesOf(ports, purge)) {
    if (claim !== purge.claim) continue;
    await releaseTree(ports.rows, purge.accountId, { deletionId, claim: purge.claim });
  }
}

/** Trees that a crash has left on the move go on first. */
async function endMoves(
  ports: ChunkPorts,
  context: MailContext,
  { request: { dryRun } }: AccountPurge,
  until: number,
): Promise<void> {
  if (dryRun === true || context.account.moves === undefined) return;
  await finishMoves(ports, context, Math.max(until, ports.clock.now()));
}

interface Task {
  readonly context: MailContext;
  readonly purge: AccountPurge;
}

async function purgeTrees(
  ports: ChunkPorts,
  config: SweepConfig,
  task: Task,
  until: number,
): Promise<Visited<PurgeReport>> {
  const { accountId, request } = task.purge;
  let report = NOTHING_PURGED;
  for await (const tree of treesOf(ports, task.purge)) {
    if (!isStored(tree) || isArriving(tree, ports.clock.now())) continue;
    if (ports.clock.now() > until) return cut(report, request);
    try {
      const one = await purgeOne(ports, task, tree, until);
      report = sumPurges(report, one.report);
      if (!one.finished) return cut(report, request);
    } catch (error) {
      const what = `${accountId} ${tree.deletionId}`;
      const failed = isProtection(error)
        ? { ...NOTHING_PURGED, skipped: 1 }
        : asPurge(reportFailure(config, what, error));
      report = sumPurges(report, failed);
    }
  }
  return { finished: true, report };
}

/** Nothing goes in a dry run: met again, it would be counted twice. */
const cut = (report: PurgeReport, { dryRun }: PurgeRequest): Visited<PurgeReport> =>
  dryRun === true
    ? { finished: false, report: { ...report, incomplete: true } }
    : { finished: false, report: partOf(report) };

/** Oldest first. */
async function* treesOf(
  { rows }: ChunkPorts,
  { accountId, deletionIds }: AccountPurge,
): AsyncGenerator<Tree> {
  if (deletionIds === undefined) {
    yield* everyTree(rows, accountId);
    return;
  }
  for (const deletionId of deletionIds) {
    const tree = await readTree(rows, accountId, deletionId);
    if (tree !== undefined) yield tree;
  }
}

const PURGE_PROTECTIONS: readonly string[] = [
  ERROR_NAMES.accountHeld,
  ERROR_NAMES.accountNotActive,
  ERROR_NAMES.superseded,
];

const isProtection = (error: unknown): boolean =>
  error instanceof LetheError && PURGE_PROTECTIONS.includes(error.name);

async function purgeOne(
  ports: ChunkPorts,
  { context, purge }: Task,
  tree: Tree,
  until: number,
): Promise<Visited<PurgeReport>> {
  const { account, settings } = context;
  const dueAt = dueAtOf(purge.request, settings, tree);
  const { due } = await dueMembers(ports, account.accountId, tree, dueAt);
  if (due.length > 0 && !tree.partial && !purge.isCovered(tree.settledAt ?? tree.deletedAt)) {
    const waitingSince = Math.min(...due.map(({ path }) => dueAt(path)));
    return { finished: true, report: { ...NOTHING_PURGED, waiting: 1, waitingSince } };
  }
  if (purge.request.dryRun === true) {
    const report = await foundIn(ports, due);
    const { accountId } = account;
    if (report.trees > 0)
      await purge.onFound?.({ ...report, accountId, deletionId: tree.deletionId });
    return { finished: true, report };
  }
  const done = await purgeTree(ports, context, { tree, purge: { ...purge, dueAt } }, until);
  return { finished: done.outcome !== 'again', report: purgeReportOf(done) };
}

function purgeReportOf({ outcome, ...counts }: PurgedTree): PurgeReport {
  return {
    ...NOTHING_PURGED,
    ...counts,
    trees: Number(outcome === 'purged' || outcome === 'rest'),
    notDue: Number(outcome === 'notDue'),
    skipped: Number(outcome === 'taken'),
  };
}

/** What would go, by the counters of the mailboxes. */
async function foundIn(
  { rows }: ChunkPorts,
  due: Awaited<ReturnType<typeof dueMembers>>['due'],
): Promise<PurgeReport> {
  if (due.length === 0) return { ...NOTHING_PURGED, notDue: 1 };
  const mailboxes = await readMailboxes(rows, due);
  const sum = (of: (mailbox: (typeof mailboxes)[number]) => number) =>
    mailboxes.reduce((total, mailbox) => total + of(mailbox), 0);
  return {
    ...NOTHING_PURGED,
    trees: 1,
    mailboxes: mailboxes.length,
    messages: sum(({ messages }) => messages),
    bytes: sum(({ bytes }) => bytes),
    // As many as were ever in use, and no more than there can be messages in.
    partitions: sum(({ uidNext, messages }) =>
      Math.min(bucketOf(Math.max(uidNext - 1, 0)) + 1, Math.max(messages, 1)),
    ),
    chunks: sum(({ messages }) => Math.ceil(messages / CHUNK_MESSAGES)),
  };
}
