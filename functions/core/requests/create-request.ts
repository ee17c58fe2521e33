/** Creating mailboxes as owners, other users and administrators ask for it. */

import { ERROR_NAMES } from '../../contract/error-names.ts';
import type { CreateMailboxRequest } from '../../contract/requests/mailboxes.ts';
import { InvalidInputError, LetheError, quoted } from '../errors.ts';
import { createMailbox } from '../mailboxes/create-mailbox.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { checkUidValidity, requireUidsSetter } from '../mailboxes/mailbox-uids.ts';
import { findMailbox, mailboxExists } from '../mailboxes/mailboxes.ts';
import { hasRight, notAllowed, permissionDenied, rightsOf } from '../mailboxes/rights.ts';
import { parentOf, parseMailboxPath } from '../names/mailbox-path.ts';
import { settingsFor } from '../policies/policy-attributes.ts';
import type { MailAccess, MailRequest } from './mail-access.ts';
import { settleMoves } from './settle-moves.ts';

/** Missing parents that one request makes: a transaction each. */
const PARENTS_MAX = 50;

/**
 * Parents are made when that is asked for; else one that is missing is a name in the list. If time
 * runs out, those that were made stay.
 * @throws InvalidInputError, PermissionDeniedError, NotAllowedError, MailboxExistsError,
 *   AccountNotActiveError, StoreBusyError
 */
export async function requestCreate(
  request: MailRequest,
  given: CreateMailboxRequest,
): Promise<Mailbox> {
  const path = parseMailboxPath('path', given.path);
  const { specialUse, uidValidity, parents = false } = given;
  if (uidValidity !== undefined) {
    checkUidValidity('uidValidity', uidValidity);
    requireUidsSetter(request.access.actor);
  }
  const settled = await settleMoves(request, [path]);
  const { ports, access } = settled;
  await requireFreeName(settled, path);
  if (parents) await createParents(settled, path);
  return await createMailbox(ports, access.account, path, {
    ...settingsFor(access.settings, path),
    maker: makerOf(access),
    ...(specialUse === undefined ? {} : { specialUse }),
    ...(uidValidity === undefined ? {} : { uidValidity }),
  });
}

/** Up to the nearest that is there. All are looked at before the first is made, at the top. */
async function createParents(request: MailRequest, path: string): Promise<void> {
  const { ports, access } = request;
  const missing: string[] = [];
  for (let above = parentOf(path); above !== undefined; above = parentOf(above)) {
    if ((await findMailbox(ports.rows, access.account, above)) !== undefined) break;
    await requireFreeName(request, above);
    missing.unshift(above);
    if (missing.length <= PARENTS_MAX) continue;
    throw InvalidInputError.of('path', `more than ${PARENTS_MAX} levels above it are missing`);
  }
  for (const above of missing) {
    const given = { ...settingsFor(access.settings, above), maker: makerOf(access) };
    await createMailbox(ports, access.account, above, given).catch(unlessExists);
  }
}

/** Somebody else made it in the meantime. */
function unlessExists(error: unknown): void {
  if (!(error instanceof LetheError) || error.name !== ERROR_NAMES.mailboxExists) throw error;
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

const makerOf = ({ actor }: MailAccess): string | undefined =>
  actor.kind === 'user' ? actor.accountId : undefined;
