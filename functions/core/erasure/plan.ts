/**
 * The plan of an erasure: every mailbox with the buckets that it may have rows in, kept on the
 * operation, because the rows it was made from are themselves erased and verification lists the
 * same partitions again. Bulk verbs keep their mailboxes with UIDNEXTs in the same way.
 */
import type { Counts } from '../../contract/api.ts';
import {
  BUCKET_UIDS,
  ERASURE_RANGE_MESSAGES,
  ERASURE_RANGES_MAX,
  PLAN_ROW_BYTES,
} from '../../contract/limits.ts';
import type { OperationContext, PlanAnswer } from '../../contract/payloads.ts';
import { accountPartition, ROW_VERSION, registryKeys } from '../../contract/row-layout.ts';
import { enterStep, updateWrite } from '../operations/operations.ts';
import type { Ports } from '../ports/ports.ts';
import type { Row, RowStore, Write, WriteResult } from '../ports/row-store.ts';
import { optionalNumber } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';
import { accountBuckets, type BucketRun } from './account-buckets.ts';
import { noteClasses } from './account-classes.ts';
import { type ErasurePorts, requirePart } from './erasure-ports.ts';
import { settleSecondsOf } from './open-uploads.ts';

const PAGE_ROWS = 500;

/** Runs of buckets on one line of a plan: a mailbox may take many lines. */
const LINE_RUNS = 100;

export interface PlannedMailbox {
  readonly mailboxId: string;
  readonly uidNext: number;
}

/** One line of a plan. */
export interface PlannedPart extends PlannedMailbox {
  readonly runs: readonly BucketRun[];
}

export interface Plan {
  readonly mailboxes: readonly PlannedMailbox[];
  /** Rows that the plan takes. */
  readonly parts: number;
}

/** The plan as stored; empty before the first planning. */
export async function readPlan(rows: RowStore, operationId: string): Promise<Plan> {
  const mailboxes: PlannedMailbox[] = [];
  const known = new Set<string>();
  let parts = 0;
  for await (const row of planRows(rows, operationId)) {
    for (const { mailboxId, uidNext } of toPlanned(row)) {
      if (known.has(mailboxId)) continue;
      known.add(mailboxId);
      mailboxes.push({ mailboxId, uidNext });
    }
    parts += 1;
  }
  return { mailboxes, parts };
}

/** Lines of the plan, row by row, with the partitions that each row stands for. */
export async function* plannedParts(
  rows: RowStore,
  operationId: string,
): AsyncGenerator<{ readonly partitions: number; readonly lines: readonly PlannedPart[] }> {
  for await (const row of planRows(rows, operationId)) {
    const lines = toPlanned(row);
    yield { partitions: lines.reduce((sum, { runs }) => sum + partitionsOf(runs), 0), lines };
  }
}

function planRows(rows: RowStore, operationId: string): AsyncGenerator<Row> {
  const { pk } = registryKeys.plan(operationId, 0);
  return everyRow(rows, { table: 'registry', pk, sk: { prefix: 'plan#' }, limit: PAGE_ROWS });
}

/** How many partitions runs of buckets are. */
const partitionsOf = (runs: readonly BucketRun[]): number =>
  runs.reduce((sum, { from, to }) => sum + to - from + 1, 0);

/**
 * Writes a plan of mailboxes as a whole; one that was begun before is written over, while the
 * operation is still at it.
 * @param check that it is: a late delivery must not change a plan that is carried out (W1)
 */
export async function writePlan(
  { rows }: Pick<Ports, 'rows'>,
  operationId: string,
  mailboxes: readonly PlannedMailbox[],
  check: Write,
): Promise<void> {
  const writer = new PlanWriter(operationId, 0, (write) => rows.transact([check, write]));
  for (const { mailboxId, uidNext } of mailboxes) {
    await writer.add({ mailboxId, uidNext, runs: [] });
  }
  await writer.end();
}

type Put = Write & { readonly kind: 'put' };

/** Cuts lines into rows by their size. */
class PlanWriter {
  readonly #write: (write: Put) => Promise<WriteResult>;
  readonly #operationId: string;
  #part: number;
  #lines: string[] = [];
  #bytes = 0;

  /** @param part number of the first row */
  constructor(operationId: string, part: number, write: (write: Put) => Promise<WriteResult>) {
    this.#write = write;
    this.#operationId = operationId;
    this.#part = part;
  }

  async add({ mailboxId, uidNext, runs }: PlannedPart): Promise<void> {
    const shown = runs.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`));
    const line = [mailboxId, uidNext, ...(shown.length === 0 ? [] : [shown.join(',')])].join(' ');
    this.#lines.push(line);
    this.#bytes += line.length;
    if (this.#bytes >= PLAN_ROW_BYTES) await this.end();
  }

  /**
   * What a plan says is never taken back: a delivery that runs beside this one stops, for the
   * machine to try it again, and adds what is missing then.
   */
  async end(): Promise<void> {
    if (this.#lines.length === 0) return;
    const result = await this.#write(planWrite(this.#operationId, this.#part, this.#lines));
    if (result.outcome !== 'written') {
      throw new Error(`operation ${this.#operationId} is planned twice; one must stop`);
    }
    this.#part += 1;
    this.#lines = [];
    this.#bytes = 0;
  }
}

function planWrite(operationId: string, part: number, mailboxes: readonly string[]): Put {
  return {
    kind: 'put',
    key: registryKeys.plan(operationId, part),
    attributes: { v: ROW_VERSION, type: 'plan', mailboxes },
  };
}

