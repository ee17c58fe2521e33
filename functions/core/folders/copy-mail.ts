/** The mail of one mailbox of a tree that is handed over, copied with its bytes, in UID order. */
import { mailKey } from '../../contract/key-layout.ts';
import { BLOB_ID_BYTES } from '../../contract/limits.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { arrivalWrites } from '../mailboxes/bucket-directory.ts';
import { flaggedWrites } from '../mailboxes/flagged-uids.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { readMailbox } from '../mailboxes/mailboxes.ts';
import { type Entry, readEntries, readMailboxPage } from '../messages/entries.ts';
import { DELETED, flagCounting, sumFlags } from '../messages/flag-counts.ts';
import type { MessagePorts } from '../messages/in-chunks.ts';
import type { Message } from '../messages/message.ts';
import { messageRowPut, takenOver } from '../messages/message-rows.ts';
import type { Write } from '../ports/row-store.ts';
import { untilWon } from '../rows/contention.ts';
import { inParallel } from '../rows/parallel.ts';
import { copyChecks, type HandOver, handedOverId, requireGoingOn } from './hand-over-claim.ts';
import { treeUpdate } from './move-writes.ts';

/**
 * Messages in one transaction: as many COPYs as take two or three turns of some 30 ms. Each may lie
 * in a bucket of its own: 46 rows and 46 buckets, the tree, the mailbox and 3 checks are 97 items.
 */
const COPIED_AT_ONCE = 46;
const PARALLEL_COPIES = 16;

interface Pair {
  readonly source: Mailbox;
  readonly target: Mailbox;
}

/** How far a copy has come. */
interface CopyProgress {
  /** Every message of the source up to this UID has come. */
  readonly afterUid: number;
  /** What the target counted then: whoever takes any of it away counts it down. */
  readonly messages: number;
}

/** Where to go on: from the beginning, when something has gone since the place was noted. */
function progressOf({ messages, arrivedUid, arrivedMessages }: Mailbox): CopyProgress {
  return { afterUid: messages === arrivedMessages ? (arrivedUid ?? 0) : 0, messages };
}

/**
 * Goes on where an earlier request stopped: each chunk notes its place on the row of the target.
 * @param deadline epoch milliseconds after which no new try begins
 * @returns whether all of it is there
 * @throws as handOverTree
 */
export async function copyMail(
  ports: MessagePorts,
  handOver: HandOver,
  { source, target }: Pair,
  deadline: number,
): Promise<boolean> {
  const { rows, clock } = ports;
  let progress = progressOf(target);
  /** Whether all of it is gone through here. */
  let isWhole = progress.afterUid === 0;
  for (;;) {
    if (clock.now() > deadline) return false;
    const window = { afterUid: progress.afterUid, limit: COPIED_AT_ONCE };
    const page = await readMailboxPage(rows, source, window, clock.now());
    const chunk = { target, entries: page.entries, messages: progress.messages };
    const messages = await untilWon(ports, deadline, () => copyChunk(ports, handOver, chunk));
    if (messages === 'changed') {
      // Another copy of the same, or a purge, was there: its row says how far it is now.
      progress = progressOf((await readMailbox(rows, target.mailboxId)) ?? target);
      isWhole = progress.afterUid === 0;
      continue;
    }
    if (page.nextAfterUid !== undefined) progress = { afterUid: page.nextAfterUid, messages };
    else if (isWhole || messages === source.messages) return true;
    else {
      // Something was not seen on the way here: it is looked for from the beginning, once.
      progress = { afterUid: 0, messages };
      isWhole = true;
    }
  }
}

interface CopiedChunk {
  readonly target: Mailbox;
  readonly entries: readonly Entry[];
  /** What the target counts before. */
  readonly messages: number;
}

