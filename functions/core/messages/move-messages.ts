/**
 * Moving: copying and expunging the source in one transaction. Where lazy expunge keeps every
 * expunged instance, a move leaves one, in the storage or in place (L4); else the source becomes a
 * tombstone. Out of the storage a move restores and leaves nothing behind.
 */

import { linkOf, TTL_ATTRIBUTE } from '../../contract/row-layout.ts';
import { requireUnheld } from '../accounts/accounts.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { requireUids } from '../mailboxes/mailbox-uids.ts';
import { requireActiveMailbox } from '../mailboxes/mailboxes.ts';
import { requireStillTarget } from '../mailboxes/rights.ts';
import { tombstoneEnd } from '../policies/expiry.ts';
import { livingIn } from './aftermath.ts';
import { ByteCopies } from './byte-copies.ts';
import type { Chunk } from './chunk.ts';
import { addLink, addMessage, type CopiedMessage } from './copy-messages.ts';
import type { Entry } from './entries.ts';
import {
  droppedAtEnd,
  type ExpungeOptions,
  endStored,
  type Keeper,
  requireChosen,
  storageFor,
  store,
} from './expunge-messages.ts';
import { type Chunked, inChunks, type MailContext, type MailWork } from './in-chunks.ts';

/** Rows that one move needs, at most: target, source, links of the blob, a new day's count. */
const MOVE_ROWS = 4;

export interface MoveOptions extends ExpungeOptions {
  readonly to: Mailbox;
}

interface MoveRules {
  readonly context: MailContext;
  readonly options: ExpungeOptions;
}

interface MovedEntry extends Pick<CopiedMessage, 'outcome'> {
  /** Missing: there was nothing to move any more. */
  readonly newUid: number | undefined;
}

interface MoveContext {
  readonly source: Mailbox;
  readonly target: Mailbox;
  /** Where the source leaves an instance. */
  readonly storage: Keeper | undefined;
}

/**
 * Moves the messages with these UIDs into another mailbox of the account that is no storage.
 * Flags, keywords, internal date and GUID are kept; UID and save date are new.
 * @throws UnknownMailboxError, UidsExhaustedError, ExpungeStorageError, AccountNotActiveError, StoreBusyError;
 *   AccountHeldError when an instance would be expunged, or an expunged one end (W6): a move that
 *   leaves nothing behind goes on
 */
export async function moveMessages(
  work: MailWork,
  from: Mailbox,
  uids: readonly number[],
  { to, ...options }: MoveOptions,
): Promise<Chunked<CopiedMessage>> {
  const { ports, context, deadline } = work;
  requireUids(to, uids.length);
  const { account } = context;
  const copies = new ByteCopies(ports, account);
  return await inChunks(ports, {
    account,
    uids,
    deadline,
    passOver: options.passOver,
    keptMarks: context.keptMarks,
    prepare: async (): Promise<MoveContext> => {
      const source = await requireActiveMailbox(ports.rows, account, from.mailboxId);
      requireChosen(source, options);
      const storage = await keeperFor(work, source, options);
      const target =
        from.mailboxId === to.mailboxId
          ? source
          : requireStillTarget(await requireActiveMailbox(ports.rows, account, to.mailboxId));
      return { source, target, storage };
    },
    before: (entries) => copies.makeForStored(entries),
    take: async (chunk, entry, mailboxes) => {
      if (options.isMeant?.(entry) === false) return 'gone';
      if (!chunk.fits(MOVE_ROWS + 1, entry)) return 'full';
      if (options.chosenPath !== undefined) chunk.touchNamed(mailboxes.source);
      const moved =
        entry.expunged === undefined
          ? await moveLive(copies, chunk, entry, { ...mailboxes, context, options })
          : await moveBack(copies, chunk, entry, mailboxes.target);
      if (moved.newUid === undefined) return 'gone';
      const { uid, sizeBytes } = entry.message;
      return { uid, sizeBytes, ...moved, newUid: moved.newUid };
    },
  });
}

/** @throws AccountHeldError (W6): what a move leaves there has a clock */
async function keeperFor(
  work: MailWork,
  source: Mailbox,
  options: ExpungeOptions,
): Promise<Keeper | undefined> {
  const { context } = work;
  if (context.settings.onlyLastInstance) return undefined;
  const keeper = await storageFor(work, source, options);
  if (keeper !== undefined) requireUnheld(context.account);
  return keeper;
}

async function moveLive(
  copies: ByteCopies,
  chunk: Chunk,
  entry: Entry,
  { source, target, storage, context, options }: MoveContext & MoveRules,
): Promise<MovedEntry> {
  const link = linkOf(entry.home.mailboxId, entry.home.uid);
  if (storage !== undefined) {
    const links = chunk.links(entry);
    // The instance that it leaves is a link more, as with a copy.
    const bytes = links.isFull ? await copies.of(entry) : undefined;
    if (links.isFull && bytes === undefined) return { newUid: undefined };
    chunk.count(source, -1, entry.message);
    const kept = { ...options, links, link, origin: source.path };
    const { outcome } = store(chunk, context, entry, { ...kept, keeper: storage });
    if (bytes === undefined) return { newUid: addLink(chunk, target, entry, 'move'), outcome };
    return { newUid: addMessage(chunk, target, entry, { way: 'move', bytes }), outcome };
  }
  chunk.count(source, -1, entry.message);
  const tombstone = { state: 'moved', [TTL_ATTRIBUTE]: tombstoneEnd(chunk.now) };
  chunk.change(entry, { set: tombstone, unset: droppedAtEnd(entry) });
  if (!entry.copied) return { newUid: addMessage(chunk, target, entry, { way: 'move' }) };
  chunk.links(entry).end(link);
  return { newUid: addLink(chunk, target, entry, 'move') };
}

async function moveBack(
  copies: ByteCopies,
  chunk: Chunk,
  entry: Entry,
  target: Mailbox,
): Promise<MovedEntry> {
  const newUid = await moveStored(copies, chunk, entry, target);
  return { newUid, outcome: livingIn(target, chunk.now) };
}

/** A restore: new bytes, and the old row ends in the same transaction. */
export async function moveStored(
  copies: ByteCopies,
  chunk: Chunk,
  entry: Entry,
  target: Mailbox,
): Promise<number | undefined> {
  const bytes = await copies.of(entry);
  if (bytes === undefined) return undefined;
  const links = entry.copied ? chunk.links(entry) : undefined;
  endStored(chunk, entry, links, linkOf(entry.home.mailboxId, entry.home.uid));
  return addMessage(chunk, target, entry, { way: 'restore', bytes });
}
