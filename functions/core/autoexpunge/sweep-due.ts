/**
 * Sweeping what is due: a walk along one shard of the index `due`. Mailboxes of one account come
 * one after the other, because they share its expunge storage.
 */
import type { SweepAnswer, SweepDuePayload, SweepReport } from '../../contract/autoexpunge.ts';
import { accountOfMailbox } from '../../contract/row-layout.ts';
import { StoreBusyError } from '../errors.ts';
import type { ChunkPorts, MailContext } from '../messages/in-chunks.ts';
import type { RowStore } from '../ports/row-store.ts';
import { holdsRows } from '../rows/paging.ts';
import { inParallel } from '../rows/parallel.ts';
import { duePartition } from './due.ts';
import { contextOf, reportFailure, type SweepConfig } from './sweep-context.ts';
import { sweepMailbox } from './sweep-mailbox.ts';
import { NOTHING, reportOf, sumReports } from './sweep-report.ts';

export const SHARDS = [...'0123456789abcdef'];

const PAGE_MAILBOXES = 100;

/**
 * Invocations for one shard, at most: 100 of 4 minutes are 7 hours, and 16 shards of 100 loops are
 * 12,000 of the 25,000 events of an execution. The next execution goes on.
 */
const ROUNDS_MAX = 100;

const MAILBOX_ROW = 'mailbox#';

/** Shards that have something due now. */
export async function dueShards(rows: RowStore, now: number): Promise<string[]> {
  const found = await inParallel(SHARDS, SHARDS.length, async (shard) =>
    (await holdsRows(rows, dueQuery(shard, now))) ? shard : undefined,
  );
  return found.filter((shard) => shard !== undefined);
}

const dueQuery = (shard: string, now: number) =>
  ({
    table: 'dictmap',
    index: 'due',
    pk: duePartition(shard),
    sk: { to: new Date(now).toISOString() },
  }) as const;

/**
 * Sweeps the mailboxes of a shard that are due, page by page. One that fails is reported and does
 * not stop the others; its entry stays for the next walk.
 * @param until epoch milliseconds after which it answers `again`
 * @throws StoreBusyError when time is over and nothing at all could be done
 */
export async function sweepDue(
  ports: ChunkPorts,
  config: SweepConfig,
  { part: { shard }, dryRun, progress }: SweepDuePayload,
  until: number,
): Promise<SweepAnswer> {
  let { after, report } = progress ?? { after: undefined, report: NOTHING };
  const rounds = (progress?.rounds ?? 0) + 1;
  let moved = false;
  for (;;) {
    const query = { ...dueQuery(shard, ports.clock.now()), limit: PAGE_MAILBOXES };
    const page = await ports.rows.query(after === undefined ? query : { ...query, after });
    const mailboxIds = page.rows.map(({ key }) => key.sk.slice(MAILBOX_ROW.length));
    const done = await sweepPage(ports, config, { mailboxIds, dryRun }, until);
    moved ||= done.report.mailboxes + done.report.messages > 0;
    report = sumReports(report, done.report);
    // What time was too short for is met again: it is still due.
    if (!done.finished && !dryRun) break;
    after = page.next;
    if (after === undefined) return { outcome: 'done', progress: { rounds, report } };
    if (ports.clock.now() > until) {
      moved = true;
      break;
    }
  }
  if (!moved) throw new StoreBusyError(`shard ${shard}: nothing could be done in time`);
  const next = { ...(after === undefined ? {} : { after }), rounds, report };
  if (rounds < ROUNDS_MAX) return { outcome: 'again', progress: next };
  return { outcome: 'done', progress: { ...next, report: { ...report, incomplete: true } } };
}

interface PageTask {
  readonly mailboxIds: readonly string[];
  readonly dryRun: boolean;
}

/** Failed and skipped ones are reported when the page is finished: until then they come again. */
async function sweepPage(
  ports: ChunkPorts,
  config: SweepConfig,
  { mailboxIds, dryRun }: PageTask,
  until: number,
): Promise<{ readonly finished: boolean; readonly report: SweepReport }> {
  const accounts = [...Map.groupBy(mailboxIds, accountOfMailbox)];
  const parts = await inParallel(accounts, config.parallelAccounts, ([accountId, members]) =>
    sweepMembers(ports, config, { accountId, mailboxIds: members, dryRun }, until),
  );
  const report = sumReports(...parts.map((part) => part.report));
  const finished = parts.every((part) => part.finished);
  if (finished) return { finished, report };
  if (dryRun) return { finished, report: { ...report, incomplete: true } };
  return { finished, report: { ...report, skipped: 0, failed: 0, failures: [] } };
}

async function sweepMembers(
  ports: ChunkPorts,
  config: SweepConfig,
  { accountId, mailboxIds, dryRun }: PageTask & { readonly accountId: string },
  until: number,
): Promise<{ readonly finished: boolean; readonly report: SweepReport }> {
  const found = await contextOf(ports, config, accountId);
  if ('report' in found) return { finished: true, report: found.report };
  let report = NOTHING;
  for (const mailboxId of mailboxIds) {
    if (ports.clock.now() > until) return { finished: false, report };
    const one = { context: found.context, mailboxId, dryRun };
    const part = await sweepOne(ports, config, one, until);
    report = sumReports(report, part.report);
    if (!part.finished) return { finished: false, report };
  }
  return { finished: true, report };
}

/** One mailbox, whatever happens to it. */
export async function sweepOne(
  ports: ChunkPorts,
  config: SweepConfig,
  one: { readonly context: MailContext; readonly mailboxId: string; readonly dryRun: boolean },
  until: number,
): Promise<{ readonly finished: boolean; readonly report: SweepReport }> {
  const { context, mailboxId, dryRun } = one;
  try {
    const swept = await sweepMailbox(ports, context, { mailboxId }, until, { dryRun });
    return { finished: swept.outcome !== 'again', report: reportOf(swept) };
  } catch (error) {
    return { finished: true, report: reportFailure(config, mailboxId, error) };
  }
}
