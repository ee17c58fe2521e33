/**
 * Immediate deletion of one mailbox: its messages pass through lazy expunge, then its name goes
 * and its row becomes a shell (L6). Mail that comes meanwhile makes it fail, and nothing is lost:
 * what was expunged is in the storage, what came is in the mailbox.
 */
import { INBOX } from '../../contract/mailbox-names.ts';
import { dictmapKeys, registryKeys } from '../../contract/row-layout.ts';
import { type Account, notActive, readAccount, requireUnheld } from '../accounts/accounts.ts';
import { movesAround } from '../accounts/folder-moves.ts';
import { StoreBusyError } from '../errors.ts';
import { requireSettled } from '../mailboxes/create-mailbox.ts';
import { isThere } from '../mailboxes/every-mailbox.ts';
import { type Mailbox, requireActive, unknownMailbox } from '../mailboxes/mailboxes.ts';
import type { ChunkPorts, MailContext } from '../messages/in-chunks.ts';
import type { Change } from '../ports/row-store.ts';
import { untilWon } from '../rows/contention.ts';
import { sameNames } from '../settings/settings-store.ts';
import { clearCounts } from './clear-counts.ts';
import { Emptying, type ImmediateDeletion, requireSame } from './empty-mailbox.ts';
import { finishMoves } from './finish-move.ts';
import { leaveShell } from './leave-shell.ts';

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
  const mailbox = await requireDeletable(ports, context, deletion.mailbox, deadline);
  const emptying = new Emptying(ports, context, { ...deletion, mailbox }, deadline);
  try {
    if (!(await emptying.run())) return { ...emptying.sum, complete: false };
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

/** Read anew, once no tree of folders around it is on the move. */
async function requireDeletable(
  ports: ChunkPorts,
  { account, settings }: MailContext,
  { mailboxId, path }: Mailbox,
  deadline: number,
): Promise<Mailbox> {
  const before = await readUnheld(ports, account);
  const around = movesAround(before, path);
  if (around.length > 0) await finishMoves(ports, before, settings, deadline, around);
  const current = around.length > 0 ? await readUnheld(ports, account) : before;
  const mailbox = await requireActive(ports.rows, account, mailboxId);
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

/**
 * A storage is made again by the next expunge, perhaps within the second: under another
 * UIDVALIDITY, because its UIDs begin anew.
 */
function lastOf(
  { lastUidValidity = 0 }: Account,
  { role, uidValidity }: Mailbox,
): Pick<Change, 'set'> {
  if (role !== 'storage' || uidValidity <= lastUidValidity) return {};
  return { set: { lastUidValidity: uidValidity } };
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
  const now = await requireActive(ports.rows, account, mailboxId);
  requireSame(mailbox, now);
  const same = sameNames(current);
  const result = await ports.rows.transact([
    {
      kind: 'update',
      key: registryKeys.account(accountId),
      guard: { ...same, without: [...(same.without ?? []), 'hold'] },
      change: { add: { treeRevision: 1 }, ...lastOf(current, now) },
    },
    {
      kind: 'remove',
      key: dictmapKeys.path(accountId, path),
      guard: { row: 'present', equals: { mailboxId } },
    },
    leaveShell(now, ports.clock.now()),
  ]);
  return result.outcome === 'written' ? 'deleted' : 'lost';
}
