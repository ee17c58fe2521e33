/**
 * The account partition goes last: it is what everything else can be found by. A mailbox row goes
 * only after its partitions list empty, and only when the plan names it: one that is unknown has
 * partitions that nobody would look at once it is gone. It starts the next round, whose plan it
 * joins.
 */
import type { EraseAccountRowsAnswer, RoundPayload } from '../../contract/payloads.ts';
import {
  accountPartition,
  dictmapKeys,
  messagePartition,
  type RowKey,
} from '../../contract/row-layout.ts';
import { enterStep, updateWrite } from '../operations/operations.ts';
import type { RowStore } from '../ports/row-store.ts';
import { holdsRows } from '../rows/paging.ts';
import { inGroups, inParallel } from '../rows/parallel.ts';
import { accountBuckets } from './account-buckets.ts';
import { eraseRows } from './erase-target.ts';
import type { RowPorts, Until } from './erasure-ports.ts';
import { requireFenced } from './fence-account.ts';
import { mailboxRows, readPlan } from './plan.ts';
import { startNextRound } from './rounds.ts';
import { Tally } from './tally.ts';
import { withdrawGrants } from './withdraw-grants.ts';

const PARALLEL_QUERIES = 16;

/** The place of the look at all partitions among what the tally counts; then come the parts. */
const LOOK = 0;

/** Partitions looked at between two looks at the clock: 512 of 16 at a time take a second. */
const CHUNK_PARTITIONS = 512;

/**
 * Mailboxes last. All other rows sort before `mailbox#` or from `mailbox$` on ($ follows #), so
 * kinds of rows that this code has never heard of are erased as well.
 */
const PARTS = [{ to: 'mailbox#' }, { from: 'mailbox$' }, { prefix: 'mailbox#' }] as const;

/**
 * Withdraws rights given to the account and by it, then erases paths, subscriptions, dicts, caches,
 * objects and whatever else is in the partition, then the mailboxes.
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
  const { mailboxes } = await readPlan(ports.rows, context.operationId);
  const planned = new Set(mailboxes.map(({ mailboxId }) => mailboxKey(mailboxId)));
  const tally = await Tally.open(ports.rows, context.operationId, `${round}-account`);
  const remaining =
    (await findUnplanned(ports, context.accountId, planned)) ??
    (await findFilledPartition(ports, tally, context.accountId, until));
  if (remaining === 'again') return { outcome: 'again' };
  if (remaining !== undefined) return await startNextRound(ports, context, round, remaining);
  if (!(await withdrawGrants(ports, context.accountId, until))) return { outcome: 'again' };
  // What came after this round had counted everything is for verification to find and the next
  // round to count.
  for (const [index, sk] of tally.done ? [] : PARTS.entries()) {
    const query = { table: 'dictmap', pk: accountPartition(context.accountId), sk } as const;
    // One that comes behind the look above stays, and the verification finds it.
    const mayGo = ({ sk }: RowKey) => !sk.startsWith('mailbox#') || planned.has(sk);
    const part = { index: LOOK + 1 + index, query, counterOf, mayGo };
    const empty = await eraseRows(ports, tally, part, until);
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

const mailboxKey = (mailboxId: string): string => dictmapKeys.mailbox(mailboxId).sk;

/** The row of a mailbox that the plan does not name; undefined when it names all. */
async function findUnplanned(
  ports: RowPorts,
  accountId: string,
  planned: ReadonlySet<string>,
): Promise<string | undefined> {
  for await (const { key } of mailboxRows(ports.rows, accountId)) {
    if (!planned.has(key.sk)) return `a mailbox that is not in the plan: ${key.sk}`;
  }
  return undefined;
}

/**
 * A partition of any mailbox that still holds a row; undefined when all list empty. Those that were
 * found empty are not looked at again: behind the fence nothing comes into them.
 */
async function findFilledPartition(
  ports: RowPorts,
  tally: Tally,
  accountId: string,
  until: Until,
): Promise<string | 'again' | undefined> {
  if (tally.done || tally.from > LOOK) return undefined;
  const partitions = partitionsAfter(ports.rows, accountId, tally.mark?.key ?? '');
  let passed: Partition | undefined;
  for await (const group of inGroups(partitions, CHUNK_PARTITIONS)) {
    if (passed !== undefined && ports.clock.now() >= until) {
      await tally.announce({ target: LOOK, key: passed.place }, { target: LOOK, key: '' }, {});
      return 'again';
    }
    const filled = await inParallel(group, PARALLEL_QUERIES, async ({ pk }) =>
      (await holdsRows(ports.rows, { table: 'dictmap', pk })) ? pk : undefined,
    );
    const first = filled.find((pk) => pk !== undefined);
    if (first !== undefined) return first;
    passed = group.at(-1);
  }
  return undefined;
}

interface Partition {
  readonly pk: string;
  /** Sorts as the walk goes. */
  readonly place: string;
}

async function* partitionsAfter(
  rows: RowStore,
  accountId: string,
  passed: string,
): AsyncGenerator<Partition> {
  const [mailboxId = '', bucket = '-1'] = passed.split('#');
  for await (const met of accountBuckets(rows, accountId, mailboxId)) {
    if (!('run' in met)) continue;
    const { from, to } = met.run;
    const first = met.mailboxId === mailboxId ? Math.max(from, Number(bucket) + 1) : from;
    for (let at = first; at <= to; at += 1) {
      const pk = messagePartition(met.mailboxId, at);
      yield { pk, place: `${met.mailboxId}#${at}` };
    }
  }
}