function toPlanned(row: Row): PlannedPart[] {
  const lines = row.attributes['mailboxes'];
  if (!Array.isArray(lines)) throw new TypeError(`damaged plan row ${row.key.pk} / ${row.key.sk}`);
  return lines.map((line) => {
    const [mailboxId = '', uidNext = '', runs = ''] = String(line).split(' ');
    return { mailboxId, uidNext: Number(uidNext), runs: runs === '' ? [] : toRuns(runs) };
  });
}

const toRuns = (text: string): BucketRun[] =>
  text.split(',').map((run) => {
    const [from = '', to = from] = run.split('-');
    return { from: Number(from), to: Number(to) };
  });

/** How far the work of a plan reaches. */
interface Extent {
  /** What the mailbox rows count, for the display of progress. */
  readonly expected: Counts;
  /** Messages that there can be, at most. */
  readonly messagesMax: number;
}

/**
 * Adds what the plan does not know yet: mailboxes, and those of which it knows fewer buckets. All
 * is final by now: the fence stands before the plan is made, and no bucket comes into use behind
 * it.
 */
async function extendPlan(
  ports: Pick<Ports, 'rows'>,
  { operationId, accountId }: OperationContext,
): Promise<Extent> {
  const { known, parts } = await knownPartitions(ports.rows, operationId);
  const absent = { row: 'absent' } as const;
  const writer = new PlanWriter(operationId, parts, (write) =>
    ports.rows.write({ ...write, guard: absent }),
  );
  const sums = { mailboxRows: 0, messageRows: 0, objectBytes: 0 };
  let [uids, partitions] = [0, 0];
  let pending: { mailboxId: string; uidNext: number; runs: BucketRun[] } | undefined;
  const flush = async (): Promise<void> => {
    if (pending === undefined) return;
    const { mailboxId, uidNext, runs } = pending;
    const count = partitionsOf(runs);
    partitions += count;
    pending = undefined;
    const before = known.get(mailboxId);
    if (before !== undefined && before >= count) return;
    for (let at = 0; at === 0 || at < runs.length; at += LINE_RUNS) {
      await writer.add({ mailboxId, uidNext, runs: runs.slice(at, at + LINE_RUNS) });
    }
  };
  for await (const met of accountBuckets(ports.rows, accountId)) {
    const { mailboxId } = met;
    if (pending?.mailboxId !== mailboxId) {
      await flush();
      pending = { mailboxId, uidNext: 'mailbox' in met ? met.mailbox.uidNext : 0, runs: [] };
    }
    if ('run' in met) pending.runs.push(met.run);
    else {
      sums.mailboxRows += 1;
      sums.messageRows += met.mailbox.messages;
      sums.objectBytes += met.mailbox.bytes;
      uids += Math.max(met.mailbox.uidNext - 1, 0);
    }
  }
  await flush();
  await writer.end();
  return { expected: sums, messagesMax: Math.min(uids, partitions * BUCKET_UIDS) };
}

async function knownPartitions(
  rows: RowStore,
  operationId: string,
): Promise<{ readonly known: ReadonlyMap<string, number>; readonly parts: number }> {
  const known = new Map<string, number>();
  let parts = 0;
  for await (const { lines } of plannedParts(rows, operationId)) {
    for (const { mailboxId, runs } of lines) {
      known.set(mailboxId, (known.get(mailboxId) ?? 0) + partitionsOf(runs));
    }
    parts += 1;
  }
  return { known, parts };
}

/** Every mailbox row of an account, strongly consistent. */
export function mailboxRows(rows: RowStore, accountId: string): AsyncGenerator<Row> {
  return everyRow(rows, {
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { prefix: 'mailbox#' },
    limit: PAGE_ROWS,
  });
}

/**
 * Makes or extends the plan and says into how many ranges the work is cut: one for a small
 * account, 256 for ten million messages.
 * @param settleSeconds how long to wait before verification, where no upload may be under way
 * @param uploadsWaitSecondsMax how long to wait for uploads at most
 * @throws SupersededError
 */
export async function planErasure(
  ports: ErasurePorts,
  settleSeconds: number,
  context: OperationContext,
  uploadsWaitSecondsMax?: number,
): Promise<PlanAnswer> {
  await enterStep(ports, context, 'Plan erasure');
  const round = await noteClasses(ports, context);
  const extent = await extendPlan(ports, context);
  const rangeCount = await fixedRangeCount(ports, context, extent);
  return {
    ranges: Array.from({ length: rangeCount }, (_, range) => range),
    rangeCount,
    round,
    settleSeconds: await settleSecondsOf(ports, context, settleSeconds, uploadsWaitSecondsMax),
  };
}

/** Decided once for an operation: progress of a range means something only under one count. */
async function fixedRangeCount(
  ports: Pick<Ports, 'rows' | 'clock'>,
  context: OperationContext,
  { expected, messagesMax }: Extent,
): Promise<number> {
  const key = registryKeys.operation(context.operationId);
  const wanted = rangeCountFor(messagesMax);
  const write = updateWrite(context, { rangeCount: wanted, expected });
  await ports.rows.write({ ...write, guard: { ...write.guard, without: ['rangeCount'] } });
  const row = await ports.rows.get(key);
  return optionalNumber(requirePart(row, 'operation row'), 'rangeCount') ?? wanted;
}

/** One range for every 10,000 messages that there can be, from 1 to 256. */
export function rangeCountFor(messagesMax: number): number {
  return Math.min(Math.max(Math.ceil(messagesMax / ERASURE_RANGE_MESSAGES), 1), ERASURE_RANGES_MAX);
}
