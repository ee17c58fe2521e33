/** Renaming mailboxes as owners, other users and administrators ask for it. */
import type { RenameMailboxRequest } from '../../contract/requests/mailboxes.ts';
import { ownRename } from '../accounts/folder-moves.ts';
import { quoted } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { mailboxExists } from '../mailboxes/mailboxes.ts';
import { renameMailbox } from '../mailboxes/rename-mailbox.ts';
import { newPath } from '../mailboxes/rename-writes.ts';
import { hasRight, notAllowed, permissionDenied, requireMailboxWith } from '../mailboxes/rights.ts';
import { INBOX, isAtOrBelow, parseMailboxPath } from '../names/mailbox-path.ts';
import { requireFreeName } from './create-request.ts';
import { isStorage, type MailAccess, type MailRequest } from './mail-access.ts';
import { settleMoves } from './settle-moves.ts';

/**
 * Children move along. The expunge storage keeps its name, and nothing is renamed into it, whoever
 * asks: expiry and quota go by the name (DEV-03).
 * @throws InvalidInputError, UnknownMailboxError, PermissionDeniedError, NotAllowedError,
 *   MailboxExistsError, AccountNotActiveError, StoreBusyError
 */
export async function requestRename(
  asked: MailRequest,
  given: RenameMailboxRequest,
): Promise<Mailbox> {
  const from = parseMailboxPath('from', given.from);
  const to = parseMailboxPath('to', given.to);
  // One that is on its way was checked when it began; the mailbox itself has its old name till last.
  const isBegun = ownRename(asked.access.account, from, to) !== undefined;
  const request = isBegun ? asked : await settleMoves(asked, [from, to]);
  const { ports, access, deadline } = request;
  const mailbox = await requireMailboxWith(ports.rows, access, from, 'x');
  requireRenamable(access, mailbox);
  if (from === to) throw mailboxExists(to);
  if (from === INBOX) throw notAllowed('INBOX keeps its name', 'Move its messages instead.');
  if (isAtOrBelow(to, from)) {
    throw notAllowed(`${quoted(to)} is below ${quoted(from)}`, 'Choose another name.');
  }
  if (access.settings.isProtected(to)) {
    throw notAllowed('nothing can be renamed into the expunge storage', 'Choose another name.');
  }
  if (!isBegun) await requireFreeName(request, to);
  const { account, settings } = access;
  const check = (child: Mailbox) => {
    requireRenamable(access, child);
    requireMayRename(access, child, newPath(from, to, child));
  };
  return await renameMailbox(ports, { account, settings, from, to, check }, deadline);
}

/**
 * The right on every member, and what the settings say of its name: rights and retention that go by
 * names are not shaken off by a rename, but for administrators.
 */
function requireMayRename({ actor, settings }: MailAccess, child: Mailbox, to: string): void {
  if (actor.kind === 'admin') return;
  if (!hasRight(actor, settings, child, 'x')) throw permissionDenied('x', child.path);
  const { path } = child;
  const isSame =
    settings.ownerRightsOf(path) === settings.ownerRightsOf(to) &&
    settings.ownDeletedRetentionDaysOf(path) === settings.ownDeletedRetentionDaysOf(to);
  if (isSame) return;
  throw notAllowed(
    `the settings give ${quoted(path)} rights or a retention of its own, which ${quoted(to)} would not have alike`,
    'Choose another name, or let an administrator rename it.',
  );
}

function requireRenamable(access: MailAccess, mailbox: Mailbox): void {
  const { path } = mailbox;
  const { settings } = access;
  const { storageName } = settings;
  // One that holds mail, and has the name of the storage that is to come, has to give it up.
  if (path === storageName && !isStorage(access, mailbox)) return;
  const holds = storageName !== undefined && isAtOrBelow(storageName, path);
  if (!holds && !settings.isProtected(path) && !isStorage(access, mailbox)) return;
  throw notAllowed(
    `${quoted(path)} is the expunge storage or holds it: it keeps its name`,
    'Choose another mailbox.',
  );
}
