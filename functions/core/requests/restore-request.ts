/** Restoring as owners and administrators ask for it: by UIDs of a storage, or by query. */
import type { RestoreMessagesAnswer } from '../../contract/mail-api.ts';
import type { RestoreMessagesRequest } from '../../contract/requests/messages.ts';
import { requireUnheld } from '../accounts/accounts.ts';
import { InvalidInputError } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { hasRight, permissionDenied, requireTarget } from '../mailboxes/rights.ts';
import { type Entry, readEntries } from '../messages/entries.ts';
import type { Message } from '../messages/message.ts';
import { restoreMessages } from '../messages/restore-messages.ts';
import { parseMailboxPath } from '../names/mailbox-path.ts';
import { parseRestoreQuery } from '../queries/parse-query.ts';
import { selectMessages } from '../queries/select-messages.ts';
import {
  encodePosition,
  parsePosition,
  positionIn,
  type WalkPosition,
} from '../queries/walk-position.ts';
import { admitOverQuota, isCounted } from '../quota/quota.ts';
import { marking } from './change-messages.ts';
import { requireFreeName } from './create-request.ts';
import { excludedOrigins } from './excluded-origins.ts';
import {
  checkRequestedUids,
  type MailRequest,
  openMailbox,
  requireAdmin,
  UIDS_MAX,
} from './mail-access.ts';
import { selecting } from './select-entries.ts';
import { settleAllMoves } from './settle-moves.ts';
import { unlessBegun } from './unless-begun.ts';

type Found = Pick<Message, 'uid' | 'sizeBytes'> & { readonly origin?: string };

interface RestorePart {
  readonly storage: Mailbox;
  readonly messages: readonly Found[];
  /** Where the walk of a query stands before this part. */
  readonly begins?: WalkPosition;
}

interface FoundParts {
  readonly parts: readonly RestorePart[];
  readonly complete: boolean;
  /** Where the walk of a query stands behind them, when there is more. */
  readonly ends?: WalkPosition;
  /** Messages of which the rows do not say whether they are meant. */
  readonly undecided?: number;
}

const nextOf = (position: WalkPosition | undefined) =>
  position === undefined ? {} : { next: encodePosition(position) };

/**
 * Nothing is restored when not all of it would fit into the quota; an administrator may say
 * `overQuota` (L7), and the answer then says so. A query goes on at `cursor`, so that what the storage
 * keeps is not met, and restored, once more.
 * @throws InvalidInputError, InvalidQueryError, UnknownMailboxError, PermissionDeniedError,
 *   NotAllowedError, QuotaExceededError, StoreBusyError
 */
export async function requestRestore(
  request: MailRequest,
  body: RestoreMessagesRequest,
): Promise<RestoreMessagesAnswer> {
  if (body.overQuota === true) requireAdmin(request, 'overQuota');
  const to = body.to === undefined ? undefined : parseMailboxPath('to', body.to);
  if (to !== undefined) await requireTarget(request.ports.rows, request.access, to);
  const found = await find(request, body);
  const { parts, complete, ends } = found;
  const all = parts.flatMap(({ messages }) => messages);
  const bytes = all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const over = await admitRestored(request, body, parts, to);
  const { undecided = 0 } = found;
  const flags = {
    ...(over ? { overQuota: true as const } : {}),
    ...(undecided === 0 ? {} : { undecided }),
    ...(all.length === 0 ? await whyNothing(request, body) : {}),
  };
  if (body.dryRun === true) {
    // What is kept does not end in the storage.
    if (body.keep !== true) requireUnheld(request.access.account);
    const restored = parts.flatMap(({ storage, messages }) =>
      messages.map(({ uid, origin = '' }) => ({ mailbox: storage.path, uid, to: to ?? origin })),
    );
    return { dryRun: true, restored, bytes, ...flags, complete, ...nextOf(ends) };
  }
  return { ...(await restore(request, body, found, to)), ...flags };
}

async function whyNothing(
  request: MailRequest,
  { query }: RestoreMessagesRequest,
): Promise<Pick<RestoreMessagesAnswer, 'lazyExpunge' | 'excluded'>> {
  const { mode } = request.access.settings.expunge;
  if (mode === 'off') return { lazyExpunge: mode };
  const parsed =
    query === undefined ? undefined : parseRestoreQuery(query, request.ports.clock.now());
  const excluded = parsed === undefined ? {} : await excludedOrigins(request, parsed);
  return mode === 'in-place' ? { lazyExpunge: mode, ...excluded } : excluded;
}

