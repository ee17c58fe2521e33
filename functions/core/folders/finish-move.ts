/**
 * Taking trees on the move to their end: safe for anybody to do at any time, also side by side,
 * because each transaction says what it moves from where.
 */

import { TRANSACTION_ITEMS } from '../../contract/limits.ts';
import { DELIMITER } from '../../contract/mailbox-names.ts';
import { accountPartition, dictmapKeys } from '../../contract/row-layout.ts';
import { notActive, readAccount } from '../accounts/accounts.ts';
import { activeCheck } from '../accounts/while-active.ts';
import { StoreBusyError } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import type { MailboxPorts } from '../mailboxes/mailboxes.ts';
import { movesWrite } from '../mailboxes/moves-write.ts';
import { isRemembered, readNameMemories, UidValidities } from '../mailboxes/name-memory.ts';
import { finishRename } from '../mailboxes/rename-mailbox.ts';
import type { Access } from '../mailboxes/rights.ts';
import type { RowStore, Write } from '../ports/row-store.ts';
import { text } from '../rows/attributes.ts';
import { untilWon } from '../rows/contention.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import {
  domainCheck,
  requireSameDomain,
  requireSameSettings,
  whileSettingsStand,
} from '../settings/settings-store.ts';
import {
  countedIn,
  deletableWith,
  deleteWrites,
  MOVED_ROWS_EACH,
  recordChange,
  restoreWrites,
  treeUpdate,
} from './move-writes.ts';
import { type Member, readNamed, readTree, type Tree, targetPath, treeMembers } from './tree.ts';

/**
 * The tree, which must still be on the move, and counts them; the account, which must be active;
 * the settings of its domain, which policies follow from.
 */
const FIXED_ROWS = 3;
const FINISHED_ROWS = TRANSACTION_ITEMS - FIXED_ROWS;
const BATCH_MAILBOXES = Math.floor(FINISHED_ROWS / MOVED_ROWS_EACH);

/** @throws StoreBusyError: asked again, it goes on */
export async function finishMoves(
  ports: MailboxPorts,
  { account, settings }: Pick<Access, 'account' | 'settings'>,
  deadline: number,
  deletionIds: readonly string[] = Object.keys(account.moves ?? {}),
): Promise<void> {
  const { accountId, moves = {} } = account;
  for (const id of deletionIds) {
    if (moves[id]?.kind === 'rename') {
      await finishRename(ports, { accountId, settings, renameId: id }, deadline);
    } else await finishMove(ports, { accountId, settings, deletionId: id }, deadline);
  }
}

/** A tree that is on its way, as the account's row names it. */
interface BegunMove {
  readonly accountId: string;
  readonly deletionId: string;
  /** Those of the account, for the policies of what comes back. */
  readonly settings: ResolvedSettings;
}

/**
 * @param deadline epoch milliseconds after which no new try begins
 * @throws AccountNotActiveError; StoreBusyError: asked again, it goes on
 */
export async function finishMove(
  ports: MailboxPorts,
  begun: BegunMove,
  deadline: number,
): Promise<void> {
  for (;;) {
    const done = await untilWon(ports, deadline, () => moveSome(ports, begun));
    if (done) return;
    if (ports.clock.now() > deadline) {
      throw new StoreBusyError('time ran out while a tree of folders was on the move');
    }
  }
}

/** One transaction. @returns whether the move has ended */
async function moveSome(
  ports: MailboxPorts,
  { accountId, settings, deletionId }: BegunMove,
): Promise<boolean | 'lost'> {
  const tree = await readTree(ports.rows, accountId, deletionId);
  if (tree?.state !== 'moving' && tree?.state !== 'restoring') return true;
  const writes =
    tree.state === 'moving'
      ? await deleteSome(ports, accountId, tree)
      : await restoreSome(ports, accountId, tree, settings);
  if (writes === 'lost') return 'lost';
  if (writes === undefined) return await end(ports, accountId, tree);
  // A move that was under way when the account was fenced must not write behind the fence (X3).
  const result = await ports.rows.transact(writes);
  if (result.outcome === 'written') return false;
  requireSameDomain(result);
  const isAccount =
    result.outcome === 'refused' && result.refusals.some(({ index }) => index === 0);
  const now = isAccount ? await readAccount(ports.rows, accountId) : undefined;
  if (isAccount && now?.state !== 'active') throw notActive(now ?? { accountId });
  return 'lost';
}

