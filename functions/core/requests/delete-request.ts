/**
 * Deleting mailboxes as owners, other users and administrators ask for it. What is set aside can be
 * brought back by an administrator; expunge storages, and what the deployment deletes at once, go
 * mailbox by mailbox, children first.
 */

import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { DeleteMailboxAnswer } from '../../contract/folder-api.ts';
import type { Aftermath } from '../../contract/mail-api.ts';
import type { DeleteMailboxRequest } from '../../contract/requests/folders.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import { requesterOf } from '../accounts/requester.ts';
import { InvalidInputError, LetheError, StoreBusyError } from '../errors.ts';
import { deleteNow } from '../folders/delete-now.ts';
import { deleteTree, ownMove } from '../folders/delete-tree.ts';
import { mailboxNotEmpty } from '../folders/empty-mailbox.ts';
import { deletedName, type Tree, treeMembers } from '../folders/tree.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { readMailbox } from '../mailboxes/mailboxes.ts';
import { notAllowed, requireRight } from '../mailboxes/rights.ts';
import { MailOutcomes } from '../messages/aftermath.ts';
import { parseMailboxPath } from '../names/mailbox-path.ts';
import { text } from '../rows/attributes.ts';
import { type Doomed, holdsMail, requireDeletableMailbox, whatGoes } from './deletable.ts';
import { deleteAll } from './delete-all.ts';
import { endSubscriptions, markEnding, resumeEnding } from './end-subscriptions.ts';
import { expungeOptions, isStorage, type MailRequest, requireAdmin } from './mail-access.ts';
import { setAside } from './set-aside.ts';
import { settleMoves } from './settle-moves.ts';
import { wouldDelete } from './would-delete.ts';

/** What one mailbox after the other came to. */
interface Sum {
  readonly mailboxes: number;
  readonly messages: number;
  readonly bytes: number;
  /** What has ended at once. */
  readonly aftermath: Aftermath;
}

const NONE_DELETED: Sum = { mailboxes: 0, messages: 0, bytes: 0, aftermath: {} };

/**
 * @param requestedBy who asks, for the record
 * @throws InvalidInputError, UnknownMailboxError, PermissionDeniedError, NotAllowedError,
 *   HasChildrenError, MailboxNotEmptyError, ExpungeStorageError, AccountHeldError,
 *   AccountNotActiveError, StoreBusyError: the same request again does the rest
 */
export async function requestDelete(
  request: MailRequest,
  body: DeleteMailboxRequest,
  requestedBy: string,
): Promise<DeleteMailboxAnswer> {
  const { actor } = request.access;
  const by = requesterOf(requestedBy, actor);
  if (body.bypassExpungeStorage === true) requireAdmin(request, 'bypassExpungeStorage');
  if (body.all === true) return await deleteAll(request, body, by);
  if (body.mailbox === undefined) throw InvalidInputError.of('mailbox', 'missing: say which');
  if (body.unsubscribe === true && actor.kind === 'user') {
    throw notAllowed('subscriptions belong to the owner of the account', 'Leave unsubscribe out.');
  }
  const path = parseMailboxPath('mailbox', body.mailbox);
  return await deleteMailbox(request, path, body, by);
}

/** As requestDelete, for one path in its stored form. */
export async function deleteMailbox(
  request: MailRequest,
  path: string,
  body: Omit<DeleteMailboxRequest, 'mailbox' | 'all'>,
  requestedBy: string,
): Promise<DeleteMailboxAnswer> {
  const begun = ownMove(request.access.account, path);
  if (begun !== undefined && body.dryRun !== true) {
    await requireSameRight(request, path, begun);
    const tree = await moveTree(request, { path, recursive: true, check: () => {}, requestedBy });
    if (body.unsubscribe === true) {
      await endSubscriptions(await settleMoves(request, [path]), { path, recursive: true }, []);
    }
    return delayedAnswer(request, tree, NONE_DELETED, await pathsOf(request, tree));
  }
  const settled = await settleMoves(request, [path]);
  const { settings } = settled.access;
  const atOnce = settings.deleteMode === 'immediate' || body.bypassExpungeStorage === true;
  const recursive = body.recursive === true;
  const going = { recursive, keepsParents: atOnce };
  const doomed = await whatGoes(settled, path, going).catch(async (error: unknown) => {
    const ended = await endedBefore(settled, path, body, error);
    if (ended === undefined) throw error;
    return ended;
  });
  if ('mode' in doomed) return doomed;
  if (body.requireEmpty === true) await requireEmpty(settled, doomed);
  if (body.dryRun === true) {
    const bypassStorage = body.bypassExpungeStorage === true;
    return await wouldDelete(settled, doomed, { atOnce, bypassStorage });
  }
  if (body.unsubscribe === true) await markEnding(settled, path, doomed.mailboxes);
  const answer = await carryOut(settled, { path, body, doomed, atOnce, requestedBy });
  if (body.unsubscribe === true && answer.complete) {
    await endSubscriptions(settled, { path, recursive }, doomed.mailboxes);
  }
  return answer;
}

/** What a request with `unsubscribe` is answered that finds only what another left, which died. */
async function endedBefore(
  request: MailRequest,
  path: string,
  { unsubscribe = false, dryRun = false, recursive = false }: DeleteMailboxRequest,
  error: unknown,
): Promise<DeleteMailboxAnswer | undefined> {
  const isGone = error instanceof LetheError && error.name === ERROR_NAMES.unknownMailbox;
  if (!isGone || !unsubscribe || dryRun) return undefined;
  const ended = await resumeEnding(request, { path, recursive });
  if (ended === undefined) return undefined;
  if ('deletionId' in ended) {
    return delayedAnswer(request, ended, NONE_DELETED, await pathsOf(request, ended));
  }
  const { aftermath: _, ...none } = NONE_DELETED;
  return { ...ended, ...none, complete: true };
}

