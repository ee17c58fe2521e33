/**
 * Immediate deletion of one mailbox: its messages pass through lazy expunge, then its name goes
 * and its row becomes a shell (L6). What would be kept in place ends at once instead: in a mailbox
 * that is gone nobody could reach it. Mail that comes meanwhile makes it fail, and nothing is lost:
 * what was expunged is in the storage, what came is in the mailbox.
 */
import { INBOX } from '../../contract/mailbox-names.ts';
import {
  accountOfMailbox,
  accountPartition,
  dictmapKeys,
  registryKeys,
} from '../../contract/row-layout.ts';
import { type Account, notActive, readAccount, requireUnheld } from '../accounts/accounts.ts';
import { movesAround } from '../accounts/folder-moves.ts';
import { StoreBusyError } from '../errors.ts';
import { requireSettled } from '../mailboxes/create-mailbox.ts';
import { isThere } from '../mailboxes/every-mailbox.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { requireActiveMailbox, unknownMailbox } from '../mailboxes/mailboxes.ts';
import { leavingWrites, readNameMemories } from '../mailboxes/name-memory.ts';
import { EVERYTHING_SHOWN } from '../messages/entries.ts';
import type { ChunkPorts, MailContext } from '../messages/in-chunks.ts';
import { findInPlace } from '../messages/in-place-entries.ts';
import { purgeInPlace } from '../messages/unexpunge-messages.ts';
import type { RowStore } from '../ports/row-store.ts';
import { untilWon } from '../rows/contention.ts';
import { everyRow } from '../rows/paging.ts';
import { sameNames } from '../settings/settings-store.ts';
import {
  type ImmediateDeletion,
  isExpired,
  MailboxEmptying,
  requireSame,
} from './empty-mailbox.ts';
import { finishMoves } from './finish-move.ts';
import { leaveShell } from './leave-shell.ts';

/** A year of days and then some, in one page. */
const PAGE_COUNTS = 500;

/** Some five transactions: what was found is gone before more is looked for. */
const PAGE_ENTRIES = 500;

export interface DeletedNow {
  readonly messages: number;
  readonly bytes: number;
  /** False when time ran out: the same request again does the rest. */
  readonly complete: boolean;
}

/**
 * Deletes one mailbox; what is below it stays. The INBOX is emptied and stays. What a storage
 * shows goes for good.
 * @param deadline epoch milliseconds after which no new try begins
 * @throws UnknownMailboxError, MailboxNotEmptyError, ExpungeStorageError, AccountHeldError,
 *   AccountNotActiveError; StoreBusyError when nothing at all could be done in time
 */
export async function deleteNow(
  ports: ChunkPorts,
  context: MailContext,
  deletion: ImmediateDeletion,
  deadline: number,
): Promise<DeletedNow> {
  const mailbox = await requireDeletableTree(ports, context, deletion.mailbox, deadline);
  const { bypassStorage = keepsNothing(context, mailbox) } = deletion;
  const wanted = { ...deletion, mailbox, bypassStorage };
  const emptying = new MailboxEmptying(ports, context, wanted, deadline);
  try {
    if (!(await emptying.run())) return { ...emptying.sum, complete: false };
    const isEmpty =
      !keepsNothing(context, mailbox) || (await endKept(ports, context, wanted, deadline));
    if (!isEmpty) return { ...emptying.sum, complete: false };
    if (mailbox.path !== INBOX) {
      if (mailbox.role === 'storage') await clearCounts(ports.rows, mailbox.mailboxId);
      await untilWon(ports, deadline, () => end(ports, context.account, mailbox));
    }
  } catch (error) {
    if (!(error instanceof StoreBusyError) || emptying.sum.messages === 0) throw error;
    return { ...emptying.sum, complete: false };
  }
  return { ...emptying.sum, complete: true };
}

/** Whether its mail, kept in place, would go out of everybody's reach with it. The INBOX stays. */
export const keepsNothing = ({ settings }: MailContext, { path, role }: Mailbox): boolean =>
  settings.expunge.mode === 'in-place' && path !== INBOX && role !== 'storage';

