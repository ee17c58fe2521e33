/**
 * Copying within an account. The first copy of a message makes the row of its blob's links, in
 * the transaction that marks the source as copied; bytes are copied only out of the expunge
 * storage, since nothing expunged becomes live again, and when a blob has too many links.
 */

import { linkOf } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { requireUids } from '../mailboxes/mailbox-uids.ts';
import {
  type Mailbox,
  readMailbox,
  requireActiveMailbox,
  whyNotActive,
} from '../mailboxes/mailboxes.ts';
import { requireStillTarget } from '../mailboxes/rights.ts';
import { ByteCopies, type Content } from './byte-copies.ts';
import type { Chunk } from './chunk.ts';
import type { Entry } from './entries.ts';
import { type Chunked, inChunks, type MailWork, type MessagePorts } from './in-chunks.ts';
import { toAttributes } from './message.ts';

/** Rows that one copy needs, at most: target, source, links of the blob. */
const COPY_ROWS = 3;

export interface CopiedMessage {
  readonly uid: number;
  readonly newUid: number;
  readonly sizeBytes: number;
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
    const copy = await copies.of(entry);
    if (copy === undefined) return undefined;
    chunk.check(entry);
    return addMessage(chunk, copy, target);
  }
  const links = entry.copied ? chunk.links(entry) : undefined;
  if (links?.isFull === true) {
    const copy = await copies.of(entry);
    return copy && addMessage(chunk, copy, target);
  }
  if (links === undefined) chunk.change(entry, { set: { copied: true } });
  return addLink(chunk, entry, target);
}

/** Another row for the same blob. */
export function addLink(chunk: Chunk, entry: Entry, target: Mailbox): number {
  const kept = chunk.keptMarks(target, entry.message);
  const message = { ...kept, uid: chunk.nextUid(target), saveDate: chunk.now };
  chunk.links(entry).addLive(linkOf(target.mailboxId, message.uid));
  chunk.put(target, message, { ...toAttributes(message), copied: true });
  return message.uid;
}

/** A row for a blob of its own. */
export function addMessage(chunk: Chunk, content: Content, target: Mailbox): number {
  const kept = chunk.keptMarks(target, content);
  const message = { ...kept, uid: chunk.nextUid(target), saveDate: chunk.now };
  chunk.put(target, message, toAttributes(message));
  return message.uid;
}
