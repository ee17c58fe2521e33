/**
 * The step that works: it plans which mailboxes to look into, counts what there is, then expunges
 * or restores it, page by page. Where it is stands on the operation; each chunk of messages is
 * one transaction with the count of what it did, so that any crash, repetition or rival leaves
 * messages and counts right.
 */
import type { BulkAnswer, BulkPayload } from '../../contract/bulk.ts';
import type { MailSettings } from '../../contract/mail-settings.ts';
import type { OperationContext } from '../../contract/payloads.ts';
import { notActive, readAccount, requireUnheld } from '../accounts/accounts.ts';
import { type PlannedMailbox, readPlan, writePlan } from '../erasure/plan.ts';
import { QuotaExceededError } from '../errors.ts';
import type { ChunkPorts, MailContext } from '../messages/in-chunks.ts';
import { expireRecords } from '../operations/expire-records.ts';
import { requireOperation, requireRunning } from '../operations/operations.ts';
import { refusal } from '../operations/refusals.ts';
import type { RetentionDays } from '../policies/expiry.ts';
import { storageReach } from '../queries/choose-mailboxes.ts';
import { selectMessages } from '../queries/select-messages.ts';
import { usedQuota } from '../quota/quota.ts';
import { forgetBound } from '../quota/quota-bound.ts';
import { readSettings } from '../settings/settings-store.ts';
import {
  type BulkState,
  endBulkWrites,
  moveOn,
  planningCheck,
  readBulk,
} from './bulk-operation.ts';
import { type BulkRun, lookInto } from './bulk-pages.ts';
import { parseBulkQuery } from './bulk-request.ts';
import type { BulkKind } from './bulk-verbs.ts';

export interface BulkConfig {
  /** Settings of the deployment. */
  readonly deployment: MailSettings;
  readonly retentionDays: RetentionDays;
}

/**
 * Works until the operation has ended or time is over. What can be wrong with it is an answer that
 * a Choice reads; only trouble throws.
 * @param until epoch milliseconds after which it answers `again`
 * @throws SupersededError, StoreBusyError
 */
export async function runBulk<P extends ChunkPorts>(
  ports: P,
  { kind, ...config }: BulkConfig & { readonly kind: BulkKind<P> },
  { operation: context }: BulkPayload,
  until: number,
): Promise<BulkAnswer> {
  try {
    // A late delivery after the end.
    const { state } = await requireOperation(ports.rows, context.operationId);
    if (state === 'succeeded') return await doneAnswer(ports, context);
    const bulk = await readBulk(ports.rows, context);
    const mail = await mailContext(ports, config, context);
    const query = parseBulkQuery(kind.verb, bulk.request.query, bulk.operation.createdAt);
    return await work({ ports, kind, context, mail, query, until }, bulk);
  } catch (error) {
    return refusal(error);
  }
}

/** @throws AccountHeldError, AccountNotActiveError */
async function mailContext(
  { rows }: ChunkPorts,
  { deployment, retentionDays }: BulkConfig,
  { accountId }: OperationContext,
): Promise<MailContext> {
  const account = await readAccount(rows, accountId);
  if (account === undefined) throw new TypeError(`account ${accountId} is gone`);
  requireUnheld(account);
  if (account.state !== 'active') throw notActive(account);
  return { account, settings: await readSettings(rows, deployment, account), retentionDays };
}

async function work<P extends ChunkPorts>(run: BulkRun<P>, begun: BulkState): Promise<BulkAnswer> {
  const { ports, context, until } = run;
  let state: BulkState | 'lost' = begun.phase === 'plan' ? await plan(run, begun) : begun;
  const { mailboxes } = await readPlan(ports.rows, context.operationId);
  while (state !== 'lost') {
    const planned: PlannedMailbox | undefined = mailboxes
      .slice(0, state.planned)
      .at(state.place.mailbox);
    if (planned !== undefined) state = await lookInto(run, state, planned);
    else if (state.phase === 'count' && state.request.dryRun !== true) {
      state = await beginWork(run, state);
    } else return await end(run);
    if (ports.clock.now() > until) break;
  }
  // Time is over, or another delivery of this step is at it.
  return { outcome: 'again' };
}

/** Notes UIDNEXTs: what arrives from now on is not taken. */
async function plan<P extends ChunkPorts>(
  { ports, kind, context, mail, query }: BulkRun<P>,
  state: BulkState,
): Promise<BulkState | 'lost'> {
  await kind.check(ports, mail, state.request);
  const { looksInto } = kind;
  const { mailboxes, names } = await selectMessages({
    rows: ports.rows,
    account: mail.account,
    query,
    readPage: async () => ({ messages: [] }),
    ...(looksInto === undefined
      ? { storages: storageReach(mail.settings.expunge) }
      : { mayRead: looksInto }),
  });
  await writePlan(ports, context.operationId, mailboxes, planningCheck(context));
  const expected = { mailboxes: mailboxes.length, messages: 0, bytes: 0 };
  return await moveOn(ports, context, state, {
    phase: 'count',
    planned: mailboxes.length,
    expected,
    names,
  });
}

/** From counting to working, if what comes back has room (L7). @throws QuotaExceededError */
async function beginWork<P extends ChunkPorts>(
  { ports, context, mail }: BulkRun<P>,
  state: BulkState,
): Promise<BulkState | 'lost'> {
  const { quotaBytes: limit } = mail.settings;
  const { quotaBytes: wanted = 0 } = state.expected;
  if (limit !== undefined && wanted > 0 && state.request.overQuota !== true) {
    const { bytes } = await usedQuota(ports, mail.account, mail.settings);
    if (bytes + wanted > limit) {
      throw new QuotaExceededError(
        `${wanted} bytes more exceed the quota: ${bytes} of ${limit} bytes are used`,
        'Nothing was restored. Raise the limit and resume, or ask again with overQuota.',
      );
    }
  }
  if (limit !== undefined && wanted > 0) await forgetBound(ports, mail.account.accountId);
  return await moveOn(ports, context, state, {
    phase: 'work',
    place: { mailbox: 0, afterUid: 0 },
  });
}

async function end<P extends ChunkPorts>({ ports, context }: BulkRun<P>): Promise<BulkAnswer> {
  await expireRecords(ports, context.operationId);
  const writes = endBulkWrites(context, ports.clock.now());
  const result = await ports.rows.transact(writes);
  // Another delivery of this step may have ended it already; a newer attempt stops this one.
  if (result.outcome !== 'written') {
    const { state } = await requireOperation(ports.rows, context.operationId);
    if (state !== 'succeeded') {
      await requireRunning(ports.rows, context);
      return { outcome: 'again' };
    }
  }
  return await doneAnswer(ports, context);
}

async function doneAnswer(
  { rows }: Pick<ChunkPorts, 'rows'>,
  { operationId }: OperationContext,
): Promise<BulkAnswer> {
  const { expected = {}, done = {}, dryRun } = await requireOperation(rows, operationId);
  return {
    outcome: 'done',
    operationId,
    ...(dryRun === true ? { dryRun: true } : {}),
    expected,
    counts: done,
  };
}
