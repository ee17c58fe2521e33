/** Creating mailboxes as owners, other users and administrators ask for it. */
import type { CreateMailboxRequest } from '../../contract/api.ts';
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { settingsFor } from '../autoexpunge/policy-attributes.ts';
import { LetheError, quoted } from '../errors.ts';
import { createMailbox } from '../mailboxes/create-mailbox.ts';
import { parentOf, parseMailboxPath } from '../mailboxes/mailbox-path.ts';
import { checkUidValidity } from '../mailboxes/mailbox-uids.ts';
import { findMailbox, type Mailbox, mailboxExists } from '../mailboxes/mailboxes.ts';
import { hasRight, notAllowed, permissionDenied, rightsOf } from '../mailboxes/rights.ts';
import type { MailRequest } from './mail-access.ts';

/**
 * Parents are not made: one that is missing is a name in the list.
 * @throws InvalidInputError, PermissionDeniedError, NotAllowedError, MailboxExistsError,
 *   AccountNotActiveError, StoreBusyError
 */
export async function requestCreate(
  request: MailRequest,
  given: CreateMailboxRequest,
): Promise<Mailbox> {
  const { ports, access } = request;
  const path = parseMailboxPath('path', given.path);
  const { specialUse, uidValidity } = given;
  if (uidValidity !== undefined) checkUidValidity('uidValidity', uidValidity);
  await requireFreeName(request, path);
  return await createMailbox(ports, access.account, path, {
    ...settingsFor(access.settings, path),
    ...(specialUse === undefined ? {} : { specialUse }),
    ...(uidValidity === undefined ? {} : { uidValidity }),
  });
}

/**
 * Whether the actor may make, or rename something to, this name. What nobody may see is not told
 * of either: its name cannot be had, whether it exists or not (DEV-03, DEV-05).
 * @throws PermissionDeniedError, NotAllowedError, MailboxExistsError
 */
export async function requireFreeName(request: MailRequest, path: string): Promise<void> {
  const { ports, access } = request;
  const { account, actor, settings } = access;
  await requireCreateRight(request, path);
  const hidden = actor.kind === 'owner' && rightsOf(actor, settings, path) === '';
  const there = hidden ? undefined : await findMailbox(ports.rows, account, path);
  if (there !== undefined && rightsOf(actor, settings, there) !== '') throw mailboxExists(path);
  if (!hidden && !settings.isProtected(path)) return;
  throw notAllowed(
    `the name ${quoted(path)} is reserved: no mailbox can be made or renamed there`,
    'Choose another name.',
  );
}

/** `k` on the mailbox above (RFC 4314, 4); for other users on the nearest that exists. */
async function requireCreateRight({ ports, access }: MailRequest, path: string): Promise<void> {
  const { account, actor, settings } = access;
  if (actor.kind === 'admin') return;
  const parent = parentOf(path);
  if (actor.kind === 'owner') {
    if (parent === undefined || hasRight(actor, settings, parent, 'k')) return;
    throw permissionDenied('k', parent);
  }
  for (let above = parent; above !== undefined; above = parentOf(above)) {
    const mailbox = await findMailbox(ports.rows, account, above);
    if (mailbox === undefined) continue;
    if (hasRight(actor, settings, mailbox, 'k')) return;
    break;
  }
  throw new LetheError(
    ERROR_NAMES.permissionDenied,
    `the right k above the mailbox ${quoted(path)} is missing`,
    'Ask for the right, or let an administrator do it.',
  );
}
