/**
 * Bodies of a delivery that lost: two imports at once, or two tries of one request, each store the
 * bytes, and only one of them gets the rows. Nobody else would ever name what the other stored.
 */

import { TRANSACTION_ITEMS } from '../../contract/limits.ts';
import { bucketOf, dictmapKeys, messagePartition, ROW_VERSION } from '../../contract/row-layout.ts';
import { activeCheck } from '../accounts/while-active.ts';
import type { Guard, RowStore, Write } from '../ports/row-store.ts';
import { text } from '../rows/attributes.ts';
import { readUids } from './entries.ts';
import type { Message } from './message.ts';

/** Where the rows would be, if this delivery had won after all. */
interface Landing {
  readonly accountId: string;
  readonly mailboxId: string;
  readonly uids: readonly number[];
}

type Body = Pick<Message, 'blobId' | 'retentionClass' | 'versionId' | 'sizeBytes'>;

/** Of each body two items: the row that would name it, and that of the blob; and the account. */
const BODIES_AT_ONCE = Math.floor((TRANSACTION_ITEMS - 1) / 2);

/**
 * Lets S3 remove them: a row for each says that its bytes have to go, and the stream wakes what
 * follows it. Only where the rows show that it lost: the UIDs lie below UIDNEXT, so that no row of
 * this delivery can come any more, and those that are there name other bytes. An answer of the store
 * that was lost on the way is then found as what it was (W1). Each row is checked again in the
 * transaction: a read may show one row of a transaction and not yet another.
 * @returns whether they were lost; else they are in use, or too little is known
 */
export async function discardBodies(
  rows: RowStore,
  { accountId, mailboxId, uids }: Landing,
  bodies: readonly Body[],
): Promise<boolean> {
  if (uids.length !== bodies.length) return false;
  const blobIds = new Map<number, string>();
  for (const [bucket, members] of Map.groupBy(uids, bucketOf)) {
    const source = { table: 'dictmap', pk: messagePartition(mailboxId, bucket) } as const;
    for (const row of await readUids(rows, source, members)) {
      blobIds.set(Number(row.key.sk), text(row, 'blobId'));
    }
  }
  const there = new Set(uids.map((uid) => blobIds.get(uid)));
  if (bodies.some(({ blobId }) => there.has(blobId))) return false;
  const writes = bodies.map((body, index) => {
    const uid = uids[index] ?? 0;
    const other = blobIds.get(uid);
    const guard: Guard =
      other === undefined ? { row: 'absent' } : { row: 'present', equals: { blobId: other } };
    const check: Write = { kind: 'check', key: dictmapKeys.message(mailboxId, uid), guard };
    return [check, goingBlob(accountId, body)];
  });
  for (let at = 0; at < writes.length; at += BODIES_AT_ONCE) {
    const some = writes.slice(at, at + BODIES_AT_ONCE);
    // Behind the fence of an erasure nothing is written: it looks for the bytes itself (X3).
    const result = await rows.transact([activeCheck(accountId), ...some.flat()]);
    if (result.outcome !== 'written') return false;
  }
  return true;
}

function goingBlob(accountId: string, body: Body): Write {
  const { blobId, retentionClass, versionId, sizeBytes } = body;
  return {
    kind: 'put',
    key: dictmapKeys.blob(accountId, blobId),
    guard: { row: 'absent' },
    attributes: {
      v: ROW_VERSION,
      type: 'blob',
      state: 'purging',
      blobId,
      class: retentionClass,
      versionId,
      size: sizeBytes,
      revision: 1,
    },
  };
}