interface Task {
  readonly path: string;
  readonly body: Omit<DeleteMailboxRequest, 'mailbox' | 'all'>;
  readonly doomed: Doomed;
  readonly atOnce: boolean;
  readonly requestedBy: string;
}

async function carryOut(request: MailRequest, task: Task): Promise<DeleteMailboxAnswer> {
  const { path, body, doomed, atOnce, requestedBy } = task;
  const now = atOnce ? doomed.mailboxes : doomed.storages;
  const ended = await deleteEach(request, now, body);
  if (atOnce || !ended.complete || now.length === doomed.mailboxes.length) {
    const { aftermath, ...sum } = ended;
    return { mode: 'immediate', ...sum, ...aftermath };
  }
  const tree = await moveTree(request, {
    path,
    recursive: body.recursive === true,
    check: (mailboxes) => checkAgain(request, path, mailboxes, body.requireEmpty === true),
    requestedBy,
  });
  const paths = doomed.mailboxes.map((mailbox) => mailbox.path);
  return delayedAnswer(request, tree, ended, paths);
}

/** Children first, so that what is left when time runs out hangs on its parents. */
async function deleteEach(
  request: MailRequest,
  mailboxes: readonly Mailbox[],
  { bypassExpungeStorage = false, requireEmpty = false }: Task['body'],
): Promise<Sum & { readonly complete: boolean }> {
  const { ports, access, deadline } = request;
  let sum = NONE_DELETED;
  const outcomes = new MailOutcomes();
  for (const mailbox of mailboxes.toReversed()) {
    if (sum.mailboxes > 0 && ports.clock.now() > deadline) return { ...sum, complete: false };
    const deletion = {
      mailbox,
      ...expungeOptions(request),
      // Else as the settings have it.
      ...(bypassExpungeStorage ? { bypassStorage: true } : {}),
      requireEmpty,
      outcomes,
    };
    const { messages, bytes, complete } = await deleteNow(ports, access, deletion, deadline);
    sum = {
      mailboxes: sum.mailboxes + (complete ? 1 : 0),
      messages: sum.messages + messages,
      bytes: sum.bytes + bytes,
      aftermath: outcomes.answer(),
    };
    if (!complete) return { ...sum, complete };
  }
  return { ...sum, complete: true };
}

interface Move {
  readonly path: string;
  readonly recursive: boolean;
  readonly check: (mailboxes: readonly Mailbox[]) => void;
  readonly requestedBy: string;
}

async function moveTree(
  { ports, access, deadline }: MailRequest,
  { path, recursive, check, requestedBy }: Move,
): Promise<Tree> {
  const { account, settings } = access;
  const scope = recursive ? 'tree' : 'mailbox';
  const deletion = { account, settings, path, scope, requestedBy, keepInbox: true, check } as const;
  return await deleteTree(ports, deletion, deadline);
}

/** Of what goes, as it is in the moment in which it goes. */
function checkAgain(
  { access }: MailRequest,
  path: string,
  mailboxes: readonly Mailbox[],
  empty: boolean,
): void {
  for (const mailbox of mailboxes) {
    requireDeletableMailbox(access, path, mailbox);
    if (isStorage(access, mailbox)) {
      throw new StoreBusyError('an expunge storage came into being where mailboxes are deleted');
    }
    if (empty && mailbox.messages > 0) throw mailboxNotEmpty(mailbox.path);
  }
}

async function requireEmpty(request: MailRequest, { mailboxes }: Doomed): Promise<void> {
  for (const mailbox of mailboxes) {
    if (await holdsMail(request, mailbox)) throw mailboxNotEmpty(mailbox.path);
  }
}

/** Whoever asks again while a large tree is on its way must be one who could have begun it. */
async function requireSameRight(
  { ports, access }: MailRequest,
  path: string,
  deletionId: string,
): Promise<void> {
  const { account, actor, settings } = access;
  const named =
    (await ports.rows.get(dictmapKeys.path(account.accountId, path))) ??
    (await ports.rows.get(dictmapKeys.deletedPath(account.accountId, deletionId, path)));
  const mailbox = named && (await readMailbox(ports.rows, text(named, 'mailboxId')));
  requireRight(actor, settings, mailbox ?? path, 'x');
}

/** Each may have a retention of its own. */
async function pathsOf(
  { ports, access }: MailRequest,
  { deletionId }: Tree,
): Promise<readonly string[]> {
  const members = await treeMembers(ports.rows, access.account.accountId, deletionId);
  return members.map(({ path }) => path);
}

/** @param paths that go with it */
function delayedAnswer(
  { access }: MailRequest,
  tree: Tree,
  before: Sum,
  paths: readonly string[],
): DeleteMailboxAnswer {
  const name = access.actor.kind === 'admin' ? { name: deletedName(tree, tree.root) } : {};
  return {
    mode: 'delayed',
    deletionId: tree.deletionId,
    ...name,
    mailboxes: before.mailboxes + tree.mailboxes,
    messages: before.messages + tree.messages,
    bytes: before.bytes + tree.bytes,
    ...before.aftermath,
    ...setAside(access.settings, { messages: tree.messages, paths }, tree.deletedAt),
    complete: true,
  };
}
