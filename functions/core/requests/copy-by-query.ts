/** Copying and moving by query: for administrators, whom no quota stops. */
import type { CopyByQueryAnswer, SearchAnswer } from '../../contract/mail-api.ts';
import type { CopyByQueryRequest, SearchRequest } from '../../contract/requests/messages.ts';
import { createMailbox } from '../mailboxes/create-mailbox.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { findMailbox } from '../mailboxes/mailboxes.ts';
import { hasRight, requireTarget } from '../mailboxes/rights.ts';
import { MailOutcomes } from '../messages/aftermath.ts';
import { copyMessages } from '../messages/copy-messages.ts';
import { moveMessages } from '../messages/move-messages.ts';
import { parseMailboxPath } from '../names/mailbox-path.ts';
import { settingsFor } from '../policies/policy-attributes.ts';
import { parseMessageQuery } from '../queries/parse-query.ts';
import { requireMailboxes } from '../queries/query.ts';
import { searchMessages } from '../queries/search-messages.ts';
import { selectMessages } from '../queries/select-messages.ts';
import {
  encodePosition,
  parsePosition,
  positionIn,
  type WalkPosition,
} from '../queries/walk-position.ts';
import { type MailRequest, requireAdmin, UIDS_MAX } from './mail-access.ts';
import { selecting } from './select-entries.ts';
import { settleMoves } from './settle-moves.ts';
import { unlessBegun } from './unless-begun.ts';

/**
 * @throws InvalidQueryError, QueryLacksMailboxError, UnknownMailboxError, PermissionDeniedError,
 *   NotAllowedError, ExpungeStorageError, StoreBusyError
 */
export async function requestByQuery(
  request: MailRequest,
  verb: 'copy' | 'move',
  body: CopyByQueryRequest,
): Promise<CopyByQueryAnswer> {
  const { ports, access, deadline } = request;
  requireAdmin(request, `${verb} by query`);
  const query = parseMessageQuery(body.query, ports.clock.now());
  requireMailboxes(query);
  const position = body.cursor === undefined ? undefined : parsePosition(body.cursor);
  const target = await targetOf(request, body);
  const {
    mailboxes: sources,
    isMeant,
    pages,
  } = await selectMessages({
    ...selecting(request, query),
    position,
    // What is there already is not brought there: it would become more with each request.
    onlyNamed: target.path,
  });
  let undecided = 0;
  const outcomes = new MailOutcomes();
  const done: CopyByQueryAnswer['done'][number][] = [];
  const end = (next?: WalkPosition): CopyByQueryAnswer => ({
    done,
    ...outcomes.moved(),
    mailboxesMatched: sources.length,
    ...(undecided === 0 ? {} : { undecided }),
    ...(next === undefined ? { complete: true } : { complete: false, next: encodePosition(next) }),
  });
  for await (const { mailbox, messages, begins, ends, ...page } of pages()) {
    const uids = messages.map(({ uid }) => uid);
    const chosen = { chosenPath: mailbox.path, isMeant: isMeant(mailbox) };
    const going =
      verb === 'copy'
        ? copyMessages({ ports, context: access, deadline }, mailbox, uids, target)
        : moveMessages({ ports, context: access, deadline }, mailbox, uids, {
            ...chosen,
            to: target,
          });
    const part = await going.catch((error: unknown) => unlessBegun(error, done.length));
    done.push(...part.results.map(({ uid, newUid }) => ({ mailbox: mailbox.path, uid, newUid })));
    outcomes.addAll(part.results);
    // What was copied is behind the walk: met again, it would be copied once more.
    const last = part.results.at(-1)?.uid ?? begins.afterUid;
    if (!part.complete) return end(positionIn(mailbox, last));
    undecided += page.undecided;
    if (done.length >= UIDS_MAX || ports.clock.now() > deadline) return end(ends);
  }
  return end();
}

async function targetOf(
  request: MailRequest,
  { to, createTarget = false }: CopyByQueryRequest,
): Promise<Mailbox> {
  const path = parseMailboxPath('to', to);
  const { ports, access } = createTarget ? await settleMoves(request, [path]) : request;
  const { account, settings } = access;
  const mayCreate = createTarget && !settings.isProtected(path);
  if (mayCreate && (await findMailbox(ports.rows, account, path)) === undefined) {
    return await createMailbox(ports, account, path, settingsFor(settings, path));
  }
  return await requireTarget(ports.rows, access, path);
}

/**
 * What a query means, in mailboxes that whoever asks may read.
 * @throws InvalidQueryError
 */
export async function requestSearch(
  request: MailRequest,
  body: SearchRequest,
): Promise<SearchAnswer> {
  const { ports, access, deadline } = request;
  const query = parseMessageQuery(body.query, ports.clock.now());
  const mayRead = (mailbox: Mailbox) => hasRight(access.actor, access.settings, mailbox, 'r');
  const position = body.cursor === undefined ? undefined : parsePosition(body.cursor);
  const wanted = { ...selecting(request, query), mayRead, position };
  return await searchMessages(ports.clock, wanted, deadline);
}