/** What was expunged in place before: in UID order, so that a later request goes on from a mark. */
async function endKept(
  ports: ChunkPorts,
  context: MailContext,
  { mailbox, outcomes }: Pick<ImmediateDeletion, 'mailbox' | 'outcomes'>,
  deadline: number,
): Promise<boolean> {
  const { mailboxId, uidNext } = mailbox;
  let afterUid = mailbox.keptAfterUid ?? 0;
  for (;;) {
    const window = { afterUid, limit: PAGE_ENTRIES, deadline, asOf: EVERYTHING_SHOWN };
    const page = await findInPlace(ports, mailbox, window);
    const uids = page.entries.map(({ message }) => message.uid);
    const hidden = page.entries.filter((entry) => isExpired(entry, ports.clock.now())).length;
    const work = { ports, context, deadline };
    const { results, complete } = await purgeInPlace(work, mailbox, uids);
    // What had expired was out of reach before.
    outcomes?.add({ kept: 'gone' }, Math.max(0, results.length - hidden));
    if (!complete) return false;
    if (page.nextAfterUid === undefined) return true;
    afterUid = page.nextAfterUid;
    if (ports.clock.now() <= deadline) continue;
    await ports.rows.write({
      kind: 'update',
      key: dictmapKeys.mailbox(mailboxId),
      // Mail that comes now has a higher UID; what had a lower one has ended, live or not.
      guard: { row: 'present', equals: { state: 'active' } },
      change: { set: { keptAfterUid: Math.min(afterUid, uidNext - 1) } },
    });
    return false;
  }
}

/** Read anew, once no tree of folders around it is on the move. */
async function requireDeletableTree(
  ports: ChunkPorts,
  { account, settings }: MailContext,
  { mailboxId, path }: Mailbox,
  deadline: number,
): Promise<Mailbox> {
  const before = await readUnheld(ports, account);
  const around = movesAround(before, path);
  if (around.length > 0) await finishMoves(ports, { account: before, settings }, deadline, around);
  const current = around.length > 0 ? await readUnheld(ports, account) : before;
  const mailbox = await requireActiveMailbox(ports.rows, account, mailboxId);
  if (mailbox.path !== path || !isThere(current, mailbox)) throw unknownMailbox(path);
  return mailbox;
}

/** @throws AccountHeldError (W6), AccountNotActiveError */
async function readUnheld({ rows }: ChunkPorts, account: Account): Promise<Account> {
  const current = await readAccount(rows, account.accountId);
  if (current?.state !== 'active') throw notActive(current ?? account);
  requireUnheld(current);
  return current;
}

/** One transaction: the name goes, and with it the mailbox. */
async function end(
  ports: ChunkPorts,
  account: Account,
  mailbox: Mailbox,
): Promise<'deleted' | 'lost'> {
  const { accountId } = account;
  const { mailboxId, path } = mailbox;
  const current = await readUnheld(ports, account);
  requireSettled(current, path);
  const now = await requireActiveMailbox(ports.rows, account, mailboxId);
  requireSame(mailbox, now);
  const memory = (await readNameMemories(ports.rows, accountId, [path]))(path);
  const same = sameNames(current);
  const result = await ports.rows.transact([
    {
      kind: 'update',
      key: registryKeys.account(accountId),
      guard: { ...same, without: [...(same.without ?? []), 'hold'] },
      change: { add: { treeRevision: 1 } },
    },
    {
      kind: 'remove',
      key: dictmapKeys.path(accountId, path),
      guard: { row: 'present', equals: { mailboxId } },
    },
    leaveShell(now, ports.clock.now()),
    ...leavingWrites(accountId, memory, now),
  ]);
  return result.outcome === 'written' ? 'deleted' : 'lost';
}

/**
 * Removes the counts of days on which nothing ends any more. One that is needed again is made
 * anew by the expunge that needs it; what is left of past days goes with TTL.
 */
async function clearCounts(rows: RowStore, storageId: string): Promise<void> {
  const query = {
    table: 'dictmap',
    pk: accountPartition(accountOfMailbox(storageId)),
    sk: { prefix: dictmapKeys.expiry(storageId, '').sk },
    limit: PAGE_COUNTS,
  } as const;
  for await (const { key } of everyRow(rows, query)) {
    await rows.write({
      kind: 'remove',
      key,
      guard: { row: 'present', equals: { messages: 0, bytes: 0 } },
    });
  }
}
