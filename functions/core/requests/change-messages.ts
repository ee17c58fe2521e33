/** Flags, copies and moves as users ask for them: rights and quota first (RFC 4314, 4). */

import type {
  ChangeFlagsAnswer,
  CopyMessagesAnswer,
  WouldMoveAnswer,
} from '../../contract/mail-api.ts';
import type { DryRunnable } from '../../contract/requests/form.ts';
import type {
  ChangeFlagsRequest,
  CopyDeletedRequest,
  CopyMessagesRequest,
  FlagChange,
} from '../../contract/requests/messages.ts';
import { InvalidInputError, quoted } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { findMailbox } from '../mailboxes/mailboxes.ts';
import {
  checkTarget,
  meansStorage,
  notAllowed,
  permittedMarks,
  requireRight,
  requireTarget,
} from '../mailboxes/rights.ts';
import { ensureStorage } from '../mailboxes/storage-mailbox.ts';
import { MailOutcomes } from '../messages/aftermath.ts';
import { changeFlags, type FlagChanges } from '../messages/change-flags.ts';
import { type CopiedMessage, copyMessages } from '../messages/copy-messages.ts';
import { readEntries } from '../messages/entries.ts';
import { expungeMessages } from '../messages/expunge-messages.ts';
import { parseFlags, parseKeywords } from '../messages/flags.ts';
import type { Chunked, MailContext } from '../messages/in-chunks.ts';
import { moveMessages } from '../messages/move-messages.ts';
import type { PassOver } from '../messages/pass-over.ts';
import { parseMailboxPath } from '../names/mailbox-path.ts';
import { checkQuota, isCounted } from '../quota/quota.ts';
import { openDeleted } from './deleted-request.ts';
import {
  checkRequestedUids,
  expungeOptions,
  type MailAccess,
  type MailRequest,
  openMailbox,
} from './mail-access.ts';
import { wouldMove } from './would-move.ts';

/**
 * Changes flags and keywords; what the rights do not cover is left out without an error.
 * @throws InvalidInputError, UnknownMailboxError, StoreBusyError
 */
export async function requestFlags(
  request: MailRequest,
  { mailbox: path, uids, add, remove }: ChangeFlagsRequest,
): Promise<ChangeFlagsAnswer> {
  const wanted = { add: parseChange('add', add), remove: parseChange('remove', remove) };
  checkRequestedUids('uids', uids);
  const mailbox = await openMailbox(request, 'mailbox', path);
  const allowed = {
    add: permittedMarks(request.access, mailbox, wanted.add),
    remove: permittedMarks(request.access, mailbox, wanted.remove),
  };
  if (isEmpty(allowed.add) && isEmpty(allowed.remove)) return { changed: [] };
  const { add: added, remove: removed } = allowed;
  return {
    changed: await changeFlags(request.ports, mailbox, uids, { add: added, remove: removed }),
  };
}

function parseChange(field: string, { flags = [], keywords = [] }: FlagChange = {}): FlagChanges {
  return {
    flags: parseFlags(`${field}.flags`, flags),
    keywords: parseKeywords(`${field}.keywords`, keywords),
  };
}

/** A copy brings no flag along that whoever copies may not set (RFC 4314, 4). */
export const marking = (access: MailAccess): MailContext => ({
  ...access,
  keptMarks: (target, message) => permittedMarks(access, target, message),
});

const isEmpty = ({ flags, keywords }: FlagChanges): boolean => flags.size + keywords.size === 0;

/**
 * @throws InvalidInputError, UnknownMailboxError, PermissionDeniedError, NotAllowedError,
 *   QuotaExceededError, StoreBusyError
 */
export async function requestCopy(
  request: MailRequest,
  { fromDeletion, from, uids, to }: CopyDeletedRequest,
): Promise<CopyMessagesAnswer> {
  const { ports, access, deadline } = request;
  checkRequestedUids('uids', uids);
  const source = await sourceOf(request, fromDeletion, from);
  const target = await requireTarget(ports.rows, access, parseMailboxPath('to', to));
  await requireRoomForCopies(request, source, uids, target);
  const done = await copyMessages(
    { ports, context: marking(access), deadline },
    source,
    uids,
    target,
  );
  return toCopyAnswer(target, done);
}

async function sourceOf(
  request: MailRequest,
  fromDeletion: string | undefined,
  from: string | undefined,
): Promise<Mailbox> {
  if (fromDeletion !== undefined) return await openDeleted(request, fromDeletion, from);
  if (from !== undefined) return await openMailbox(request, 'from', from, 'r');
  throw InvalidInputError.of('from', 'missing: allowed is the name of a mailbox');
}

