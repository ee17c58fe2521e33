/** Bringing deleted folders back, as administrators ask for it. */
import type { UndeleteMailboxAnswer } from '../../contract/folder-api.ts';
import type { UndeleteMailboxRequest } from '../../contract/requests/folders.ts';
import { findAccount } from '../accounts/accounts.ts';
import { InvalidInputError, quoted } from '../errors.ts';
import {
  everyTree,
  isStored,
  requireTree,
  type Tree,
  treeMembers,
  unknownDeletion,
} from '../folders/tree.ts';
import { undeleteTree } from '../folders/undelete-tree.ts';
import { estimatedCost, returnUsage } from '../meter/folder-usage.ts';
import { parseAddress } from '../names/address.ts';
import { isAtOrBelow, parseMailboxPath } from '../names/mailbox-path.ts';
import type { RowStore } from '../ports/row-store.ts';
import { parseDeletionId } from './deleted-request.ts';
import { handedOverBefore, requestHandOver } from './hand-over-request.ts';
import type { MailRequest } from './mail-access.ts';
import { settleAllMoves } from './settle-moves.ts';

/** What comes back. */
interface Found {
  readonly deletionId: string;
  /** Missing: all of it. */
  readonly branch?: string;
}

/**
 * @throws InvalidInputError; UnknownMailboxError, to anybody but administrators for every deletion;
 *   MailboxExistsError, NotAllowedError, QuotaExceededError, AccountNotActiveError, StoreBusyError:
 *   the same request again does the rest
 */
export async function requestUndelete(
  request: MailRequest,
  body: UndeleteMailboxRequest,
): Promise<UndeleteMailboxAnswer> {
  const { ports, access, deadline } = request;
  const { account, settings } = access;
  const { toUser } = body;
  if (toUser !== undefined && access.actor.kind === 'admin') {
    return await elsewhere(request, body, toUser);
  }
  const found = await find(request, body);
  const { overQuota = false, dryRun = false } = body;
  const to = body.to === undefined ? {} : { to: parseMailboxPath('to', body.to) };
  const undeletion = { account, settings, ...found, ...to, overQuota, dryRun };
  const done = await undeleteTree(ports, undeletion, deadline);
  const { mailboxes, messages, bytes } = done;
  return {
    ...(dryRun ? { dryRun } : {}),
    deletionId: found.deletionId,
    to: done.to,
    mailboxes,
    messages,
    bytes,
    ...(done.overQuota === true ? { overQuota: true } : {}),
    ...(dryRun ? estimatedCost(returnUsage(done)) : {}),
  };
}

async function elsewhere(
  request: MailRequest,
  body: UndeleteMailboxRequest,
  toUser: string,
): Promise<UndeleteMailboxAnswer> {
  const { settingsOf } = request;
  if (settingsOf === undefined) throw new TypeError('settings of other accounts cannot be had');
  const to = await findAccount(request.ports.rows, parseAddress('toUser', toUser));
  if (to?.accountId === request.access.account.accountId) {
    const { toUser: _, ...here } = body;
    return await requestUndelete(request, here);
  }
  const { deletionId: id, path } = body;
  const before = id && (await handedOverBefore(request, id, path, toUser));
  if (before) return before;
  const { deletionId, branch } = await find(request, body);
  const settled = await settleAllMoves(request);
  const tree = await requireTree(request.ports.rows, request.access.account.accountId, deletionId);
  const part = { tree, branch: branch ?? tree.root, toUser, settingsOf };
  return await requestHandOver(settled, body, part);
}

async function find(request: MailRequest, body: UndeleteMailboxRequest): Promise<Found> {
  const { deletionId: given, mailbox, at, path } = body;
  if (request.access.actor.kind !== 'admin') throw unknownDeletion(quoted(given ?? mailbox));
  if ((given === undefined) === (mailbox === undefined)) {
    throw InvalidInputError.of('deletionId', 'allowed is one of deletionId and mailbox');
  }
  if (given === undefined) {
    if (path !== undefined) {
      throw InvalidInputError.of('path', 'allowed with deletionId; mailbox can be a part itself');
    }
    const wanted = parseMailboxPath('mailbox', mailbox);
    return await findByName(request, wanted, at === undefined ? undefined : Date.parse(at));
  }
  if (at !== undefined) throw InvalidInputError.of('at', 'allowed with mailbox only');
  const deletionId = parseDeletionId(request, 'deletionId', given);
  if (path === undefined) return { deletionId };
  return { deletionId, branch: parseMailboxPath('path', path) };
}

/** @param at epoch milliseconds, the latest time that is meant */
async function findByName(
  request: MailRequest,
  path: string,
  at = Number.POSITIVE_INFINITY,
): Promise<Found> {
  // What is still on its way would not be found.
  const { ports, access } = await settleAllMoves(request);
  const { accountId } = access.account;
  let found: Tree | undefined;
  for await (const tree of everyTree(ports.rows, accountId)) {
    // Ids of trees stand in the order of their names' times, which may run ahead of the deletion.
    const isLater = found === undefined || tree.deletedAt >= found.deletedAt;
    if (!isStored(tree) || tree.deletedAt > at || !isLater) continue;
    if (await holds(ports.rows, accountId, tree, path)) found = tree;
  }
  if (found === undefined) throw unknownDeletion(`of the name ${quoted(path)}`);
  const { deletionId, root } = found;
  return root === path ? { deletionId } : { deletionId, branch: path };
}

/** Whether a tree has a mailbox at or below a path: the path may be a name that only had children. */
async function holds(
  rows: RowStore,
  accountId: string,
  { deletionId, root }: Tree,
  path: string,
): Promise<boolean> {
  if (path === root) return true;
  if (!isAtOrBelow(path, root)) return false;
  return (await treeMembers(rows, accountId, deletionId, path)).length > 0;
}
