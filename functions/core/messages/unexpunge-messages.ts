/**
 * What was expunged in place comes back into its mailbox, or goes for good before its time. As
 * everywhere, nothing expunged becomes live again: a message that comes back is a new row with
 * new bytes, and the old row ends in the same transaction (W3, W4).
 */

import { KEYWORDS_MAX } from '../../contract/limits.ts';
import { linkOf } from '../../contract/row-layout.ts';
import { requireUnheld } from '../accounts/accounts.ts';
import { InvalidInputError } from '../errors.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { requireUids } from '../mailboxes/mailbox-uids.ts';
import { readMailbox, requireActiveMailbox, whyNotActive } from '../mailboxes/mailboxes.ts';
import { ByteCopies } from './byte-copies.ts';
import type { Entry } from './entries.ts';
import { endStored, isExpungeForgotten } from './expunge-messages.ts';
import { type Chunked, type ChunkPorts, inChunks, type MailWork } from './in-chunks.ts';
import { readInPlace } from './in-place-entries.ts';
import { moveStored } from './move-messages.ts';

/** Rows that one message needs, at most: new, old, links of its blob. */
const UNEXPUNGE_ROWS = 3;

export interface UnexpungeOptions {
  /** Else a message comes back with `\Deleted`, and the next EXPUNGE takes it again. */
  readonly clearDeleted: boolean;
  /** What each of them gets besides. */
  readonly addKeyword?: string;
}

export interface UnexpungedMessage {
  readonly uid: number;
  readonly newUid: number;
  readonly sizeBytes: number;
}

/**
 * Brings back the messages that had these UIDs, in their order; UIDs and save dates are new,
 * everything else is kept (L3). UIDs of which nothing is kept are passed over.
 * @throws InvalidInputError, UnknownMailboxError, AccountHeldError, because the old rows end (W6),
 *   AccountNotActiveError, StoreBusyError
 */
export async function unexpungeMessages(
  { ports, context: { account }, deadline }: MailWork,
  mailbox: Mailbox,
  uids: readonly number[],
  options: UnexpungeOptions,
): Promise<Chunked<UnexpungedMessage>> {
  requireUnheld(account);
  requireUids(mailbox, uids.length);
  const { mailboxId } = mailbox;
  const copies = new ByteCopies(ports, account);
  return await inChunks(ports, {
    account,
    uids,
    deadline,
    read: readInPlace,
    prepare: async () => ({ source: await requireActiveMailbox(ports.rows, account, mailboxId) }),
    before: (entries) => copies.makeForStored(entries),
    take: async (chunk, entry, { source }) => {
      if (!chunk.fits(UNEXPUNGE_ROWS + 1, entry)) return 'full';
      const newUid = await moveStored(copies, chunk, asItReturns(entry, options), source);
      const { uid, sizeBytes } = entry.message;
      return newUid === undefined ? 'gone' : { uid, newUid, sizeBytes };
    },
  });
}

function asItReturns(entry: Entry, { clearDeleted, addKeyword }: UnexpungeOptions): Entry {
  const { message } = entry;
  const flags = [...message.flags].filter((flag) => !(clearDeleted && flag === '\\Deleted'));
  const keywords = new Set(message.keywords);
  if (addKeyword !== undefined) keywords.add(addKeyword);
  if (keywords.size > Math.max(message.keywords.size, KEYWORDS_MAX)) {
    const text = `message ${message.uid} would have more than ${KEYWORDS_MAX} keywords`;
    throw InvalidInputError.of('addKeyword', text);
  }
  return { ...entry, message: { ...message, flags: new Set(flags), keywords } };
}

/** Mailboxes in which mail may lie that was expunged in place: also those that are gone. */
export const holdsExpunged = ({ state }: Mailbox): boolean =>
  state === 'active' || state === 'deleted' || state === 'shell';

/**
 * Ends what was expunged in place, for good; also what has expired, whose bytes then go early.
 * @throws UnknownMailboxError, AccountHeldError (W6), AccountNotActiveError, StoreBusyError
 */
export async function purgeInPlace(
  { ports, context: { account }, deadline }: MailWork<ChunkPorts>,
  { mailboxId }: Mailbox,
  uids: readonly number[],
): Promise<Chunked<Omit<UnexpungedMessage, 'newUid'>>> {
  return await inChunks(ports, {
    account,
    uids,
    deadline,
    read: readInPlace,
    expired: true,
    prepare: async () => {
      const source = await readMailbox(ports.rows, mailboxId);
      if (source === undefined || !holdsExpunged(source)) throw whyNotActive(account, source);
      return { source };
    },
    take: (chunk, entry, { source }) => {
      if (!chunk.fits(UNEXPUNGE_ROWS, entry)) return 'full';
      if (isExpungeForgotten(chunk, entry)) return 'gone';
      // No UID changes, but a mailbox that is going is not to be written into.
      chunk.touch(source);
      const links = entry.copied ? chunk.links(entry) : undefined;
      endStored(chunk, entry, links, linkOf(entry.home.mailboxId, entry.home.uid));
      const { uid, sizeBytes } = entry.message;
      return { uid, sizeBytes };
    },
  });
}
