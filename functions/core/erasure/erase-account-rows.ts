/**
 * The account partition goes last: it is what everything else can be found by. A mailbox row goes
 * only after its partitions list empty.
 */
import type { EraseAccountRowsAnswer, RoundPayload } from '../../contract/payloads.ts';
import { accountPartition, messagePartitions, type RowKey } from '../../contract/row-layout.ts';
import { toMailbox } from '../mailboxes/mailboxes.ts';
import { enterStep, updateWrite } from '../operations/operations.ts';
import { holdsRows } from '../rows/paging.ts';
import { inParallel } from '../rows/parallel.ts';
import { eraseRows } from './erase-target.ts';
import type { RowPorts, Until } from './erasure-ports.ts';
import { requireFenced } from './fence-account.ts';
import { mailboxRows } from './plan.ts';
import { startNextRound } from './rounds.ts';
import { Tally } from './tally.ts';

const PARALLEL_QUERIES = 16;

/**
 * Mailboxes last. All other rows sort before `mailbox#` or from `mailbox$` on ($ follows #), so
 * kinds of rows that this code has never heard of are erased as well.
 */
const PARTS = [{ to: 'mailbox#' }, { from: 'mailbox$' }, { prefix: 'mailbox#' }] as const;

/**
 * Erases paths, subscriptions, dicts, caches, objects and whatever else is in the partition, then
 * the mailboxes.
 * @throws SupersededError, ErasureBlockedError
 */
export async function eraseAccountRows(
  ports: RowPorts,
  payload: RoundPayload,
  until: Until,
): Promise<EraseAccountRowsAnswer> {
  const { operation: context, round } = payload;
  await enterStep(ports, context, 'Erase account rows');
  await requireFenced(ports.rows, context);
  const remaining = await findFilledPartition(ports, context.accountId);
  if (remaining !== undefined) return await startNextRound(ports, context, round, remaining);
  const tally = await Tally.open(ports.rows, context.operationId, `${round}-account`);
  for (const [index, sk] of PARTS.entries()) {
    const query = { table: 'dictmap', pk: accountPartition(context.accountId), sk } as const;
    const empty = await eraseRows(ports, tally, index, query, counterOf, until);
    if (!empty) return { outcome: 'again' };
  }
  await tally.finish();
  // From here on the settling time runs; the certificate says how long it was in fact.
  await ports.rows.write(updateWrite(context, { erasedAt: ports.clock.now() }));
  return { outcome: 'done' };
}

/** `mailbox#...` counts as mailboxRows, `dict#...` as dictRows. */
function counterOf({ sk }: RowKey): string {
  return `${sk.slice(0, Math.max(sk.indexOf('#'), 0)) || 'other'}Rows`;
}

/** A partition of any mailbox that still holds a row; undefined when all list empty. */
async function findFilledPartition(
  ports: RowPorts,
  accountId: string,
): Promise<string | undefined> {
  for await (const row of mailboxRows(ports.rows, accountId)) {
    const { mailboxId, uidNext } = toMailbox(row);
    const partitions = messagePartitions(mailboxId, uidNext);
    const filled = await inParallel(partitions, PARALLEL_QUERIES, async (pk) =>
      (await holdsRows(ports.rows, { table: 'dictmap', pk })) ? pk : undefined,
    );
    const first = filled.find((pk) => pk !== undefined);
    if (first !== undefined) return first;
  }
  return undefined;
}
