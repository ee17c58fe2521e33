/**
 * The claim of a hand-over on the deleted tree that it copies: while it stands, nobody ends or
 * brings back what is being copied, and every transaction of the copy checks it (W1, W4).
 */
import { createHash } from 'node:crypto';
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import { type Account, notActive, readAccount, whyProtected } from '../accounts/accounts.ts';
import { activeCheck, sweepableCheck } from '../accounts/while-active.ts';
import { LetheError, quoted } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import type { MailboxPorts } from '../mailboxes/mailboxes.ts';
import { notAllowed } from '../mailboxes/rights.ts';
import type { RowStore, Write } from '../ports/row-store.ts';
import { untilWon } from '../rows/contention.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { HAND_OVER_CLAIM, isClaimable, releaseTree } from './claim-tree.ts';
import { treeUpdate } from './move-writes.ts';
import {
  isStored,
  readMailboxes,
  readTree,
  type Tree,
  treeMembers,
  unknownDeletion,
} from './tree.ts';

/** As many as ids of deletions end with. */
const RANDOM_DIGITS = 12;

export interface HandOver {
  readonly from: Account;
  readonly tree: Tree;
  /** Path, as it was deleted, of what is handed over. */
  readonly branch: string;
  readonly to: Account;
  /** Those of the new owner. */
  readonly settings: ResolvedSettings;
}

/** The id that a part of a tree has in its new account: always the same, so that a repetition finds it. */
export function handedOverId({ tree, branch }: Pick<HandOver, 'tree' | 'branch'>): string {
  const hash = createHash('sha256').update(`${tree.deletionId} ${branch}`).digest('hex');
  return `${tree.hex}-${hash.slice(0, RANDOM_DIGITS)}`;
}

/** Says what is copied to whom: the same request finds its own claim, every other one a stranger's. */
export const handOverClaim = (handOver: HandOver): string =>
  `${HAND_OVER_CLAIM}${handOver.to.accountId}-${handedOverId(handOver)}`;

/**
 * Claims the tree, or renews the claim of an earlier request of the same hand-over. A claim whose
 * worker is dead is taken over.
 * @param deadline epoch milliseconds after which no new try begins
 * @returns the tree as it is claimed: `leaving`, or `purging` when its end had begun
 * @throws UnknownMailboxError, NotAllowedError when something else is at it, AccountHeldError,
 *   AccountNotActiveError, StoreBusyError
 */
export async function claimSource(
  ports: MailboxPorts,
  handOver: HandOver,
  deadline: number,
): Promise<Tree> {
  const { rows, clock } = ports;
  const { from, tree, to } = handOver;
  const { deletionId } = tree;
  const claim = handOverClaim(handOver);
  return await untilWon(ports, deadline, async () => {
    const now = await readTree(rows, from.accountId, deletionId);
    if (now === undefined || !isStored(now)) throw unknownDeletion(quoted(deletionId));
    // All of what is partial is still where it came from: there it can be handed over.
    const mayBe = now.partial !== true && (await isClaimable(ports, now, claim));
    if (!mayBe) throw busyElsewhere(now);
    const { claim: before, mailboxes } = now;
    // What a purge has emptied waits for its record only.
    if (mailboxes === 0 && before !== claim) throw unknownDeletion(quoted(deletionId));
    const state = before === claim && now.state === 'purging' ? 'purging' : 'leaving';
    const set = { state, claim, claimedAt: clock.now() } as const;
    const result = await rows.transact([
      sweepableCheck(from.accountId),
      activeCheck(to.accountId),
      treeUpdate(from.accountId, deletionId, {
        from: now.state,
        ...(before === undefined ? {} : { claim: before }),
        same: { mailboxes },
        set,
      }),
    ]);
    if (result.outcome === 'written') return { ...now, ...set };
    await requireBoth(rows, handOver);
    return 'lost';
  });
}

function busyElsewhere({ deletionId, state }: Tree): LetheError {
  const what = state === 'leaving' ? 'being handed over to another account' : state;
  return notAllowed(
    `the deleted folder ${deletionId} is ${what}`,
    'Ask again when that has ended.',
  );
}

/** Gives the tree back as it was. One that is claimed by others, or ending, stays as it is. */
export async function releaseSource(rows: RowStore, handOver: HandOver): Promise<void> {
  const { from, tree } = handOver;
  const claim = handOverClaim(handOver);
  await releaseTree(
    rows,
    from.accountId,
    { deletionId: tree.deletionId, claim },
    { state: 'leaving' },
  );
}

/** What every transaction of the copy holds on to: both accounts (X3, W6) and the claim. */
export const copyChecks = (handOver: HandOver): Write[] => [
  activeCheck(handOver.to.accountId),
  ...sourceChecks(handOver),
];

/** The same for a transaction that changes the row of the new account by itself. */
export function sourceChecks(handOver: HandOver): Write[] {
  const { from, tree } = handOver;
  return [
    sweepableCheck(from.accountId),
    {
      kind: 'check',
      key: dictmapKeys.tree(from.accountId, tree.deletionId),
      guard: { row: 'present', equals: { state: 'leaving', claim: handOverClaim(handOver) } },
    },
  ];
}

/**
 * Why a transaction of the copy was refused; returns when the copy may go on.
 * @throws AccountNotActiveError, AccountHeldError, SupersededError when the claim is lost
 */
export async function requireGoingOn(rows: RowStore, handOver: HandOver): Promise<void> {
  const { from, tree } = handOver;
  await requireBoth(rows, handOver);
  const now = await readTree(rows, from.accountId, tree.deletionId);
  if (now?.state === 'leaving' && now.claim === handOverClaim(handOver)) return;
  throw new LetheError(
    ERROR_NAMES.superseded,
    `the claim of the hand-over on deletion ${tree.deletionId} is lost`,
    'Nothing of the deleted folder was ended. Look at what is left of it, then ask again.',
  );
}

async function requireBoth(rows: RowStore, { from, to }: HandOver): Promise<void> {
  const target = await readAccount(rows, to.accountId);
  if (target?.state !== 'active') throw notActive(target ?? to);
  const source = await readAccount(rows, from.accountId);
  if (source?.state !== 'active' || source.held) throw await whyProtected(rows, from);
}

/**
 * The mailboxes that are handed over, as they lie under the claim: what the copy is compared with.
 * @throws TypeError for damaged data: then nothing is copied, and nothing ends (W5)
 */
export async function handOverSources(rows: RowStore, handOver: HandOver): Promise<Mailbox[]> {
  const { from, tree, branch } = handOver;
  const { deletionId } = tree;
  const members = await treeMembers(rows, from.accountId, deletionId, branch);
  const mailboxes = await readMailboxes(rows, members);
  const own = mailboxes.filter(({ state, treeId }) => state === 'deleted' && treeId === deletionId);
  if (own.length === members.length) return own;
  await requireGoingOn(rows, handOver);
  throw new TypeError(`damaged data: deletion ${deletionId} names mailboxes that it does not hold`);
}
