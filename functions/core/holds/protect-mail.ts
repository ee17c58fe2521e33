/**
 * The walk after a hold was placed: the clock of every expunged message that had not expired then is
 * stopped, and S3 lifts its delete marker. What had expired stays expired.
 */
import type { HoldPayload, ProtectAnswer } from '../../contract/holds.ts';
import { refusal } from '../operations/refusals.ts';
import { MESSAGE_ROW_MARGIN_MS } from '../policies/expiry.ts';
import { stopClock } from './clock-changes.ts';
import { doneHold, endHold, isOver } from './end-hold.ts';
import { type HoldState, moveHoldOn, readHoldState, WALK_START } from './hold-operation.ts';
import { type HeldAccount, holdIncomplete, readHeld, unknownHold } from './holds.ts';
import {
  type ClockPorts,
  changeClocks,
  endingAfter,
  HoldsChangedError,
  type HoldWalk,
  pickedFrom,
  type WalkedPage,
  walkAccount,
} from './walk-expunged.ts';

/**
 * @param settleSeconds longer than anybody works by an older reading
 * @param until epoch milliseconds after which it answers `again`
 * @throws SupersededError, StoreBusyError
 */
export async function protectMail(
  ports: ClockPorts,
  settleSeconds: number,
  { operation: context }: HoldPayload,
  until: number,
): Promise<ProtectAnswer> {
  const walk = { ports, context, until };
  try {
    if (await isOver(ports, context)) return await doneHold(ports, context);
    const state = await readHoldState(ports.rows, context);
    if (state.phase === 'verify') return { outcome: 'settle', settleSeconds };
    const end = await walkAccount(walk, state, (page) => protectPage(walk, state, page));
    if (end === 'again') return { outcome: 'again' };
    if (state.operation.dryRun === true) return await endHold(ports, context);
    // Whatever can still be protected is protected by now, late or not.
    requireInTime(ports.clock.now(), state);
    const verified = { phase: 'verify', place: WALK_START, troubled: 0, missing: 0 } as const;
    const moved = await moveHoldOn(ports, context, end, verified);
    return moved === 'lost' ? { outcome: 'again' } : { outcome: 'settle', settleSeconds };
  } catch (error) {
    if (error instanceof HoldsChangedError) return { outcome: 'again' };
    return refusal(error);
  }
}

async function protectPage(walk: HoldWalk, state: HoldState, page: WalkedPage) {
  if (state.operation.dryRun === true) {
    const { picked, damaged } = pickedFrom(page.rows, endingAfter(state.operation.createdAt));
    const bytes = picked.reduce((sum, { message }) => sum + message.sizeBytes, 0);
    return { troubled: 0, missing: damaged, counted: { messages: picked.length, bytes } };
  }
  const held = await requireCase(walk, state);
  await changeClocks(walk, held, page, {
    picks: endingAfter(held.since),
    change: stopClock,
  });
  // What is missing is said by the verification, which looks at all of it.
  return { troubled: 0, missing: 0 };
}

/**
 * The account as held for this case. @throws UnknownHoldError when it was released meanwhile
 */
export async function requireCase(
  { ports: { rows }, context }: HoldWalk,
  { caseId, operation }: HoldState,
): Promise<HeldAccount & { readonly since: number }> {
  const held = await readHeld(rows, context.accountId);
  const isHeldFor = held?.cases.some(
    (one) => one.caseId === caseId && one.operationId === operation.operationId,
  );
  if (held?.since === undefined || isHeldFor !== true) throw unknownHold(caseId);
  return { ...held, since: held.since };
}

/**
 * Rows outlive their expiry by twelve hours: what had not expired when the hold was placed is
 * there as long as that, and nobody can say so any more afterwards.
 * @throws HoldIncompleteError
 */
export function requireInTime(now: number, { operation }: HoldState): void {
  if (now <= operation.createdAt + MESSAGE_ROW_MARGIN_MS) return;
  throw holdIncomplete(
    'the walk has not ended within the twelve hours in which rows that expire are still there: ' +
      'what expired meanwhile may be lost',
  );
}
