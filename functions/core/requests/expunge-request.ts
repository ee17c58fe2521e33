/** Expunging as users and administrators ask for it: by UIDs, by `\Deleted`, or by query. */
import type { ExpungeMessagesAnswer, MessageName } from '../../contract/mail-api.ts';
import type { ExpungeMessagesRequest } from '../../contract/requests/messages.ts';
import { requireUnheld } from '../accounts/accounts.ts';
import { InvalidInputError } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { foreseen, MailOutcomes } from '../messages/aftermath.ts';
import { readEntries } from '../messages/entries.ts';
import {
  type ExpungedMessage,
  type ExpungeOptions,
  expungeMessages,
} from '../messages/expunge-messages.ts';
import { flaggedEntries } from '../messages/flagged-entries.ts';
import type { Chunked } from '../messages/in-chunks.ts';
import type { Message } from '../messages/message.ts';
import type { PassOver } from '../messages/pass-over.ts';
import { parseMessageQuery } from '../queries/parse-query.ts';
import { requireMailboxes } from '../queries/query.ts';
import { selectMessages } from '../queries/select-messages.ts';
import {
  encodePosition,
  parsePosition,
  positionIn,
  type WalkPosition,
} from '../queries/walk-position.ts';
import { deleteEmptied, wouldBeEmptied } from './delete-emptied.ts';
import {
  checkRequestedUids,
  expungeOptions,
  type MailRequest,
  may,
  openMailbox,
  requireAdmin,
  UIDS_MAX,
} from './mail-access.ts';
import { selecting } from './select-entries.ts';

/** What one mailbox loses. */
interface ExpungePart extends Pick<ExpungeOptions, 'isMeant'> {
  readonly mailbox: Mailbox;
  readonly messages: readonly Pick<Message, 'uid' | 'sizeBytes' | 'retentionClass'>[];
}

/**
 * Without the right to expunge nothing happens, and nobody is told (RFC 4314, 4).
 * @param requestedBy who asks, for the record of what is deleted with `deleteEmptied`
 * @throws InvalidInputError, InvalidQueryError, QueryLacksMailboxError, UnknownMailboxError,
 *   PermissionDeniedError, ExpungeStorageError, AccountHeldError also by a dry run (W6, O1),
 *   StoreBusyError
 */
export async function requestExpunge(
  request: MailRequest,
  body: ExpungeMessagesRequest,
  requestedBy: string,
): Promise<ExpungeMessagesAnswer> {
  if (body.bypassExpungeStorage === true) requireAdmin(request, 'bypassExpungeStorage');
  if (body.query !== undefined) return await expungeByQuery(request, body, requestedBy);
  if (body.deleteEmptied !== undefined) {
    throw InvalidInputError.of('deleteEmptied', 'allowed with a query');
  }
  const { mailbox: path, uids, deletedOnly = false } = body;
  if (path === undefined) throw InvalidInputError.of('mailbox', 'missing: say where');
  const mailbox = await openMailbox(request, 'mailbox', path);
  const answer = new Answer(1);
  if (!may(request, mailbox, 'e')) return answer.end(body);
  const begins = positionOf(body, mailbox);
  const wanted = { uids, deletedOnly, afterUid: begins.afterUid };
  const found = await victims(request, mailbox, wanted, answer.passOver(mailbox));
  const gone = await answer.take(request, { mailbox, messages: found.messages }, body);
  if (gone && found.upTo === undefined) return answer.end(body);
  // UIDs that are named are asked for again; what was looked for goes on where it stopped.
  if (uids !== undefined) return answer.end(body, null);
  return answer.end(body, gone ? positionIn(mailbox, found.upTo ?? 0) : begins);
}

interface Wanted {
  readonly uids: readonly number[] | undefined;
  readonly deletedOnly: boolean;
  readonly afterUid: number;
}

interface Found {
  readonly messages: readonly Message[];
  /** Up to which UID was looked; missing: all of them. */
  readonly upTo?: number;
}

/** @throws InvalidInputError when the cursor is of another mailbox */
function positionOf({ cursor, uids }: ExpungeMessagesRequest, mailbox: Mailbox): WalkPosition {
  if (cursor === undefined) return positionIn(mailbox, 0);
  if (uids !== undefined) throw InvalidInputError.of('cursor', 'allowed without uids');
  const position = parsePosition(cursor);
  if (position.mailboxId === mailbox.mailboxId) return position;
  throw InvalidInputError.of('cursor', 'it belongs to another mailbox');
}

async function victims(
  { ports, deadline }: MailRequest,
  mailbox: Mailbox,
  { uids, deletedOnly, afterUid }: Wanted,
  passOver: PassOver,
): Promise<Found> {
  const isDeleted = ({ flags }: Message) => flags.has('\\Deleted');
  if (uids !== undefined) {
    checkRequestedUids('uids', uids);
    const entries = await readEntries(ports.rows, mailbox, { uids, passOver }, ports.clock.now());
    const messages = entries.map(({ message }) => message);
    return { messages: deletedOnly ? messages.filter(isDeleted) : messages };
  }
  const messages: Message[] = [];
  const { rows, clock } = ports;
  const walk = { afterUid, passOver };
  for await (const { entries, upTo } of flaggedEntries(rows, mailbox, clock, walk)) {
    messages.push(...entries.map(({ message }) => message).filter(isDeleted));
    if (messages.length >= UIDS_MAX || clock.now() > deadline) return { messages, upTo };
  }
  return { messages };
}

