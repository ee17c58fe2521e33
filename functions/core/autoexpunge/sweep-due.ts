/**
 * Sweeping what is due: a walk along one shard of the index `due`. Mailboxes of one account come
 * one after the other, because they share its expunge storage.
 */
import type { SweepAnswer, SweepDuePayload, SweepReport } from '../../contract/autoexpunge.ts';
import { accountOfMailbox } from '../../contract/row-layout.ts';
import type { ChunkPorts, MailContext } from '../messages/in-chunks.ts';
import { duePartition } from '../policies/due.ts';
import type { Row } from '../ports/row-store.ts';
import { inParallel } from '../rows/parallel.ts';
import { NOTHING_WALKED, sumReports } from '../walks/walk-report.ts';
import { walkShard } from '../walks/walk-shard.ts';
import { reportFailure, type SweepConfig, sweepContextOf } from './sweep-context.ts';
import { type Swept, sweepMailbox } from './sweep-mailbox.ts';

const MAILBOX_ROW = 'mailbox#';

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
  const walk = {
    partition: duePartition(shard),
    dryRun,
    progress,
    nothing: NOTHING_WALKED,
    sum: sumReports,
    visit: (rows: readonly Row[]) => {
      const mailboxIds = rows.map(({ key }) => key.sk.slice(MAILBOX_ROW.length));
      return sweepPage(ports, config, { mailboxIds, dryRun }, until);
    },
  };
  return await walkShard(ports, walk, until);
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
  const found = await sweepContextOf(ports, config, accountId);
  if ('report' in found) return { finished: true, report: found.report };
  let report = NOTHING_WALKED;
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
    const swept = await sweepMailbox(ports, context, { mailboxId }, { until, dryRun });
    const passedOver = passedOverReport(config, mailboxId, swept);
    const report = sumReports(sweepReportOf(swept), passedOver);
    return { finished: swept.outcome !== 'again', report };
  } catch (error) {
    return { finished: true, report: reportFailure(config, mailboxId, error) };
  }
}

/** What a sweep has done in one mailbox, as part of the sum. */
function sweepReportOf({ outcome, messages, bytes }: Swept): SweepReport {
  return {
    ...NOTHING_WALKED,
    messages,
    bytes,
    mailboxes: Number(outcome === 'done'),
    skipped: Number(outcome === 'skipped'),
  };
}

/** Messages that could not be swept, each as a failure: the mailbox goes on without them. */
export function passedOverReport(
  config: SweepConfig,
  mailboxId: string,
  { passedOver = [] }: Swept,
): SweepReport {
  return sumReports(
    NOTHING_WALKED,
    ...passedOver.map(({ uid, fault }) => reportFailure(config, `${mailboxId} UID ${uid}`, fault)),
  );
}
