/**
 * The operation of a bulk verb: what was asked for, how far it has come, how much it has done.
 * It does not own its account: several may run beside each other, and a deletion beside them. What
 * was asked for goes when the operation ends; while it has not, `user` and `request` stay on it.
 */
import type { Counts } from '../../contract/api.ts';
import type { BulkVerb } from '../../contract/machines.ts';
import type { OperationContext } from '../../contract/payloads.ts';
import { BULK_PHASES } from '../../contract/phases.ts';
import { registryKeys, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { sweepableCheck } from '../accounts/while-active.ts';
import { accountOperationPut, operationPut } from '../operations/new-operation.ts';
import {
  type Operation,
  type OperationPorts,
  requireRunning,
  retentionEnd,
  toOperation,
  updateWrite,
} from '../operations/operations.ts';
import type { Attributes, Row, RowStore, Write } from '../ports/row-store.ts';
import { isMap, number, numbers, text, textSet } from '../rows/attributes.ts';
import { type BulkRequest, bulkValue } from './bulk-request.ts';

/** `plan`: which mailboxes; `count`: how much there is; `work`. */
type BulkPhase = keyof typeof BULK_PHASES;

/** Position of a mailbox in the plan, and the UID after which to go on in it. */
export interface BulkPlace {
  readonly mailbox: number;
  readonly afterUid: number;
}

export interface BulkState {
  readonly operation: Operation;
  readonly request: BulkRequest;
  readonly phase: BulkPhase;
  readonly place: BulkPlace;
  /** Mailboxes in the plan. */
  readonly planned: number;
  readonly expected: Counts;
  /** Of its query, those that look like patterns and are names: found out once. */
  readonly names: ReadonlySet<string>;
}

const START: BulkPlace = { mailbox: 0, afterUid: 0 };

export interface OpenBulkRequest {
  readonly operationId: string;
  readonly verb: BulkVerb;
  readonly user: string;
  readonly request: BulkRequest;
  readonly requestedBy: string;
  readonly execution?: string;
}

/** The writes that open an operation; a restore ends the rows that it brings back, too (W6). */
export function openBulkWrites(account: Account, opening: OpenBulkRequest, now: number): Write[] {
  const { accountId } = account;
  const { operationId, request, user, ...rest } = opening;
  const { step, ...place } = placeAttributes('plan', START);
  return [
    sweepableCheck(accountId),
    operationPut(
      { operationId, accountId, step, ...rest },
      {
        user,
        request: bulkValue(request),
        ...(request.dryRun === true ? { dryRun: true } : {}),
        ...place,
      },
      now,
    ),
    accountOperationPut(accountId, operationId),
  ];
}

function placeAttributes(phase: BulkPhase, place: BulkPlace) {
  return {
    step: BULK_PHASES[phase],
    phase,
    placeMailbox: place.mailbox,
    placeAfterUid: place.afterUid,
  };
}

/** The state of an operation that runs. @throws SupersededError, UnknownOperationError */
export async function readBulk(rows: RowStore, context: OperationContext): Promise<BulkState> {
  await requireRunning(rows, context);
  const row = await rows.get(registryKeys.operation(context.operationId));
  if (row === undefined) throw new TypeError(`operation ${context.operationId} is gone`);
  return toState(row);
}

function toState(row: Row): BulkState {
  const request = row.attributes['request'];
  if (!isMap(request)) throw new TypeError('damaged operation row: it has no request');
  return {
    operation: toOperation(row),
    request: request as unknown as BulkRequest,
    phase: text(row, 'phase') as BulkPhase,
    place: { mailbox: number(row, 'placeMailbox'), afterUid: number(row, 'placeAfterUid') },
    planned: row.attributes['planned'] === undefined ? 0 : number(row, 'planned'),
    expected: numbers(row, 'expected'),
    names: textSet(row, 'literalNames'),
  };
}

/** That the attempt still looks for mailboxes. */
export function planningCheck(context: OperationContext): Write {
  const phase: BulkPhase = 'plan';
  const { key, guard } = updateWrite(context, {}, { phase });
  return { kind: 'check', key, guard };
}

interface NextState
  extends Partial<Pick<BulkState, 'phase' | 'place' | 'planned' | 'expected' | 'names'>> {
  /** Messages that it leaves behind because of their rows. */
  readonly passedOver?: number;
}

/**
 * Moves an operation on, if it still is where it was.
 * @returns the state then, or `lost` when another delivery of the step was faster
 */
export async function moveOn(
  ports: OperationPorts,
  context: OperationContext,
  state: BulkState,
  next: NextState,
): Promise<BulkState | 'lost'> {
  const { phase, place, planned, expected, names, passedOver = 0 } = { ...state, ...next };
  const write = updateWrite(
    context,
    {
      ...placeAttributes(phase, place),
      planned,
      expected: { ...expected },
      ...(names.size === 0 ? {} : { literalNames: names }),
      updatedAt: ports.clock.now(),
    },
    {
      phase: state.phase,
      placeMailbox: state.place.mailbox,
      placeAfterUid: state.place.afterUid,
    },
  );
  const add = passedOver === 0 ? {} : { add: { passedOver } };
  const result = await ports.rows.write({ ...write, change: { ...write.change, ...add } });
  return result.outcome === 'written'
    ? { ...state, phase, place, planned, expected, names }
    : 'lost';
}

/** Adds what a chunk has done, in its transaction: so counts are exact whatever crashes. */
export function bulkCountWrite(
  context: OperationContext,
  taken: readonly { readonly sizeBytes: number }[],
  now: number,
): Write {
  const bytes = taken.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const write = updateWrite(context, { updatedAt: now });
  return { ...write, change: { ...write.change, add: { messages: taken.length, bytes } } };
}

/** Address, query and place are of no use any more. */
const ENDED = ['user', 'error', 'request', 'phase', 'placeMailbox', 'placeAfterUid', 'planned'];

/** The writes that end an operation with success: ids and counts are left of it. */
export function endBulkWrites(context: OperationContext, now: number): Write[] {
  const ttl: Attributes = { [TTL_ATTRIBUTE]: retentionEnd(now) };
  const write = updateWrite(context, {
    state: 'succeeded',
    finishedAt: now,
    updatedAt: now,
    ...ttl,
  });
  return [
    { ...write, change: { ...write.change, unset: ENDED } },
    {
      kind: 'update',
      key: registryKeys.accountOperation(context.accountId, context.operationId),
      guard: { row: 'present' },
      change: { set: ttl },
    },
  ];
}
