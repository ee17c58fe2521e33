/**
 * Deleted folders as administrators see them: which there are, what is in one, and reading it.
 * To everybody else there are none (F3).
 */
import type { DeletedItem, DeletedMember, DeletionState } from '../../contract/folder-api.ts';
import { accountPartition, dictmapKeys } from '../../contract/row-layout.ts';
import { namedRequesters, shownRequester } from '../accounts/requester.ts';
import { shownAddresses } from '../accounts/shown-addresses.ts';
import type { CoveredByBackup } from '../backups/backups.ts';
import { InvalidInputError, quoted } from '../errors.ts';
import { finishMove } from '../folders/finish-move.ts';
import {
  deletedName,
  isStored,
  readMailboxes,
  requireTree,
  type Tree,
  toTree,
  treeMembers,
  unknownDeletion,
} from '../folders/tree.ts';
import { treeEnd } from '../folders/tree-end.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { readMailbox } from '../mailboxes/mailboxes.ts';
import type { Right } from '../mailboxes/rights.ts';
import { INBOX, parseMailboxPath } from '../names/mailbox-path.ts';
import { text } from '../rows/attributes.ts';
import type { ResolvedSettings } from '../settings/resolve-settings.ts';
import { type MailRequest, openMailbox, requireAdmin } from './mail-access.ts';

const DELETION_ID = /^[0-9A-F]{8}-[0-9a-f]{12}$/;

interface DeletedPage {
  readonly limit: number;
  readonly after?: string;
}

/**
 * One page of deletions, oldest first. May hold fewer than asked for, even none, and have a
 * successor: records of what came back or was purged stand between.
 * @throws PermissionDeniedError
 */
export async function requestDeleted(
  request: MailRequest,
  page: DeletedPage,
): Promise<{ readonly items: readonly DeletedItem[]; readonly next?: string }> {
  requireAdmin(request, 'looking at deleted folders');
  const { ports, access } = request;
  const { rows, next } = await ports.rows.query({
    table: 'dictmap',
    pk: accountPartition(access.account.accountId),
    sk: { prefix: dictmapKeys.tree(access.account.accountId, '').sk },
    ...page,
  });
  const isCovered = await request.openGate?.();
  const trees = rows.map(toTree).filter(isStored);
  const named = namedRequesters(trees.map(({ requestedBy }) => requestedBy));
  const shown = await shownAddresses(ports.rows, named);
  const items = trees.map((tree) => ({
    ...toItem(access.settings, tree),
    requestedBy: shownRequester(tree.requestedBy, shown),
    ...waitOf(tree, isCovered),
  }));
  return next === undefined ? { items } : { items, next };
}

/** As a purge asks: mail may have come until a large tree was settled. */
function waitOf(
  { settledAt, deletedAt }: Tree,
  isCovered: CoveredByBackup = () => true,
): Pick<DeletedItem, 'waitsForBackup'> {
  return isCovered(settledAt ?? deletedAt) ? {} : { waitsForBackup: true };
}

function toItem(settings: ResolvedSettings, tree: Tree): Omit<DeletedItem, 'requestedBy'> {
  const { deletionId, root, deletedAt, state, mailboxes, messages, bytes } = tree;
  return {
    deletionId,
    path: root,
    name: deletedName(tree, root),
    deletedAt: new Date(deletedAt).toISOString(),
    state: state as DeletionState,
    mailboxes,
    messages,
    bytes,
    ...treeEnd(settings, root, deletedAt),
  };
}

/**
 * One page of the mailboxes of a deletion, by path.
 * @throws InvalidInputError, UnknownMailboxError, StoreBusyError
 */
export async function requestMembers(
  request: MailRequest,
  given: string,
  { limit, after = '' }: DeletedPage,
): Promise<{ readonly items: readonly DeletedMember[]; readonly next?: string }> {
  const { ports, access } = request;
  const tree = await openDeletion(request, given);
  const { accountId } = access.account;
  const members = (await treeMembers(ports.rows, accountId, tree.deletionId)).filter(
    ({ path }) => path > after,
  );
  const shown = members.slice(0, limit);
  const items = (await readMailboxes(ports.rows, shown)).map((mailbox) => ({
    path: mailbox.path,
    name: deletedName(tree, mailbox.path),
    uidValidity: mailbox.uidValidity,
    uidNext: mailbox.uidNext,
    messages: mailbox.messages,
    bytes: mailbox.bytes,
    ...treeEnd(access.settings, mailbox.path, tree.deletedAt),
  }));
  const next = members.length > limit ? shown.at(-1)?.path : undefined;
  return { items, ...(next === undefined ? {} : { next }) };
}

/**
 * A mailbox of a deleted tree, for reading.
 * @param path as it was deleted; that of the tree when missing
 * @throws InvalidInputError; UnknownMailboxError, in the same words for everybody who may not see
 *   it and for what is not there; StoreBusyError
 */
export async function openDeleted(
  request: MailRequest,
  given: string,
  path?: string,
): Promise<Mailbox> {
  const { ports, access } = request;
  const tree = await openDeletion(request, given);
  const { deletionId } = tree;
  const parsed = path === undefined ? tree.root : parseMailboxPath('mailbox', path);
  const key = dictmapKeys.deletedPath(access.account.accountId, deletionId, parsed);
  const named = await ports.rows.get(key);
  const mailbox = named && (await readMailbox(ports.rows, text(named, 'mailboxId')));
  if (mailbox?.state === 'deleted' && mailbox.treeId === deletionId) return mailbox;
  throw unknownDeletion(`${quoted(parsed)} in ${quoted(deletionId)}`);
}

/** Where something is looked at. */
export interface Place {
  /** Id of a deletion, in which `mailbox` is then looked for. */
  readonly deletion?: string;
  /** The INBOX when missing; in a deletion, its root. */
  readonly mailbox?: string;
}

/** A mailbox, or one of a deleted folder. @throws as openMailbox and openDeleted do */
export async function openPlace(
  request: MailRequest,
  { deletion, mailbox }: Place,
  ...rights: readonly Right[]
): Promise<Mailbox> {
  if (deletion !== undefined) return await openDeleted(request, deletion, mailbox);
  return await openMailbox(request, 'mailbox', mailbox ?? INBOX, ...rights);
}

/** A deletion that stands still: one on the move is taken to its end. */
async function openDeletion(request: MailRequest, given: string): Promise<Tree> {
  const deletionId = parseDeletionId(request, 'deletion', given);
  const { ports, access, deadline } = request;
  const { account, settings } = access;
  if (account.moves?.[deletionId] !== undefined) {
    await finishMove(ports, { accountId: account.accountId, settings, deletionId }, deadline);
  }
  return await requireTree(ports.rows, account.accountId, deletionId);
}

/** @throws InvalidInputError naming the field; UnknownMailboxError for anybody but administrators */
export function parseDeletionId({ access }: MailRequest, field: string, given: string): string {
  if (access.actor.kind !== 'admin') throw unknownDeletion(quoted(given));
  if (DELETION_ID.test(given)) return given;
  throw InvalidInputError.of(
    field,
    `got ${quoted(given)}, allowed is the id of a deletion, for instance 65A1B2C3-0123456789ab`,
  );
}