/** The next mailboxes that still have their names; undefined when none has. */
async function deleteSome(
  { rows }: MailboxPorts,
  accountId: string,
  tree: Tree,
): Promise<Write[] | 'lost' | undefined> {
  const { deletionId } = tree;
  const named = await readNamed(rows, await namedMembers(rows, accountId, tree));
  if (named === 'lost') return 'lost';
  if (named.length === 0) return undefined;
  const some = deletableWith(FINISHED_ROWS, named);
  const remembered = some.filter(isRemembered).map(({ path }) => path);
  const memories = await readNameMemories(rows, accountId, remembered);
  return [
    activeCheck(accountId),
    treeUpdate(accountId, deletionId, { from: 'moving', add: countedIn(some, 1) }),
    ...some.flatMap((mailbox) =>
      deleteWrites(accountId, tree, { mailbox, memory: memories(mailbox.path) }),
    ),
  ];
}

/** As many as one transaction takes, parents first. */
async function namedMembers(
  rows: RowStore,
  accountId: string,
  { root, keepInbox }: Tree,
): Promise<Member[]> {
  const itself = keepInbox ? undefined : await rows.get(dictmapKeys.path(accountId, root));
  const start = dictmapKeys.path(accountId, '').sk;
  const below = await rows.query({
    table: 'dictmap',
    pk: accountPartition(accountId),
    sk: { prefix: dictmapKeys.path(accountId, `${root}${DELIMITER}`).sk },
    limit: BATCH_MAILBOXES,
  });
  const found = itself === undefined ? below.rows : [itself, ...below.rows];
  return found.slice(0, BATCH_MAILBOXES).map((row) => ({
    path: row.key.sk.slice(start.length),
    mailboxId: text(row, 'mailboxId'),
  }));
}

/** The next mailboxes that are not back yet; undefined when all are. */
async function restoreSome(
  { rows, clock }: MailboxPorts,
  accountId: string,
  tree: Tree,
  settings: ResolvedSettings,
): Promise<Write[] | 'lost' | undefined> {
  const { deletionId, root, returned, returnId } = tree;
  const { branch = root, to = root } = returned ?? {};
  const members = await treeMembers(rows, accountId, deletionId, branch);
  if (members.length === 0) return undefined;
  const some = await readNamed(rows, members.slice(0, BATCH_MAILBOXES));
  if (some === 'lost') return 'lost';
  const mark = returnId === undefined ? {} : { returnId };
  const account = await readAccount(rows, accountId);
  if (account?.state !== 'active') throw notActive(account ?? { accountId });
  // What comes back gets the policy of its name, which follows from the settings (A2).
  requireSameSettings(account, settings);
  const now = clock.now();
  const validities = new UidValidities(account, now);
  const targets = some.map(({ path }) => targetPath(path, branch, to));
  const memories = await readNameMemories(rows, accountId, targets);
  const uidValidityOf = (mailbox: Mailbox, target: string) =>
    validities.keptBy(mailbox, memories(target));
  const way = { branch, to, settings, now, uidValidityOf, ...mark };
  const returning = some.flatMap((mailbox) => restoreWrites(accountId, tree, mailbox, way));
  return [
    whileSettingsStand(validities.accountWrite(accountId), account),
    ...domainCheck(settings),
    treeUpdate(accountId, deletionId, { from: 'restoring', add: countedIn(some, -1) }),
    ...returning,
  ];
}

/** Takes the tree off the account's row: what was hidden shows, and names are free. */
async function end(ports: MailboxPorts, accountId: string, tree: Tree): Promise<boolean | 'lost'> {
  const { rows, clock } = ports;
  const { deletionId, state, returnId } = tree;
  const account = await readAccount(rows, accountId);
  if (account?.state !== 'active') throw notActive(account ?? { accountId });
  // Somebody else may have ended this move, and begun to bring another branch back: not ours.
  const now = await readTree(rows, accountId, deletionId);
  if (now?.state !== state || now.returnId !== returnId) return 'lost';
  const { [deletionId]: _, ...moves } = account.moves ?? {};
  const result = await rows.transact([
    movesWrite(account, moves),
    treeUpdate(accountId, deletionId, await endOf(rows, accountId, tree, clock.now())),
  ]);
  return result.outcome === 'written' ? true : 'lost';
}

async function endOf(rows: RowStore, accountId: string, tree: Tree, now: number) {
  if (tree.state === 'moving') {
    return { from: tree.state, set: { state: 'deleted', settledAt: now } } as const;
  }
  return { from: tree.state, ...(await restoredChange(rows, accountId, tree, now)) };
}

/** A tree of which a branch came back keeps the rest. */
async function restoredChange(rows: RowStore, accountId: string, tree: Tree, now: number) {
  const left = await treeMembers(rows, accountId, tree.deletionId);
  return left.length > 0 ? { set: { state: 'deleted' } } : recordChange('restored', now);
}
