/** What is asked about one mailbox: its status, its ACL, rights on it, subscriptions to it. */

import type { AclAnswer, MailboxStatusAnswer, RightsAnswer } from '../../contract/mail-api.ts';
import type { ChangeMailboxRequest, SetAclRequest } from '../../contract/requests/mailboxes.ts';
import { StoreBusyError } from '../errors.ts';
import { changeAcl, parseAclChange, shownAcl } from '../mailboxes/access-list.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { changeUids, requireUidStep, requireUidsSetter } from '../mailboxes/mailbox-uids.ts';
import { findMailbox } from '../mailboxes/mailboxes.ts';
import { notAllowed, requireAnyRight, rightsOf } from '../mailboxes/rights.ts';
import { listSubscriptions, subscribe, unsubscribe } from '../mailboxes/subscriptions.ts';
import { everyEntry } from '../messages/entries.ts';
import { parseMailboxPath } from '../names/mailbox-path.ts';
import { storedIn } from '../quota/quota.ts';
import { openPlace, type Place } from './deleted-request.ts';
import { type MailRequest, openMailbox, requireNoStorage } from './mail-access.ts';

const PAGE_ENTRIES = 500;

/** Messages of a storage that are counted one by one: a second, some 650 read units. */
const COUNTED_MAX = 5000;

/** Any of these makes an open mailbox writable (RFC 9051, 6.3.2). */
const WRITING = 'swtei';

/** Deleted folders are looked at, and change only as a whole. */
const DELETED_RIGHTS = 'lr';

/**
 * Counts what the mailbox shows: from its row, which is kept with every change. What a storage
 * shows, and mailboxes whose row is older than its counters, are counted message by message; a large
 * storage by the days on which its mail ends, so that it is answered, too.
 * @throws InvalidInputError, UnknownMailboxError, StoreBusyError when time is too short for that
 */
export async function requestStatus(
  request: MailRequest,
  place: Place,
): Promise<MailboxStatusAnswer> {
  const { ports, deadline } = request;
  const mailbox = await openPlace(request, place, 'r');
  const { path, uidValidity, uidNext } = mailbox;
  if (mailbox.unseen !== undefined && mailbox.role !== 'storage') {
    const { messages, unseen, bytes } = mailbox;
    return { path, uidValidity, uidNext, messages, unseen, bytes };
  }
  let [messages, unseen, bytes] = [0, 0, 0];
  for await (const page of everyEntry(ports.rows, mailbox, ports.clock, {
    pageEntries: PAGE_ENTRIES,
  })) {
    for (const { message } of page) {
      messages += 1;
      bytes += message.sizeBytes;
      if (!message.flags.has('\\Seen')) unseen += 1;
    }
    if (mailbox.role === 'storage' && messages > COUNTED_MAX)
      return await estimated(request, mailbox);
    if (ports.clock.now() <= deadline) continue;
    throw new StoreBusyError(`the mailbox has more than ${messages} messages: time is too short`);
  }
  return { path, uidValidity, uidNext, messages, unseen, bytes };
}

async function estimated({ ports }: MailRequest, mailbox: Mailbox): Promise<MailboxStatusAnswer> {
  const { path, uidValidity, uidNext } = mailbox;
  const stored = await storedIn(ports.rows, mailbox, ports.clock.now());
  const messages = mailbox.messages + stored.messages;
  const bytes = mailbox.bytes + stored.bytes;
  return { path, uidValidity, uidNext, messages, bytes, estimated: true };
}

/**
 * Takes UIDVALIDITY and UIDNEXT of another store.
 * @throws InvalidInputError, UnknownMailboxError, PermissionDeniedError, NotAllowedError,
 *   UidConflictError, AccountNotActiveError, StoreBusyError
 */
export async function requestChangeUids(
  request: MailRequest,
  { path, ...change }: ChangeMailboxRequest,
): Promise<Mailbox> {
  const { ports, access, deadline } = request;
  requireUidsSetter(access.actor);
  const mailbox = await openMailbox(request, 'path', path, 'i');
  requireNoStorage(request, mailbox);
  if (change.uidNext !== undefined) requireUidStep('uidNext', mailbox, change.uidNext);
  return await changeUids(ports, access.account, mailbox.mailboxId, change, deadline);
}

/** @throws InvalidInputError, UnknownMailboxError */
export async function requestRights(request: MailRequest, place: Place): Promise<RightsAnswer> {
  const mailbox = await openPlace(request, place);
  const { actor, settings } = request.access;
  const rights = place.deletion === undefined ? rightsOf(actor, settings, mailbox) : DELETED_RIGHTS;
  const writable = [...WRITING].some((letter) => rights.includes(letter));
  return { rights, access: writable ? 'readWrite' : 'readOnly' };
}

/**
 * Rights by address; by account id where an account has none any more.
 * @throws InvalidInputError, UnknownMailboxError, PermissionDeniedError
 */
export async function requestAcl(request: MailRequest, place: Place): Promise<AclAnswer> {
  const { acl = {} } = await openPlace(request, place, 'a');
  return { entries: await shownAcl(request.ports.rows, acl) };
}

/**
 * @throws InvalidInputError, UnknownMailboxError, UnknownUserError, PermissionDeniedError,
 *   NotAllowedError, AccountNotActiveError, StoreBusyError
 */
export async function requestSetAcl(
  request: MailRequest,
  { mailbox: path, identifier, rights }: SetAclRequest,
): Promise<AclAnswer> {
  const { ports, access, deadline } = request;
  const mailbox = await openMailbox(request, 'mailbox', path, 'a');
  const change = await parseAclChange(ports.rows, access.account, identifier, rights);
  const acl = await changeAcl(ports, access.account, { mailbox, change }, deadline);
  return { entries: await shownAcl(ports.rows, acl) };
}

/**
 * A name may be subscribed whether or not its mailbox exists, but not one that is hidden: that
 * would tell of it (DEV-05).
 * @throws InvalidInputError, UnknownMailboxError, NotAllowedError, StoreBusyError
 */
export async function requestSubscribe(request: MailRequest, given: string): Promise<string> {
  const { ports, access, deadline } = request;
  const path = parseMailboxPath('path', given);
  requireOwnList(request);
  const mailbox = await findMailbox(ports.rows, access.account, path);
  requireAnyRight(access.actor, access.settings, mailbox ?? path);
  await subscribe(ports, access.account, path, deadline);
  return path;
}

/** @throws InvalidInputError, NotAllowedError, StoreBusyError */
export async function requestUnsubscribe(request: MailRequest, given: string): Promise<void> {
  const path = parseMailboxPath('path', given);
  requireOwnList(request);
  await unsubscribe(request.ports, request.access.account, path, request.deadline);
}

/** One page of names, without hidden ones. @throws NotAllowedError */
export async function requestSubscriptions(
  request: MailRequest,
  page: { readonly limit: number; readonly after?: string },
): Promise<{ readonly paths: readonly string[]; readonly next?: string }> {
  requireOwnList(request);
  const { account, actor, settings } = request.access;
  const { paths, next } = await listSubscriptions(request.ports.rows, account, page);
  const shown = paths.filter((path) => rightsOf(actor, settings, path) !== '');
  return { paths: shown, ...(next === undefined ? {} : { next }) };
}

function requireOwnList({ access }: MailRequest): void {
  if (access.actor.kind !== 'user') return;
  throw notAllowed('subscriptions belong to the owner of the account', 'Use your own account.');
}
