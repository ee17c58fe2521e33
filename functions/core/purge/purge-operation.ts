/**
 * The operation of a purge. What its workers end is counted in rows of their own, in the very
 * transactions that end it: so counts are exact, and workers do not wait for each other.
 */
import type { Counts } from '../../contract/api.ts';
import type { OperationContext } from '../../contract/payloads.ts';
import type { PurgeReport, PurgeRequest } from '../../contract/purge.ts';
import { ROW_VERSION, registryKeys, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import { type Account, whyProtected } from '../accounts/accounts.ts';
import { sweepableCheck } from '../accounts/while-active.ts';
import { StoreBusyError } from '../errors.ts';
import type { CountedTree } from '../folders/purge-members.ts';
import { accountOperationPut, operationPut } from '../operations/new-operation.ts';
import {
  finishWrite,
  type OperationPorts,
  requireRunning,
  retentionEnd,
} from '../operations/operations.ts';
import type { Attributes, RowStore, Write } from '../ports/row-store.ts';
import { isMap, optionalText } from '../rows/attributes.ts';
import { leftIn } from './purge-report.ts';

/** Stands for the account of an operation that is about more than one. */
export const ALL_ACCOUNTS = '*';

/** States of the machine. */
export const PURGE_STEPS = {
  resolve: 'Resolve purge',
  purge: 'Purge parts',
  finish: 'Finish purge',
};

export interface PurgeOpening {
  readonly operationId: string;
  readonly request: PurgeRequest;
  /** Of the user, if it is about one. */
  readonly account?: Account;
  readonly requestedBy: string;
  readonly execution?: string;
}

/**
 * Opens an operation, unless it is there.
 * @throws AccountHeldError, AccountNotActiveError, StoreBusyError
 */
export async function openPurge(
  ports: OperationPorts,
  { request, account, ...opening }: PurgeOpening,
): Promise<void> {
  const { user, dryRun, ...rest } = request;
  const operation = {
    ...opening,
    verb: 'purge-mailboxes',
    accountId: account?.accountId ?? ALL_ACCOUNTS,
    step: PURGE_STEPS.resolve,
  } as const;
  const more = {
    request: { ...rest },
    ...(user === undefined ? {} : { user }),
    ...(dryRun === true ? { dryRun } : {}),
  };
  const put = operationPut(operation, more, ports.clock.now());
  if (account === undefined) {
    await ports.rows.write(put);
    return;
  }
  const { accountId } = account;
  const result = await ports.rows.transact([
    sweepableCheck(accountId),
    put,
    accountOperationPut(accountId, opening.operationId),
  ]);
  if (result.outcome === 'conflict') throw new StoreBusyError('another change of the account');
  if (result.outcome === 'written') return;
  const isAccount = result.refusals.some(({ index }) => index === 0);
  if (isAccount) throw await whyProtected(ports.rows, account);
}

/** What a running operation was asked. @throws SupersededError, UnknownOperationError */
export async function readPurge(rows: RowStore, context: OperationContext): Promise<PurgeRequest> {
  const { dryRun } = await requireRunning(rows, context);
  const row = await rows.get(registryKeys.operation(context.operationId));
  const request = row?.attributes['request'];
  if (row === undefined || !isMap(request)) {
    throw new TypeError('damaged operation row: it has no request');
  }
  const user = optionalText(row, 'user');
  return {
    ...(request as PurgeRequest),
    ...(user === undefined ? {} : { user }),
    ...(dryRun === true ? { dryRun } : {}),
  };
}

/** Begins the count of a worker, unless it has begun. @param worker unique in the operation */
export async function beginCount(
  { rows, clock }: OperationPorts,
  { operationId }: OperationContext,
  worker: string,
): Promise<void> {
  await rows.write({
    kind: 'put',
    key: registryKeys.progress(operationId, worker),
    guard: { row: 'absent' },
    attributes: {
      v: ROW_VERSION,
      type: 'progress',
      ...{ trees: 0, mailboxes: 0, messages: 0, bytes: 0 },
      [TTL_ATTRIBUTE]: retentionEnd(clock.now()),
    },
  });
}

/** The write that counts what is written along with it. */
export function purgeCountWrite(
  { operationId }: OperationContext,
  worker: string,
  counted: CountedTree,
): Write {
  return {
    kind: 'update',
    key: registryKeys.progress(operationId, worker),
    guard: { row: 'present' },
    change: { add: { ...counted } },
  };
}

/** What the parts of an attempt have left, and why; as counters of the operation. */
export function leftWrite(
  { operationId }: OperationContext,
  report: PurgeReport,
  now: number,
): Write {
  return {
    kind: 'put',
    key: registryKeys.progress(operationId, 'left'),
    attributes: {
      v: ROW_VERSION,
      type: 'progress',
      counts: { ...leftIn(report, now), skipped: report.skipped, failed: report.failed },
      [TTL_ATTRIBUTE]: retentionEnd(now),
    },
  };
}

/**
 * The writes that end an operation with success: ids, counts and times are left of it.
 * @param found what a dry run has found
 */
export function endPurgeWrites(
  context: OperationContext,
  now: number,
  found?: { readonly expected: Counts; readonly estimatedBill: Counts },
): Write[] {
  const write = finishWrite(context, now);
  if (write.kind !== 'update') throw new TypeError('an operation ends by an update');
  const { set, unset = [] } = write.change;
  const ttl: Attributes = { [TTL_ATTRIBUTE]: retentionEnd(now) };
  const { expected, estimatedBill } = found ?? {};
  const more = {
    ...(expected === undefined ? {} : { expected: { ...expected } }),
    ...(estimatedBill === undefined ? {} : { estimatedBill: { ...estimatedBill } }),
  };
  const end: Write = {
    ...write,
    change: { set: { ...set, step: PURGE_STEPS.finish, ...more }, unset: [...unset, 'request'] },
  };
  if (context.accountId === ALL_ACCOUNTS) return [end];
  const key = registryKeys.accountOperation(context.accountId, context.operationId);
  return [end, { kind: 'update', key, guard: { row: 'present' }, change: { set: ttl } }];
}
