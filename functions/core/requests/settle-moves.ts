/** Trees of folders that others left on the move: whoever needs their names takes them to the end. */

import { notActive, readAccount } from '../accounts/accounts.ts';
import { movesAround } from '../accounts/folder-moves.ts';
import { finishMoves } from '../folders/finish-move.ts';
import type { MailRequest } from './mail-access.ts';

/**
 * The same request with no tree on the move at, above or below these names.
 * @throws StoreBusyError when time ran out; AccountNotActiveError
 */
export async function settleMoves(
  request: MailRequest,
  paths: readonly string[],
): Promise<MailRequest> {
  const { account } = request.access;
  return await settle(request, [...new Set(paths.flatMap((path) => movesAround(account, path)))]);
}

/** As settleMoves, for all trees of the account. */
export async function settleAllMoves(request: MailRequest): Promise<MailRequest> {
  return await settle(request, Object.keys(request.access.account.moves ?? {}));
}

async function settle(request: MailRequest, deletionIds: readonly string[]): Promise<MailRequest> {
  if (deletionIds.length === 0) return request;
  const { ports, access, deadline } = request;
  const { account: before, settings } = access;
  await finishMoves(ports, { account: before, settings }, deadline, deletionIds);
  const now = await readAccount(ports.rows, before.accountId);
  if (now?.state !== 'active') throw notActive(now ?? before);
  // What else is new about the account, its settings for instance, this request was not made with.
  const { moves: _, ...rest } = before;
  const { moves, treeRevision } = now;
  const account = {
    ...rest,
    ...(treeRevision === undefined ? {} : { treeRevision }),
    ...(moves === undefined ? {} : { moves }),
  };
  return { ...request, access: { ...access, account } };
}
