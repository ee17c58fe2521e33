/**
 * Copying within an account. The first copy of a message makes the row of its blob's links, in
 * the transaction that marks the source as copied; bytes are copied only out of the expunge
 * storage, since nothing expunged becomes live again, and when a blob has too many links.
 */

import { linkOf } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { requireUids } from '../mailboxes/mailbox-uids.ts';
import { readMailbox, requireActiveMailbox, whyNotActive } from '../mailboxes/mailboxes.ts';
import { requireStillTarget } from '../mailboxes/rights.ts';
import type { MailOutcome } from './aftermath.ts';
import { ByteCopies, type Bytes } from './byte-copies.ts';
import type { Chunk } from './chunk.ts';
import type { Entry } from './entries.ts';
import { type Chunked, inChunks, type MailWork, type MessagePorts } from './in-chunks.ts';
import { takenOver } from './message-rows.ts';

/** Rows that one copy needs, at most: target, source, links of the blob. */
const COPY_ROWS = 3;

export interface CopiedMessage {
  readonly uid: number;
  readonly newUid: number;
  readonly sizeBytes: number;
  /** Of a move: what it left behind, or what becomes of what came out of a storage. */
  readonly outcome?: MailOutcome;
}

/**
 * Copies the messages with these UIDs into a mailbox of the same account. Flags, keywords,
 * internal date and GUID are kept; UID and save date are new (L3).
 * @throws UnknownMailboxError, UidsExhaustedError, AccountNotActiveError, StoreBusyError
 */
export async function copyMessages(
  { ports, context, deadline }: MailWork,
  from: Mailbox,
  uids: readonly number[],
  to: Mailbox,
): Promise<Chunked<CopiedMessage>> {
  requireUids(to, uids.length);
  const { account } = context;
  const copies = new ByteCopies(ports, account);
  return await inChunks(ports, {
    account,
    uids,
    deadline,
    keptMarks: context.keptMarks,
    prepare: async () => {
      const target = requireStillTarget(
        await requireActiveMailbox(ports.rows, account, to.mailboxId),
      );
      if (from.mailboxId === to.mailboxId) return { source: target, target };
      return { source: await readSource(ports.rows, account, from), target };
    },
    before: (entries) => copies.makeForStored(entries),
    take: async (chunk, entry, { target }) => {
      if (!chunk.fits(COPY_ROWS + 1, entry)) return 'full';
      const newUid = await copyEntry(copies, chunk, entry, target);
      if (newUid === undefined) return 'gone';
      const { uid, sizeBytes } = entry.message;
      return { uid, newUid, sizeBytes };
    },
  });
}

/** Out of a deleted folder, too, for as long as it is one. */
async function readSource(
  rows: MessagePorts['rows'],
  account: Account,
  from: Mailbox,
): Promise<Mailbox> {
  if (from.state !== 'deleted') return await requireActiveMailbox(rows, account, from.mailboxId);
  const source = await readMailbox(rows, from.mailboxId);
  if (source?.state === 'deleted' || source?.state === 'active') return source;
  throw whyNotActive(account, source);
}

async function copyEntry(
  copies: ByteCopies,
  chunk: Chunk,
  entry: Entry,
  target: Mailbox,
): Promise<number | undefined> {
  if (entry.expunged !== undefined) {
    const bytes = await copies.of(entry);
    if (bytes === undefined) return undefined;
    chunk.check(entry);
    return addMessage(chunk, target, entry, { way: 'copy', bytes });
  }
  const links = entry.copied ? chunk.links(entry) : undefined;
  if (links?.isFull === true) {
    const bytes = await copies.of(entry);
    return bytes && addMessage(chunk, target, entry, { way: 'copy', bytes });
  }
  if (links === undefined) chunk.change(entry, { set: { copied: true } });
  return addLink(chunk, target, entry, 'copy');
}

/** Another row for the same blob. */
export function addLink(chunk: Chunk, target: Mailbox, entry: Entry, way: 'copy' | 'move'): number {
  const uid = chunk.nextUid(target);
  chunk.links(entry).addLive(linkOf(target.mailboxId, uid));
  const { flags, keywords } = chunk.keptMarks(target, entry.message);
  const given = { uid, saveDate: chunk.now, flags, keywords };
  chunk.put(target, takenOver(way, entry.message, given), { copied: true });
  return uid;
}

type Coming =
  | { readonly way: 'copy' | 'restore'; readonly bytes: Bytes }
  /** Without bytes of its own it takes those of the old row, which ends. */
  | { readonly way: 'move'; readonly bytes?: Bytes };

/** A row for a blob of its own. */
export function addMessage(
  chunk: Chunk,
  target: Mailbox,
  { message }: Pick<Entry, 'message'>,
  { way, bytes = message }: Coming,
): number {
  const uid = chunk.nextUid(target);
  const { flags, keywords } = chunk.keptMarks(target, message);
  const { blobId, retentionClass, versionId } = bytes;
  const own = { blobId, retentionClass, versionId };
  const given = { uid, saveDate: chunk.now, flags, keywords, ...own };
  chunk.put(target, takenOver(way, message, given));
  return uid;
}
