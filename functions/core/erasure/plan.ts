/**
 * The plan of an erasure: every mailbox with its UIDNEXT, kept on the operation, because the rows
 * it was made from are themselves erased and verification lists the same partitions again.
 */
import type { Counts } from '../../contract/api.ts';
import {
  ERASURE_RANGE_MESSAGES,
  ERASURE_RANGES_MAX,
  PLAN_ROW_MAILBOXES,
} from '../../contract/limits.ts';
import type { OperationContext, PlanAnswer } from '../../contract/payloads.ts';
import {
  accountPartition,
  ROW_VERSION,
  registryKeys,
  TTL_ATTRIBUTE,
} from '../../contract/row-layout.ts';
import type { Mailbox } from '../mailboxes/mailboxes.ts';
import { toMailbox } from '../mailboxes/mailboxes.ts';
import { enterStep, requireRunning, retentionEnd, updateWrite } from '../operations/operations.ts';
import type { Ports } from '../ports/ports.ts';
import type { Row, RowStore, Write } from '../ports/row-store.ts';
import { optionalNumber } from '../rows/attributes.ts';
import { everyRow } from '../rows/paging.ts';
import { requirePart } from './erasure-ports.ts';

const PAGE_ROWS = 500;

export interface PlannedMailbox {
  readonly mailboxId: string;
  readonly uidNext: number;
}

export interface Plan {
  readonly mailboxes: readonly PlannedMailbox[];
  /** Rows that the plan takes. */
  readonly parts: number;
}

/** The plan as stored; empty before the first planning. */
export async function readPlan(rows: RowStore, operationId: string): Promise<Plan> {
  const { pk } = registryKeys.plan(operationId, 0);
  const mailboxes: PlannedMailbox[] = [];
  let parts = 0;
  const query = { table: 'registry', pk, sk: { prefix: 'plan#' }, limit: PAGE_ROWS } as const;
  for await (const row of everyRow(rows, query)) {
    mailboxes.push(...toPlanned(row));
    parts += 1;
  }
  return { mailboxes, parts };
}

/** Writes a plan as a whole; one that was begun before is written over. */
export async function writePlan(
  { rows }: Pick<Ports, 'rows'>,
  operationId: string,
  mailboxes: readonly PlannedMailbox[],
): Promise<void> {
  for (let at = 0; at < mailboxes.length; at += PLAN_ROW_MAILBOXES) {
    const some = mailboxes.slice(at, at + PLAN_ROW_MAILBOXES);
    await rows.write(planWrite(operationId, at / PLAN_ROW_MAILBOXES, some));
  }
}

function planWrite(operationId: string, part: number, mailboxes: readonly PlannedMailbox[]): Write {
  return {
    kind: 'put',
    key: registryKeys.plan(operationId, part),
    attributes: {
      v: ROW_VERSION,
      type: 'plan',
      mailboxes: mailboxes.map(({ mailboxId, uidNext }) => `${mailboxId} ${uidNext}`),
    },
  };
}

function toPlanned(row: Row): PlannedMailbox[] {
  const lines = row.attributes['mailboxes'];
  if (!Array.isArray(lines)) throw new TypeError(`damaged plan row ${row.key.pk} / ${row.key.sk}`);
  return lines.map((line) => {
    const [mailboxId = '', uidNext = ''] = String(line).split(' ');
    return { mailboxId, uidNext: Number(uidNext) };
  });
}

/**
 * Adds the mailboxes that the plan does not know yet. UIDNEXTs are final: the fence stands before
 * the plan is made, so no mailbox of it can grow any more.
 * @returns what the mailbox rows count, for the display of progress
 */
async function extendPlan(ports: Pick<Ports, 'rows'>, context: OperationContext): Promise<Counts> {
  const plan = await readPlan(ports.rows, context.operationId);
  const known = new Set(plan.mailboxes.map(({ mailboxId }) => mailboxId));
  let part = plan.parts;
  let pending: Mailbox[] = [];
  let messages = 0;
  let bytes = 0;
  let mailboxes = 0;
  const flush = async (): Promise<void> => {
    if (pending.length === 0) return;
    // A repeated delivery that runs beside this one writes the same part: either one will do.
    await ports.rows.write(planWrite(context.operationId, part, pending));
    part += 1;
    pending = [];
  };
  for await (const row of mailboxRows(ports.rows, context.accountId)) {
    const mailbox = toMailbox(row);
    mailboxes += 1;
    messages += mailbox.messages;
    bytes += mailbox.bytes;
    if (known.has(mailbox.mailboxId)) continue;
    pending.push(mailbox);
    if (pending.length === PLAN_ROW_MAILBOXES) await flush();
  }
  await flush();
  return { mailboxRows: mailboxes, messageRows: messages, objectBytes: bytes };
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
 * @param settleSeconds how long to wait before verification
 * @throws SupersededError
 */
export async function planErasure(
  ports: Pick<Ports, 'rows' | 'clock'>,
  settleSeconds: number,
  context: OperationContext,
): Promise<PlanAnswer> {
  await enterStep(ports, context, 'Plan erasure');
  const expected = await extendPlan(ports, context);
  const { mailboxes } = await readPlan(ports.rows, context.operationId);
  const { round } = await requireRunning(ports.rows, context);
  const rangeCount = await fixedRangeCount(ports, context, mailboxes, expected);
  return {
    ranges: Array.from({ length: rangeCount }, (_, range) => range),
    rangeCount,
    round,
    settleSeconds,
  };
}

/** Decided once for an operation: progress of a range means something only under one count. */
async function fixedRangeCount(
  ports: Pick<Ports, 'rows' | 'clock'>,
  context: OperationContext,
  mailboxes: readonly PlannedMailbox[],
  expected: Counts,
): Promise<number> {
  const key = registryKeys.operation(context.operationId);
  const uids = mailboxes.reduce((sum, { uidNext }) => sum + uidNext - 1, 0);
  const wanted = rangeCountFor(uids);
  const write = updateWrite(context, { rangeCount: wanted, expected });
  await ports.rows.write({ ...write, guard: { ...write.guard, without: ['rangeCount'] } });
  const row = await ports.rows.get(key);
  return optionalNumber(requirePart(row, 'operation row'), 'rangeCount') ?? wanted;
}

/** One range for every 10,000 UIDs ever given, from 1 to 256. */
export function rangeCountFor(uids: number): number {
  return Math.min(Math.max(Math.ceil(uids / ERASURE_RANGE_MESSAGES), 1), ERASURE_RANGES_MAX);
}

/** Gives the plan rows the same end as the finished operation. */
export async function expirePlan(ports: Pick<Ports, 'rows' | 'clock'>, operationId: string) {
  const { parts } = await readPlan(ports.rows, operationId);
  for (let part = 0; part < parts; part += 1) {
    await ports.rows.write({
      kind: 'update',
      key: registryKeys.plan(operationId, part),
      guard: { row: 'present' },
      change: { set: { [TTL_ATTRIBUTE]: retentionEnd(ports.clock.now()) } },
    });
  }
}
