/**
 * The transaction of a delivery: rows of messages with the mailbox row that guards them, and what
 * the directory says of them from the same moment on.
 */
import { TRANSACTION_ITEMS } from '../../contract/limits.ts';
import { dictmapKeys } from '../../contract/row-layout.ts';
import { markOf, registration } from '../mailboxes/bucket-directory.ts';
import { deadWrites } from '../mailboxes/dead-writes.ts';
import { dropEmptyBuckets } from '../mailboxes/empty-buckets.ts';
import { flaggedWrites } from '../mailboxes/flagged-uids.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { passedInTop } from '../mailboxes/passed-over.ts';
import { dueAfterAdding, dueGuard } from '../policies/due.ts';
import type { RowStore, Write, WriteResult } from '../ports/row-store.ts';
import { DELETED, flagCounting, sumFlags } from './flag-counts.ts';
import type { Message } from './message.ts';
import { messageRowPut } from './message-rows.ts';

interface DeliveryRows {
  /** With rising UIDs, all from UIDNEXT on. */
  readonly messages: readonly Message[];
  /** What is written along. */
  readonly others: readonly Write[];
}

/**
 * One try. Marks of UIDs that are passed over go along where there is room: without them a reader
 * only asks for more. Buckets and `\Deleted`, which may be noted too early but not too late, go
 * before where the transaction has no room for them, on the same conditions on the mailbox.
 * @param mailbox as just read
 */
export async function writeDelivery(
  rows: RowStore,
  mailbox: Mailbox,
  { messages, others }: DeliveryRows,
  now: number,
): Promise<WriteResult> {
  const { mailboxId } = mailbox;
  const uids = messages.map(({ uid }) => uid);
  const { puts, set } = registration(mailbox, uids, now);
  if (puts.length > 0) await dropEmptyBuckets(rows, mailbox, 'bucket', now);
  const guard = guardWrite(mailbox, messages, now, set);
  const flagged = messages.filter(({ flags }) => flags.has(DELETED)).map(({ uid }) => uid);
  const notes = [...puts, ...(await flaggedWrites(rows, mailboxId, { add: flagged, remove: [] }))];
  const passed = passedInTop(mailbox, markOf(mailbox).top, uids);
  const marks = await deadWrites(rows, mailboxId, passed);
  const writes = [
    guard,
    ...messages.map((message) => messageRowPut(mailboxId, message)),
    ...others,
  ];
  const room = TRANSACTION_ITEMS - writes.length;
  if (notes.length + marks.length <= room) {
    return await rows.transact([...writes, ...notes, ...marks]);
  }
  if (notes.length <= room) return await rows.transact([...writes, ...notes]);
  const check: Write = { kind: 'check', key: guard.key, guard: guard.guard };
  for (let at = 0; at < notes.length; at += TRANSACTION_ITEMS - 1) {
    const some = notes.slice(at, at + TRANSACTION_ITEMS - 1);
    const noted = await rows.transact([check, ...some]);
    if (noted.outcome !== 'written') return noted;
  }
  return await rows.transact(writes);
}

function guardWrite(
  mailbox: Mailbox,
  messages: readonly Message[],
  now: number,
  mark: Record<string, number>,
): Extract<Write, { kind: 'update' }> {
  const bytes = messages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const last = messages.at(-1)?.uid ?? 0;
  const { uidValidity, uidNext } = mailbox;
  const { equals, without } = dueGuard(mailbox);
  const counting = flagCounting(mailbox, sumFlags(messages));
  return {
    kind: 'update',
    key: dictmapKeys.mailbox(mailbox.mailboxId),
    guard: {
      row: 'present',
      equals: { state: 'active', uidValidity, uidNext, ...equals },
      without: [...without, ...counting.without, 'role'],
    },
    change: {
      set: { uidNext: last + 1, ...mark, ...dueAfterAdding(mailbox, messages.length, now) },
      add: { messages: messages.length, bytes, ...counting.add },
    },
  };
}
