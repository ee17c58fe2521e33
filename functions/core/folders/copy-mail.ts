/** The mail of one mailbox of a tree that is handed over, copied with its bytes, in UID order. */
import { mailKey } from '../../contract/key-layout.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import type { Account } from '../accounts/accounts.ts';
import { arrivalWrites } from '../mailboxes/bucket-directory.ts';
import { flaggedWrites } from '../mailboxes/flagged-uids.ts';
import type { Mailbox } from '../mailboxes/mailboxes.ts';
import { type Entry, readEntries, readMailboxPage } from '../messages/entries.ts';
import { DELETED, flagCounting, sumFlags } from '../messages/flag-counts.ts';
import type { MessagePorts } from '../messages/in-chunks.ts';
import { type Message, toAttributes } from '../messages/message.ts';
import type { Write } from '../ports/row-store.ts';
import { untilWon } from '../rows/contention.ts';
import { inParallel } from '../rows/parallel.ts';
import { copyChecks, type HandOver, handedOverId, requireGoingOn } from './hand-over-claim.ts';
import { treeUpdate } from './move-writes.ts';

/**
 * Messages in one transaction: as many COPYs as take two or three turns of some 30 ms. Each may lie
 * in a bucket of its own: 46 rows and 46 buckets, the tree, the mailbox and 3 checks are 97 items.
 */
const CHUNK_MESSAGES = 46;
const PARALLEL_COPIES = 16;

const BLOB_ID_BYTES = 16;

interface Pair {
  readonly source: Mailbox;
  readonly target: Mailbox;
}

/**
 * @param deadline epoch milliseconds after which no new try begins
 * @returns whether all of it is there
 * @throws as handOverTree
 */
export async function copyMail(
  ports: MessagePorts,
  handOver: HandOver,
  pair: Pair,
  deadline: number,
): Promise<boolean> {
  const { rows, clock } = ports;
  let afterUid: number | undefined = 0;
  while (afterUid !== undefined) {
    if (clock.now() > deadline) return false;
    const window = { afterUid, limit: CHUNK_MESSAGES };
    const page: Awaited<ReturnType<typeof readMailboxPage>> = await readMailboxPage(
      rows,
      pair.source,
      window,
      clock.now(),
    );
    await untilWon(ports, deadline, () => copyChunk(ports, handOver, pair, page.entries));
    afterUid = page.nextAfterUid;
  }
  return true;
}

async function copyChunk(
  ports: MessagePorts,
  handOver: HandOver,
  { target }: Pair,
  entries: readonly Entry[],
): Promise<'done' | 'lost'> {
  const { from, to } = handOver;
  const uids = entries.map(({ message }) => message.uid);
  const there = uids.length === 0 ? [] : await readEntries(ports.rows, target, uids, 0);
  const known = new Set(there.map(({ message }) => message.uid));
  const missing = entries.filter(({ message }) => !known.has(message.uid));
  const copies = await inParallel(missing, PARALLEL_COPIES, ({ message }) =>
    copyBytes(ports, from, to, message),
  );
  const messages = copies.filter((copy) => copy !== undefined);
  if (messages.length < missing.length) {
    // Under the claim nothing ends, so that no message is passed over for having ended.
    await requireGoingOn(ports.rows, handOver);
    const lost = missing.find((_, index) => copies[index] === undefined);
    throw new Error(
      `object of message ${lost?.message.guid} is missing: the audit must look at it`,
    );
  }
  if (messages.length === 0) return 'done';
  const bytes = messages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const add = { messages: messages.length, bytes };
  const given = messages.map(({ uid }) => uid);
  const counting = flagCounting(target, sumFlags(messages));
  const flagged = messages.filter(({ flags }) => flags.has(DELETED)).map(({ uid }) => uid);
  if (!(await announceFlagged(ports, handOver, target, flagged))) return 'lost';
  const buckets = await arrivalWrites(ports.rows, target, given);
  const result = await ports.rows.transact([
    ...copyChecks(handOver),
    treeUpdate(to.accountId, handedOverId(handOver), { from: 'arriving', add }),
    {
      kind: 'update',
      key: dictmapKeys.mailbox(target.mailboxId),
      guard: { row: 'present', equals: { state: 'deleted' }, without: counting.without },
      // What a purge had taken of the copy lies below the bound that it has left.
      change: { add: { ...add, ...counting.add }, unset: ['firstLiveUid'] },
    },
    ...messages.map(
      (message): Write => ({
        kind: 'put',
        key: dictmapKeys.message(target.mailboxId, message.uid),
        guard: { row: 'absent' },
        attributes: toAttributes(message),
      }),
    ),
    ...buckets,
  ]);
  if (result.outcome === 'written') return 'done';
  if (result.outcome === 'refused') await requireGoingOn(ports.rows, handOver);
  return 'lost';
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
  return { ...message, blobId: newBlobId, retentionClass: newClass, versionId: copied.versionId };
}
