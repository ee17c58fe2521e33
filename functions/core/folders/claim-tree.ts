/**
 * A claim on a deleted tree, of a purge or a hand-over: while it stands, nobody brings the tree
 * back or ends it (W4).
 */
import { registryKeys } from '../../contract/row-layout.ts';
import { type Account, whyProtected } from '../accounts/accounts.ts';
import { sweepableCheck } from '../accounts/while-active.ts';
import type { MailboxPorts } from '../mailboxes/mailboxes.ts';
import type { RowStore } from '../ports/row-store.ts';
import { untilWon } from '../rows/contention.ts';
import { treeUpdate } from './move-writes.ts';
import { readTree, type Tree } from './tree.ts';

/**
 * The machine ends whatever runs longer than a day, and a function that it has called is over five
 * minutes later: after an hour more nobody can hold a claim.
 */
const CLAIM_MS = 25 * 3_600_000;

/** How claims of hand-overs begin; those of purges are ids of operations. */
export const HAND_OVER_CLAIM = 'hand-over-';

/**
 * A hand-over consists of requests, each of which renews its claim. None lives longer than a
 * function may, 15 minutes: an hour after the last nobody is at it.
 */
const HAND_OVER_CLAIM_MS = 3_600_000;

interface TreeClaim {
  readonly deletionId: string;
  readonly claim: string;
}

/**
 * Claims a tree by compare-and-set. A claim of this operation is taken as its own, one of an
 * operation that has ended, or that is older than any can run, is taken over. Even two purges side
 * by side do no harm: each message is read again in the transaction that ends it.
 * @param deadline epoch milliseconds after which no new try begins
 * @returns whether it is claimed; false when it is coming back, gone, or another purge is at it
 * @throws AccountHeldError, AccountNotActiveError, StoreBusyError
 */
export async function claimTree(
  ports: MailboxPorts,
  account: Account,
  { deletionId, claim }: TreeClaim,
  deadline: number,
): Promise<boolean> {
  const { accountId } = account;
  const { rows, clock } = ports;
  return await untilWon(ports, deadline, async () => {
    const tree = await readTree(rows, accountId, deletionId);
    if (tree === undefined || !(await isClaimable(ports, tree, claim))) return false;
    const { state: from, claim: before } = tree;
    const result = await rows.transact([
      sweepableCheck(accountId),
      treeUpdate(accountId, deletionId, {
        from,
        ...(before === undefined ? {} : { claim: before }),
        set: { state: 'purging', claim, claimedAt: clock.now() },
      }),
    ]);
    if (result.outcome === 'written') return true;
    const isAccount =
      result.outcome === 'refused' && result.refusals.some(({ index }) => index === 0);
    if (isAccount) throw await whyProtected(rows, account);
    return 'lost';
  });
}

/** A copy from another account that somebody may be at. */
export const isArriving = ({ state, claimedAt = 0 }: Tree, now: number): boolean =>
  state === 'arriving' && claimedAt + CLAIM_MS > now;

/** @param own the claim of whoever asks: it is found again after a crash */
export async function isClaimable(
  { rows, clock }: Pick<MailboxPorts, 'rows' | 'clock'>,
  tree: Tree,
  own?: string,
): Promise<boolean> {
  const { state, claim, claimedAt = 0 } = tree;
  if (state === 'deleted') return true;
  if (state === 'arriving') return !isArriving(tree, clock.now());
  if ((state !== 'purging' && state !== 'leaving') || claim === undefined) return false;
  if (claim === own || claimedAt + CLAIM_MS <= clock.now()) return true;
  if (claim.startsWith(HAND_OVER_CLAIM)) return claimedAt + HAND_OVER_CLAIM_MS <= clock.now();
  const operation = await rows.get(registryKeys.operation(claim));
  return operation?.attributes['state'] !== 'running';
}

/**
 * Gives back a tree whose purge or hand-over is over without having done so itself.
 * @returns whether it was that
 */
export async function giveBackForgotten(
  ports: Pick<MailboxPorts, 'rows' | 'clock'>,
  accountId: string,
  tree: Tree,
): Promise<boolean> {
  const { state, claim, deletionId, mailboxes } = tree;
  // One of which nothing is left waits for its record only.
  if ((state !== 'purging' && state !== 'leaving') || mailboxes === 0) return false;
  if (claim === undefined || !(await isClaimable(ports, tree))) return false;
  await releaseTree(ports.rows, accountId, { deletionId, claim }, { state, mailboxes });
  return true;
}

/**
 * Gives a tree back, of which something is left. One that is claimed no more stays as it is, and so
 * does one of which nothing is left: it waits for its record, which the next purge writes.
 */
export async function releaseTree(
  rows: RowStore,
  accountId: string,
  { deletionId, claim }: TreeClaim,
  { state = 'purging', ...same }: Partial<Pick<Tree, 'state' | 'mailboxes'>> = {},
): Promise<void> {
  if ((await readTree(rows, accountId, deletionId))?.mailboxes === 0) return;
  await rows.write(
    treeUpdate(accountId, deletionId, {
      from: state,
      claim,
      same,
      set: { state: 'deleted' },
      unset: ['claim', 'claimedAt'],
    }),
  );
}