/**
 * A move into the expunge storage counts as an expunge: one copy, without `\Deleted` (DEV-04). Out
 * of mailboxes that are exempt from quota it is checked as a copy is (DEV-09).
 * @throws InvalidInputError, UnknownMailboxError, PermissionDeniedError, NotAllowedError,
 *   QuotaExceededError, ExpungeStorageError, StoreBusyError
 */
export async function requestMove(
  request: MailRequest,
  { from, uids, to, dryRun = false }: CopyMessagesRequest & DryRunnable,
): Promise<CopyMessagesAnswer | WouldMoveAnswer> {
  const { ports, access, deadline } = request;
  checkRequestedUids('uids', uids);
  const source = await openMailbox(request, 'from', from, 'r', 't', 'e');
  const path = parseMailboxPath('to', to);
  const there = await findMailbox(ports.rows, access.account, path);
  if (meansStorage(access.settings, path, there)) {
    requireRight(access.actor, access.settings, there ?? path, 'i');
    requireKept(access, source);
    if (dryRun) return await wouldMove(request, source, uids, 'storage');
    return await moveToStorage(request, source, uids);
  }
  const target = checkTarget(access, path, there);
  const passedOver: number[] = [];
  const options = { ...expungeOptions(request), passOver: passingInto(passedOver) };
  if (!isCounted(access.settings, source)) {
    await requireRoomForCopies(request, source, uids, target);
  }
  if (dryRun) return await wouldMove(request, source, uids, target);
  const done = await moveMessages({ ports, context: marking(access), deadline }, source, uids, {
    ...options,
    to: target,
  });
  const outcomes = new MailOutcomes().addAll(done.results);
  return { ...toCopyAnswer(target, done, passedOver), ...outcomes.moved() };
}

async function moveToStorage(
  request: MailRequest,
  source: Mailbox,
  uids: readonly number[],
): Promise<CopyMessagesAnswer> {
  const { ports, access, deadline } = request;
  const passedOver: number[] = [];
  const options = { ...expungeOptions(request), passOver: passingInto(passedOver) };
  const storage = await ensureStorage(ports, access, source.path, deadline);
  const gone = await expungeMessages({ ports, context: access, deadline }, source, uids, options);
  const results = gone.results.flatMap(({ uid, sizeBytes, storedUid: newUid }) =>
    newUid === undefined ? [] : [{ uid, newUid, sizeBytes }],
  );
  const answer = toCopyAnswer(storage, { results, complete: gone.complete }, passedOver);
  return { ...answer, ...new MailOutcomes().addAll(gone.results).answer() };
}

/** Where an expunge leads to no storage, a move there would take from sight what it means to keep. */
function requireKept({ settings }: MailAccess, source: Mailbox): void {
  const { path, specialUse } = source;
  const hasNone =
    settings.storagePathFor(path) === undefined || settings.isExcluded(path, specialUse);
  if (!hasNone && !meansStorage(settings, path, source)) return;
  throw notAllowed(
    `an expunge from ${quoted(path)} leads to no expunge storage, so nothing of it can be moved there`,
    'Move it to another mailbox.',
  );
}

/** @throws QuotaExceededError when so much more does not fit, before anything is copied */
async function requireRoomForCopies(
  { ports, access }: MailRequest,
  source: Mailbox,
  uids: readonly number[],
  target: Mailbox,
): Promise<void> {
  const { settings, account } = access;
  if (settings.quotaBytes === undefined || settings.isExempt(target.path)) return;
  const entries = await readEntries(ports.rows, source, { uids }, ports.clock.now());
  const bytes = entries.reduce((sum, { message }) => sum + message.sizeBytes, 0);
  await checkQuota(ports, account, settings, target.path, bytes);
}

const passingInto =
  (uids: number[]): PassOver =>
  (uid) =>
    void uids.push(uid);

function toCopyAnswer(
  target: Mailbox,
  done: Chunked<CopiedMessage>,
  passedOver: readonly number[] = [],
): CopyMessagesAnswer {
  return {
    uidValidity: target.uidValidity,
    uids: done.results.map(({ uid }) => uid),
    newUids: done.results.map(({ newUid }) => newUid),
    ...(passedOver.length === 0 ? {} : { passedOver }),
    complete: done.complete,
  };
}