async function restore(
  request: MailRequest,
  { keep = false }: RestoreMessagesRequest,
  { parts, complete, ends }: FoundParts,
  to: string | undefined,
): Promise<RestoreMessagesAnswer> {
  // Folders that are made anew need names that nothing on the move takes.
  const { ports, access, deadline } = await settleAllMoves(request);
  const restored: RestoreMessagesAnswer['restored'][number][] = [];
  const allows = async (place: Mailbox | string): Promise<void> => {
    if (typeof place === 'string') await requireFreeName(request, place);
    // Whoever may read the storage knows the folder of origin from there.
    else if (!hasRight(request.access.actor, request.access.settings, place, 'i')) {
      throw permissionDenied('i', place.path);
    }
  };
  let bytes = 0;
  for (const { storage, messages, begins } of parts) {
    const uids = messages.map(({ uid }) => uid);
    const options = to === undefined ? { keep, allows } : { keep, to };
    const restoring = restoreMessages(
      { ports, context: marking(access), deadline },
      storage,
      uids,
      options,
    );
    const part = await restoring.catch((error: unknown) => unlessBegun(error, restored.length));
    for (const { sizeBytes, ...one } of part.results) {
      restored.push({ mailbox: storage.path, ...one });
      bytes += sizeBytes;
    }
    if (part.complete) continue;
    const last = part.results.at(-1)?.uid;
    const reached = begins && (last === undefined ? begins : positionIn(storage, last));
    return { restored, bytes, complete: false, ...nextOf(reached) };
  }
  return { restored, bytes, complete, ...nextOf(ends) };
}

/** What is to be restored, as far as one request goes. */
async function find(
  request: MailRequest,
  { mailbox: path, uids, query, keep = false, cursor }: RestoreMessagesRequest,
): Promise<FoundParts> {
  const rights = keep ? (['r'] as const) : (['r', 't', 'e'] as const);
  if (query === undefined) {
    if (cursor !== undefined) throw InvalidInputError.of('cursor', 'allowed is one with a query');
    if (path === undefined || uids === undefined) {
      throw InvalidInputError.of('uids', 'missing: allowed are mailbox and uids, or a query');
    }
    const storage = await openMailbox(request, 'mailbox', path, ...rights);
    const { rows, clock } = request.ports;
    const entries = await readEntries(
      rows,
      storage,
      { uids: checkRequestedUids('uids', uids) },
      clock.now(),
    );
    return { parts: [{ storage, messages: entries.map(toFound) }], complete: true };
  }
  if (uids !== undefined) throw InvalidInputError.of('uids', 'allowed is one of uids and query');
  const only = path === undefined ? undefined : await openMailbox(request, 'mailbox', path);
  const mayRead = (mailbox: Mailbox) =>
    mailbox.role === 'storage' &&
    (only === undefined || only.mailboxId === mailbox.mailboxId) &&
    rights.every((right) =>
      hasRight(request.access.actor, request.access.settings, mailbox, right),
    );
  return await byQuery(request, query, mayRead, cursor);
}

const toFound = ({ message: { uid, sizeBytes }, expunged }: Entry): Found => ({
  uid,
  sizeBytes,
  ...(expunged && { origin: expunged.origin }),
});

async function byQuery(
  request: MailRequest,
  given: NonNullable<RestoreMessagesRequest['query']>,
  mayRead: (mailbox: Mailbox) => boolean,
  cursor: string | undefined,
): Promise<FoundParts> {
  const position = cursor === undefined ? undefined : parsePosition(cursor);
  const { clock } = request.ports;
  const { storages: _, ...all } = selecting(request, parseRestoreQuery(given, clock.now()));
  const { pages } = await selectMessages({ ...all, mayRead, position });
  const parts: RestorePart[] = [];
  let found = 0;
  let undecided = 0;
  for await (const { mailbox, messages, begins, ends, ...page } of pages()) {
    undecided += page.undecided;
    // What lay in the mailbox before it became the storage was never expunged.
    const some = messages.filter(({ expungedAt }) => expungedAt !== undefined);
    parts.push({ storage: mailbox, messages: some, begins });
    found += some.length;
    if (found < UIDS_MAX && clock.now() <= request.deadline) continue;
    return { parts, complete: false, ends, undecided };
  }
  return { parts, complete: true, undecided };
}

/**
 * What leaves a storage that counts adds nothing, as a move does not.
 * @returns whether it does not fit, and an administrator lets it in
 */
async function admitRestored(
  { ports, access }: MailRequest,
  body: RestoreMessagesRequest,
  parts: readonly RestorePart[],
  to: string | undefined,
): Promise<boolean> {
  const { settings } = access;
  const added = parts.filter(({ storage }) => body.keep === true || !isCounted(settings, storage));
  const counted = added
    .flatMap(({ messages }) => messages)
    .filter(({ origin = '' }) => !settings.isExempt(to ?? origin));
  if (counted.length === 0) return false;
  const bytes = counted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const path = to ?? counted[0]?.origin;
  return path !== undefined && (await admitOverQuota(ports, access, { path, bytes }, body));
}