async function expungeByQuery(
  request: MailRequest,
  body: ExpungeMessagesRequest,
  requestedBy: string,
): Promise<ExpungeMessagesAnswer> {
  requireAdmin(request, 'expunging by query');
  for (const field of ['mailbox', 'uids', 'deletedOnly'] as const) {
    if (body[field] === undefined) continue;
    throw InvalidInputError.of(field, 'allowed is one of query and mailbox; a query names its own');
  }
  const query = parseMessageQuery(body.query, request.ports.clock.now());
  requireMailboxes(query);
  const answer = new Answer();
  const passOver = (mailbox: Mailbox) => answer.passOver(mailbox);
  const position = body.cursor === undefined ? undefined : parsePosition(body.cursor);
  const wanted = { ...selecting(request, query, passOver), position };
  const { mailboxes, isMeant, pages } = await selectMessages(wanted);
  answer.mailboxesMatched = mailboxes.length;
  for await (const part of pages()) {
    // What has not gone is met again from the begin of its page.
    const meant = { ...part, isMeant: isMeant(part.mailbox) };
    if (!(await answer.take(request, meant, body))) return answer.end(body, part.begins);
    answer.undecided += part.undecided;
    if (answer.isFull() || request.ports.clock.now() > request.deadline) {
      return answer.end(body, part.ends);
    }
  }
  const done = answer.end(body);
  if (body.deleteEmptied !== true || !done.complete) return done;
  if (body.dryRun === true) {
    return { ...done, deleted: wouldBeEmptied(request, mailboxes, done.expunged) };
  }
  return { ...done, ...(await deleteEmptied(request, mailboxes, requestedBy)) };
}

/** Gathers what has gone, or would go. */
class Answer {
  readonly #expunged: MessageName[] = [];
  readonly #passedOver: MessageName[] = [];
  readonly #outcomes = new MailOutcomes();
  mailboxesMatched: number;
  undecided = 0;
  #bytes = 0;

  constructor(mailboxesMatched = 0) {
    this.mailboxesMatched = mailboxesMatched;
  }

  /** What notes the messages of a mailbox that stay because of their rows. */
  passOver({ path: mailbox }: Mailbox): PassOver {
    return (uid) => {
      this.#passedOver.push({ mailbox, uid });
    };
  }

  /** @returns whether all of it went */
  async take(
    request: MailRequest,
    part: ExpungePart,
    body: ExpungeMessagesRequest,
  ): Promise<boolean> {
    const { mailbox } = part;
    if (body.dryRun === true) requireUnheld(request.access.account);
    const gone =
      body.dryRun === true
        ? { results: wouldGo(request, part, body), complete: true }
        : await expunge(request, part, {
            bypassStorage: body.bypassExpungeStorage === true,
            passOver: this.passOver(mailbox),
            ...(body.query === undefined ? {} : { chosenPath: mailbox.path }),
            ...(part.isMeant === undefined ? {} : { isMeant: part.isMeant }),
          });
    this.#expunged.push(...gone.results.map(({ uid }) => ({ mailbox: mailbox.path, uid })));
    this.#bytes += gone.results.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.#outcomes.addAll(gone.results);
    return gone.complete;
  }

  isFull(): boolean {
    return this.#expunged.length >= UIDS_MAX;
  }

  /** @param next where to go on; null: not complete, and the same is to be asked again */
  end({ dryRun }: ExpungeMessagesRequest, next?: WalkPosition | null): ExpungeMessagesAnswer {
    return {
      ...(dryRun === true ? { dryRun: true } : {}),
      expunged: this.#expunged,
      bytes: this.#bytes,
      ...this.#outcomes.answer(),
      mailboxesMatched: this.mailboxesMatched,
      ...(this.undecided === 0 ? {} : { undecided: this.undecided }),
      ...(this.#passedOver.length === 0 ? {} : { passedOver: this.#passedOver }),
      complete: next === undefined,
      ...(next === undefined || next === null ? {} : { next: encodePosition(next) }),
    };
  }
}

function wouldGo(
  { ports, access }: MailRequest,
  { mailbox, messages }: ExpungePart,
  { bypassExpungeStorage: bypassStorage = false }: ExpungeMessagesRequest,
): ExpungedMessage[] {
  const now = ports.clock.now();
  return messages.map(({ uid, sizeBytes, ...message }) => ({
    uid,
    sizeBytes,
    outcome: foreseen(access, mailbox, message, { bypassStorage, now }),
  }));
}

async function expunge(
  request: MailRequest,
  { mailbox, messages }: ExpungePart,
  given: Pick<ExpungeOptions, 'bypassStorage' | 'passOver' | 'chosenPath' | 'isMeant'>,
): Promise<Chunked<ExpungedMessage>> {
  const { ports, access, deadline } = request;
  const uids = messages.map(({ uid }) => uid);
  const options = { ...expungeOptions(request), ...given };
  return await expungeMessages({ ports, context: access, deadline }, mailbox, uids, options);
}
