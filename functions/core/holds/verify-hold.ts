/**
 * The walk that shows that a hold protects what it has to: every row is read again, and S3 is asked
 * for every protected object whether its version shows. What is not so is mended, and another round
 * follows; what is missing is never passed over.
 */
import type { HoldPayload, VerifyHoldAnswer } from '../../contract/holds.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import type { Entry } from '../messages/entries.ts';
import { followedRow, objectOf } from '../objects/row-object.ts';
import { refusal } from '../operations/refusals.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Row } from '../ports/row-store.ts';
import { inParallel } from '../rows/parallel.ts';
import { stopClock } from './clock-changes.ts';
import { doneHold, endHold, isOver } from './end-hold.ts';
import { type HoldState, moveHoldOn, readHoldState, WALK_START } from './hold-operation.ts';
import { type HeldAccount, holdIncomplete } from './holds.ts';
import { requireCase, requireInTime } from './protect-mail.ts';
import {
  type ClockPorts,
  changeClocks,
  endingAfter,
  HoldsChangedError,
  type HoldWalk,
  keptByHold,
  pickedFrom,
  type WalkedPage,
  walkAccount,
} from './walk-expunged.ts';

type VerifyPorts = ClockPorts & { readonly objects: ObjectStore };

/** Objects asked for side by side: 30 ms each, so 500 a second. */
const PARALLEL_LOOKS = 16;

/** What has settled and still is not so is no straggler. */
const ROUNDS_MAX = 5;

/**
 * @param settleSeconds longer than anybody works by an older reading
 * @param until epoch milliseconds after which it answers `again`
 * @throws SupersededError, StoreBusyError
 */
export async function verifyHold(
  ports: VerifyPorts,
  settleSeconds: number,
  { operation: context }: HoldPayload,
  until: number,
): Promise<VerifyHoldAnswer> {
  const walk = { ports, context, until };
  try {
    if (await isOver(ports, context)) return await doneHold(ports, context);
    const state = await readHoldState(ports.rows, context);
    if (state.phase !== 'verify') throw new TypeError('a hold is verified after its walk');
    await requireCase(walk, state);
    const end = await walkAccount(walk, state, (page) => verifyPage(ports, walk, state, page));
    if (end === 'again') return { outcome: 'again' };
    return await judgeRound(ports, walk, end, settleSeconds);
  } catch (error) {
    if (error instanceof HoldsChangedError) return { outcome: 'again' };
    return refusal(error);
  }
}

async function judgeRound(
  ports: VerifyPorts,
  walk: HoldWalk,
  state: HoldState,
  settleSeconds: number,
): Promise<VerifyHoldAnswer> {
  const { context } = walk;
  const { troubled, missing, round } = state;
  const again = { place: WALK_START, troubled: 0, missing: 0 };
  if (missing > 0 || (troubled > 0 && round >= ROUNDS_MAX)) {
    // Resumed, it looks at all of it anew.
    await moveHoldOn(ports, context, state, { ...again, round: 1 });
    throw holdIncomplete(
      missing > 0
        ? `of ${missing} expunged messages the bytes, or what says where they are, are not there`
        : `${troubled} messages were still not protected in round ${round}`,
    );
  }
  if (troubled === 0) return await endHold(ports, context);
  requireInTime(ports.clock.now(), state);
  const moved = await moveHoldOn(ports, context, state, { ...again, round: round + 1 });
  return moved === 'lost' ? { outcome: 'again' } : { outcome: 'nextRound', settleSeconds };
}

async function verifyPage(ports: VerifyPorts, walk: HoldWalk, state: HoldState, page: WalkedPage) {
  const held = await requireCase(walk, state);
  const ending = pickedFrom(page.rows, endingAfter(held.since));
  const unfinished = await changeClocks(walk, held, page, {
    picks: endingAfter(held.since),
    change: stopClock,
  });
  const looked = await lookAtObjects(ports, held, page.rows);
  return {
    troubled: ending.picked.length + looked.hidden,
    missing: unfinished + looked.missing,
  };
}

/** Of the protected rows of a page: whose bytes do not show, and whose are gone. */
async function lookAtObjects(ports: VerifyPorts, held: HeldAccount, rows: readonly Row[]) {
  const kept = rows.flatMap((row) => {
    const { picked } = pickedFrom([row], keptByHold);
    return picked.map((entry) => ({ row, entry }));
  });
  const seen = await inParallel(kept, PARALLEL_LOOKS, async ({ row, entry }) => {
    const followed = followedRow(row.key);
    if (followed === undefined) return 'missing';
    const { objectKey, versionId } = objectOf(row, followed);
    const versions = await ports.objects.versionsOf(objectKey);
    if (versions[0]?.versionId === versionId) return 'shown';
    if (!versions.some((version) => version.versionId === versionId)) return 'missing';
    await wake(ports, held, row, entry);
    return 'hidden';
  });
  const count = (what: string) => seen.filter((one) => one === what).length;
  return { hidden: count('hidden'), missing: count('missing') };
}

/** A change of the row that decides wakes whoever lets S3 follow it: nobody else removes markers. */
async function wake(
  { rows, clock }: VerifyPorts,
  { accountId }: HeldAccount,
  { key }: Row,
  { copied, message }: Entry,
): Promise<void> {
  await rows.write({
    kind: 'update',
    key: copied ? dictmapKeys.blob(accountId, message.blobId) : key,
    guard: {
      row: 'present',
      equals: { state: copied ? 'live' : 'expunged' },
      ...(copied ? {} : { without: ['expiresAt'] }),
    },
    change: copied ? { add: { revision: 1 } } : { set: { protectedAt: clock.now() } },
  });
}
