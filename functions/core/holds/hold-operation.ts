/**
 * The operations of holds: which case, how far the walk over the account has come, how much it has
 * done. They do not own their account; several may run beside each other.
 */

import type { HoldVerb } from '../../contract/machines.ts';
import type { OperationContext } from '../../contract/payloads.ts';
import { HOLD_PHASES } from '../../contract/phases.ts';
import { registryKeys, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import { accountOperationPut, operationPut } from '../operations/new-operation.ts';
import {
  type Operation,
  type OperationPorts,
  requireRunning,
  retentionEnd,
  toOperation,
  updateWrite,
} from '../operations/operations.ts';
import type { Row, RowStore, Write } from '../ports/row-store.ts';
import { number, text } from '../rows/attributes.ts';

/** `protect`: stops clocks; `verify`: looks whether all is so, in rows and in S3; `restart`. */
type HoldPhase = keyof typeof HOLD_PHASES;

/** A page of message rows: after this UID, in this bucket of this mailbox. */
export interface HoldPlace {
  /** Empty: at the beginning. */
  readonly mailboxId: string;
  readonly bucket: number;
  readonly afterUid: number;
}

export const WALK_START: HoldPlace = { mailboxId: '', bucket: 0, afterUid: 0 };

export interface HoldState {
  readonly operation: Operation;
  readonly caseId: string;
  readonly phase: HoldPhase;
  readonly place: HoldPlace;
  /** Of the walk that is under way: what was not as it must be. */
  readonly troubled: number;
  /** Messages that were expunged and whose bytes, or rows of links, are not there. */
  readonly missing: number;
  /** Verifications, the one under way included. */
  readonly round: number;
}

export interface OpenHoldRequest {
  readonly operationId: string;
  readonly verb: HoldVerb;
  readonly caseId: string;
  readonly user: string;
  readonly requestedBy: string;
  readonly dryRun?: boolean;
  readonly execution?: string;
}

/** The writes that open an operation. @param now epoch milliseconds */
export function openHoldWrites(accountId: string, opening: OpenHoldRequest, now: number): Write[] {
  const { user, caseId, dryRun, ...rest } = opening;
  const phase = opening.verb === 'hold-account' ? 'protect' : 'restart';
  const { step, ...place } = placeAttributes(phase, WALK_START);
  return [
    operationPut(
      { accountId, step, ...rest },
      {
        user,
        caseId,
        messages: 0,
        bytes: 0,
        troubled: 0,
        missing: 0,
        holdRound: 1,
        ...(dryRun === true ? { dryRun } : {}),
        ...place,
      },
      now,
    ),
    accountOperationPut(accountId, opening.operationId),
  ];
}

const placeAttributes = (phase: HoldPhase, place: HoldPlace) => ({
  step: HOLD_PHASES[phase],
  phase,
  placeMailbox: place.mailboxId,
  placeBucket: place.bucket,
  placeAfterUid: place.afterUid,
});

/** The state of an operation that runs. @throws SupersededError, UnknownOperationError */
export async function readHoldState(rows: RowStore, context: OperationContext): Promise<HoldState> {
  await requireRunning(rows, context);
  const row = await rows.get(registryKeys.operation(context.operationId));
  if (row === undefined) throw new TypeError(`operation ${context.operationId} is gone`);
  return toState(row);
}

const toState = (row: Row): HoldState => ({
  operation: toOperation(row),
  caseId: text(row, 'caseId'),
  phase: text(row, 'phase') as HoldPhase,
  place: {
    mailboxId: text(row, 'placeMailbox'),
    bucket: number(row, 'placeBucket'),
    afterUid: number(row, 'placeAfterUid'),
  },
  troubled: number(row, 'troubled'),
  missing: number(row, 'missing'),
  round: number(row, 'holdRound'),
});

interface NextState
  extends Partial<Pick<HoldState, 'phase' | 'place' | 'troubled' | 'missing' | 'round'>> {
  /** What a dry run has found. */
  readonly counted?: { readonly messages: number; readonly bytes: number } | undefined;
}

/**
 * Moves an operation on, if it still is where it was.
 * @returns the state then, or `lost` when another delivery of the step was faster
 */
export async function moveHoldOn(
  ports: OperationPorts,
  context: OperationContext,
  state: HoldState,
  { counted, ...next }: NextState,
): Promise<HoldState | 'lost'> {
  const { phase, place, troubled, missing, round } = { ...state, ...next };
  const write = updateWrite(
    context,
    {
      ...placeAttributes(phase, place),
      troubled,
      missing,
      holdRound: round,
      ...(phase === 'restart' && missing > 0 ? { passedOver: missing } : {}),
      updatedAt: ports.clock.now(),
    },
    {
      phase: state.phase,
      placeMailbox: state.place.mailboxId,
      placeBucket: state.place.bucket,
      placeAfterUid: state.place.afterUid,
    },
  );
  const add = counted === undefined ? {} : { add: { ...counted } };
  const result = await ports.rows.write({ ...write, change: { ...write.change, ...add } });
  return result.outcome === 'written'
    ? { ...state, phase, place, troubled, missing, round }
    : 'lost';
}

/** Case and counts are left of it; nothing names the user. */
const ENDED = ['user', 'error', 'phase', 'placeMailbox', 'placeBucket', 'placeAfterUid'];

/** The writes that end an operation with success. @param now epoch milliseconds */
export function endHoldWrites(context: OperationContext, now: number): Write[] {
  const ttl = { [TTL_ATTRIBUTE]: retentionEnd(now) };
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
