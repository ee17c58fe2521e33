/** Every mailbox of an account is set aside, the INBOX too; the account itself stays. */

import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { DeleteMailboxAnswer } from '../../contract/folder-api.ts';
import { DELIMITER } from '../../contract/mailbox-names.ts';
import type { DeleteMailboxRequest } from '../../contract/requests/folders.ts';
import { InvalidInputError, LetheError } from '../errors.ts';
import { deleteTree } from '../folders/delete-tree.ts';
import type { Tree } from '../folders/tree.ts';
import { mailboxesAtOnce } from '../mailboxes/every-mailbox.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { isRemembered } from '../mailboxes/name-memory.ts';
import { deletionUsage, estimatedCost } from '../meter/folder-usage.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { isStorage, type MailRequest, requireAdmin } from './mail-access.ts';
import { setAside } from './set-aside.ts';
import { settleAllMoves } from './settle-moves.ts';

/** Deletions of one answer. */
const DELETIONS_MAX = 500;

const MEANINGLESS = [
  'mailbox',
  'recursive',
  'requireEmpty',
  'unsubscribe',
  'bypassExpungeStorage',
] as const;

/**
 * Deepest first, each as a deletion of its own, in every mode. Expunge storages stay where they
 * are: what is in them ends by itself.
 * @throws InvalidInputError, PermissionDeniedError, AccountNotActiveError, StoreBusyError
 */
export async function deleteAll(
  request: MailRequest,
  body: DeleteMailboxRequest,
  requestedBy: string,
): Promise<DeleteMailboxAnswer> {
  requireAdmin(request, 'deleting all mailboxes');
  for (const field of MEANINGLESS) {
    if (body[field] !== undefined) throw InvalidInputError.of(field, 'not allowed with all');
  }
  const { ports, access, deadline } = await settleAllMoves(request);
  const { account, settings } = access;
  const found = (await mailboxesAtOnce(ports.rows, account))
    .filter((mailbox) => !isStorage(access, mailbox))
    .sort(deepestFirst);
  if (body.dryRun === true) return wouldGo(found, settings, ports.clock.now());
  const trees: Tree[] = [];
  let complete = true;
  for (const { path } of found) {
    const isFull = trees.length === DELETIONS_MAX;
    if (isFull || (trees.length > 0 && ports.clock.now() > deadline)) {
      complete = false;
      break;
    }
    const tree = await deleteTree(
      ports,
      { account, settings, path, scope: 'mailbox', requestedBy, keepInbox: false, check: () => {} },
      deadline,
    ).catch(unlessGone);
    if (tree !== undefined) trees.push(tree);
  }
  const deletions = trees.map(({ deletionId, root }) => ({ deletionId, path: root }));
  const sum = sumOf(trees);
  const paths = trees.map(({ root }) => root);
  const deletedAt = Math.min(...trees.map((tree) => tree.deletedAt));
  const ends = setAside(settings, { messages: sum.messages, paths }, deletedAt);
  return { mode: 'delayed', deletions, ...sum, ...ends, mailboxes: trees.length, complete };
}

/** Somebody else deleted it in the meantime. */
function unlessGone(error: unknown): undefined {
  const gone = error instanceof LetheError && error.name === ERROR_NAMES.unknownMailbox;
  if (!gone) throw error;
}

function wouldGo(
  found: readonly Mailbox[],
  settings: ResolvedSettings,
  now: number,
): DeleteMailboxAnswer {
  const counts = { ...sumOf(found), mailboxes: found.length };
  const remembered = found.filter(isRemembered).length;
  const cost = estimatedCost(deletionUsage({ ...counts, remembered }, found.length));
  const paths = found.map(({ path }) => path);
  const ends = setAside(settings, { messages: counts.messages, paths }, now);
  return { dryRun: true, mode: 'delayed', ...counts, ...ends, complete: true, ...cost };
}

const sumOf = (all: readonly { readonly messages: number; readonly bytes: number }[]) => ({
  messages: all.reduce((sum, { messages }) => sum + messages, 0),
  bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
});

function deepestFirst({ path: one }: Mailbox, { path: other }: Mailbox): number {
  const depth = other.split(DELIMITER).length - one.split(DELIMITER).length;
  if (depth !== 0) return depth;
  return one < other ? -1 : 1;
}
