/**
 * Purging a deleted tree (F5): its live messages end by the normal transitions, mailbox by mailbox,
 * then the mailbox goes, then the tree. Nothing is removed by a prefix. What was expunged in its
 * folders keeps a time of its own.
 */
import type { ChunkPorts, MailContext } from '../messages/in-chunks.ts';
import { claimTree, giveBackForgotten, releaseTree } from './claim-tree.ts';
import { type TreePurge, TreeRun } from './purge-members.ts';
import { isStored, type Member, readTree, type Tree, treeMembers } from './tree.ts';

/**
 * - `purged`: nothing is left but a record.
 * - `rest`: what was due is gone, the rest is not due.
 * - `again`: time is over, more is left; the claim stands.
 * - `notDue`; `taken`: it is coming back, or another purge is at it; `gone`: before this began.
 */
export interface PurgedTree {
  readonly outcome: 'purged' | 'rest' | 'again' | 'notDue' | 'taken' | 'gone';
  readonly mailboxes: number;
  readonly messages: number;
  readonly bytes: number;
}

/** The members of a tree that may go now. */
export async function dueMembers(
  { rows, clock }: Pick<ChunkPorts, 'rows' | 'clock'>,
  accountId: string,
  { deletionId }: Pick<Tree, 'deletionId'>,
  dueAt: TreePurge['dueAt'],
): Promise<{ readonly due: readonly Member[]; readonly left: number }> {
  const members = await treeMembers(rows, accountId, deletionId);
  const now = clock.now();
  const due = members.filter(({ path }) => dueAt(path) <= now);
  return { due, left: members.length - due.length };
}

/**
 * @param tree as it was read; claimed anew
 * @param until epoch milliseconds after which it answers `again`
 * @throws AccountHeldError, AccountNotActiveError, SupersededError when the claim was lost,
 *   StoreBusyError and faults. What was done stays done, and the tree is given back.
 */
export async function purgeTree(
  ports: ChunkPorts,
  context: MailContext,
  { tree, purge }: { readonly tree: Tree; readonly purge: TreePurge },
  until: number,
): Promise<PurgedTree> {
  const { account } = context;
  const { deletionId } = tree;
  const own = { deletionId, claim: purge.claim };
  const nothing = { mailboxes: 0, messages: 0, bytes: 0 };
  const give = () => releaseTree(ports.rows, account.accountId, own);
  const found = await dueMembers(ports, account.accountId, tree, purge.dueAt);
  if (found.due.length === 0 && found.left > 0) {
    if (tree.claim === purge.claim) await give();
    // Else nobody could bring it back before something of it is due: perhaps never.
    else await giveBackForgotten(ports, account.accountId, tree);
    return { outcome: 'notDue', ...nothing };
  }
  const deadline = Math.max(until, ports.clock.now());
  if (!(await claimTree(ports, account, own, deadline))) {
    const now = await readTree(ports.rows, account.accountId, deletionId);
    return { outcome: now && isStored(now) ? 'taken' : 'gone', ...nothing };
  }
  const run = new TreeRun(ports, context, { deletionId, purge, until });
  try {
    // Again: only from the claim on does nobody else take or bring back any of them.
    const { due, left } = await dueMembers(ports, account.accountId, tree, purge.dueAt);
    for (const member of due) {
      if (!(await run.purgeMember(member))) return { outcome: 'again', ...run.done };
    }
    if (left > 0) await give();
    else await run.end();
    return { outcome: left > 0 ? 'rest' : 'purged', ...run.done };
  } catch (error) {
    // Whatever it was, nobody shall wait for the next purge to bring back what is left.
    await give().catch(() => undefined);
    throw error;
  }
}