/** @returns what the target counts then; `changed` when it does not count what it did */
async function copyChunk(
  ports: MessagePorts,
  handOver: HandOver,
  chunk: CopiedChunk,
): Promise<number | 'changed' | 'lost'> {
  const { target, entries } = chunk;
  const uids = entries.map(({ message }) => message.uid);
  const there = uids.length === 0 ? [] : await readEntries(ports.rows, target, { uids }, 0);
  const known = new Set(there.map(({ message }) => message.uid));
  const missing = entries.filter(({ message }) => !known.has(message.uid));
  if (missing.length === 0) return chunk.messages;
  const messages = await copyObjects(ports, handOver, missing);
  const flagged = messages.filter(({ flags }) => flags.has(DELETED)).map(({ uid }) => uid);
  if (!(await announceFlagged(ports, handOver, target, flagged))) return 'lost';
  const count = chunk.messages + messages.length;
  const result = await ports.rows.transact(await chunkWrites(ports, handOver, chunk, messages));
  if (result.outcome === 'written') return count;
  if (result.outcome === 'conflict') return 'lost';
  await requireGoingOn(ports.rows, handOver);
  const now = await readMailbox(ports.rows, target.mailboxId);
  return now !== undefined && now.messages !== chunk.messages ? 'changed' : 'lost';
}

/** @throws Error when bytes are missing: under the claim nothing ends, so nothing is passed over */
async function copyObjects(
  ports: MessagePorts,
  handOver: HandOver,
  missing: readonly Entry[],
): Promise<Message[]> {
  const { from, to } = handOver;
  const copies = await inParallel(missing, PARALLEL_COPIES, ({ message }) =>
    copyBytes(ports, from, to, message),
  );
  const messages = copies.filter((copy) => copy !== undefined);
  if (messages.length === missing.length) return messages;
  await requireGoingOn(ports.rows, handOver);
  const lost = missing.find((_, index) => copies[index] === undefined);
  throw new Error(`object of message ${lost?.message.guid} is missing: the audit must look at it`);
}

async function chunkWrites(
  { rows }: MessagePorts,
  handOver: HandOver,
  { target, entries, messages: before }: CopiedChunk,
  messages: readonly Message[],
): Promise<Write[]> {
  const bytes = messages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const add = { messages: messages.length, bytes };
  const counting = flagCounting(target, sumFlags(messages));
  const place = {
    arrivedUid: entries.at(-1)?.message.uid ?? 0,
    arrivedMessages: before + messages.length,
  };
  const given = messages.map(({ uid }) => uid);
  return [
    ...copyChecks(handOver),
    treeUpdate(handOver.to.accountId, handedOverId(handOver), { from: 'arriving', add }),
    {
      kind: 'update',
      key: dictmapKeys.mailbox(target.mailboxId),
      guard: {
        row: 'present',
        equals: { state: 'deleted', messages: before },
        without: counting.without,
      },
      // What a purge has found empty is filled again, below where it stopped.
      change: { set: place, add: { ...add, ...counting.add }, unset: ['firstLiveUid'] },
    },
    ...messages.map((message) => messageRowPut(target.mailboxId, message)),
    ...(await arrivalWrites(rows, target, given)),
  ];
}

/**
 * UIDs with `\Deleted` are noted before their messages come: a note may be of one that never does.
 * @returns false when it was refused
 */
async function announceFlagged(
  { rows }: MessagePorts,
  handOver: HandOver,
  { mailboxId }: Mailbox,
  uids: readonly number[],
): Promise<boolean> {
  if (uids.length === 0) return true;
  const writes = await flaggedWrites(rows, mailboxId, { add: uids, remove: [] });
  const result = await rows.transact([...copyChecks(handOver), ...writes]);
  if (result.outcome === 'refused') await requireGoingOn(rows, handOver);
  return result.outcome === 'written';
}

/** Undefined when the old bytes are gone. */
async function copyBytes(
  { objects, ids }: MessagePorts,
  from: Account,
  to: Account,
  message: Message,
): Promise<Message | undefined> {
  const { blobId, retentionClass, versionId } = message;
  const newBlobId = ids.hex(BLOB_ID_BYTES);
  const copied = await objects.copy(
    { key: mailKey(retentionClass, from.accountId, blobId), versionId },
    mailKey(to.retentionClass, to.accountId, newBlobId),
  );
  if (copied === undefined) return undefined;
  const { retentionClass: newClass } = to;
  const bytes = { blobId: newBlobId, retentionClass: newClass, versionId: copied.versionId };
  return takenOver('handOver', message, bytes);
}
