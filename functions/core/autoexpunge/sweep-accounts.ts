/**
 * Sweeping whole accounts, whether anything in them is due or not: one, or all of a domain. So
 * policies that were set later reach the rows of mailboxes, and count at once.
 */
import type { SweepAccountsPayload, SweepAnswer, SweepReport } from '../../contract/autoexpunge.ts';
import type { WalkPlace } from '../../contract/walks.ts';
import { isThere } from '../mailboxes/every-mailbox.ts';
import { listMailboxes } from '../mailboxes/mailboxes.ts';
import type { ChunkPorts, MailContext } from '../messages/in-chunks.ts';
import { type AccountPart, walkAccounts } from '../walks/walk-accounts.ts';
import { NOTHING_WALKED, sumReports } from '../walks/walk-report.ts';
import { concernsSweeps } from './policy.ts';
import { reportFailure, type SweepConfig, sweepContextOf } from './sweep-context.ts';
import { sweepOne } from './sweep-due.ts';

/** Swept again as a whole when time was too short for it: most have nothing to do. */
const PAGE_MAILBOXES = 100;

/** Ordinary mailboxes, then the expunge storage, which gets what leaves them. */
const PASSES = [1, 2] as const;

type SweptPart = AccountPart<SweepReport>;

/**
 * Walks the accounts of a scope, one after the other.
 * @param until epoch milliseconds after which it answers `again`
 * @throws StoreBusyError when time is over and nothing at all could be done
 */
export async function sweepAccounts(
  ports: ChunkPorts,
  config: SweepConfig,
  { part: { scope }, dryRun, progress }: SweepAccountsPayload,
  until: number,
): Promise<SweepAnswer> {
  const visit = (place: WalkPlace) => sweepAccount(ports, config, { place, dryRun }, until);
  const walk = { scope, progress, nothing: NOTHING_WALKED, sum: sumReports, visit };
  return await walkAccounts(ports, walk, until);
}

/** One account, whatever happens to it. */
async function sweepAccount(
  ports: ChunkPorts,
  config: SweepConfig,
  task: { readonly place: WalkPlace; readonly dryRun: boolean },
  until: number,
): Promise<SweptPart> {
  try {
    return await sweepMailboxes(ports, config, task, until);
  } catch (error) {
    return { report: reportFailure(config, task.place.accountId, error), moved: true };
  }
}

/** All mailboxes of an account that have a policy, or had one. */
async function sweepMailboxes(
  ports: ChunkPorts,
  config: SweepConfig,
  { place, dryRun }: { readonly place: WalkPlace; readonly dryRun: boolean },
  until: number,
): Promise<SweptPart> {
  const { accountId } = place;
  const found = await sweepContextOf(ports, config, accountId);
  if ('report' in found) return { report: found.report, moved: true };
  const { context } = found;
  let report = NOTHING_WALKED;
  let moved = false;
  for (const pass of PASSES.filter((one) => one >= place.pass)) {
    let after = pass === place.pass ? place.after : undefined;
    do {
      const page = await sweepPage(ports, config, { context, pass, after, dryRun }, until);
      report = sumReports(report, page.report);
      moved ||= page.finished || page.report.messages > 0;
      if (!page.finished) {
        return {
          report,
          moved,
          next: { accountId, pass, ...(after === undefined ? {} : { after }) },
        };
      }
      after = page.next;
    } while (after !== undefined);
  }
  return { report, moved };
}

interface PageTask {
  readonly context: MailContext;
  readonly pass: WalkPlace['pass'];
  readonly after: string | undefined;
  readonly dryRun: boolean;
}

async function sweepPage(
  ports: ChunkPorts,
  config: SweepConfig,
  { context, pass, after, dryRun }: PageTask,
  until: number,
): Promise<{ readonly finished: boolean; readonly report: SweepReport; readonly next?: string }> {
  const { accountId } = context.account;
  const page = { limit: PAGE_MAILBOXES, ...(after === undefined ? {} : { after }) };
  const { mailboxes, next } = await listMailboxes(ports.rows, accountId, page);
  let report = NOTHING_WALKED;
  for (const mailbox of mailboxes) {
    const isStorage = mailbox.role === 'storage';
    if (isStorage !== (pass === 2) || !isThere(context.account, mailbox)) continue;
    if (!concernsSweeps(context.settings, mailbox)) continue;
    let finished = ports.clock.now() <= until;
    if (finished) {
      const one = { context, mailboxId: mailbox.mailboxId, dryRun };
      const part = await sweepOne(ports, config, one, until);
      report = sumReports(report, part.report);
      finished = part.finished;
    }
    if (finished) continue;
    // Nothing goes in a dry run: met again, it would be counted twice.
    if (dryRun) return { ...pageEnd(next), report: { ...report, incomplete: true } };
    const { messages, bytes } = report;
    return { finished, report: { ...NOTHING_WALKED, messages, bytes } };
  }
  return { ...pageEnd(next), report };
}

const pageEnd = (next: string | undefined) =>
  next === undefined ? { finished: true } : { finished: true, next };
