/**
 * Bodies of a delivery that lost: two imports at once, or two tries of one request, each store the
 * bytes, and only one of them gets the rows. Nobody else would ever name what the other stored.
 */

import { TRANSACTION_ITEMS } from '../../contract/limits.ts';
import { bucketOf, dictmapKeys, messagePartition, ROW_VERSION } from '../../contract/row-layout.ts';
import { activeCheck } from '../accounts/while-active.ts';
import type { RowStore, Write } from '../ports/row-store.ts';
import { readUids } from './entries.ts';
import type { Message } from './message.ts';

/** Where the rows would be, if this delivery had won after all. */
interface Landing {
  readonly accountId: string;
  readonly mailboxId: string;
  readonly uids: readonly number[];
}

type Body = Pick<Message, 'blobId' | 'retentionClass' | 'versionId' | 'sizeBytes'>;

/**
 * Lets S3 remove them: a row for each says that its bytes have to go, and the stream wakes what
 * follows it. Only where the rows show that it lost: the UIDs lie below UIDNEXT, so that no row of
 * this delivery can come any more, and those that are there name other bytes. An answer of the store
 * that was lost on the way is then found as what it was (W1).
 * @returns whether they were lost; else they are in use, or too little is known
 */
export async function discardBodies(
  rows: RowStore,
  { accountId, mailboxId, uids }: Landing,
  bodies: readonly Body[],
): Promise<boolean> {
  const own = new Set(bodies.map(({ blobId }) => blobId));
  for (const [bucket, members] of Map.groupBy(uids, bucketOf)) {
    const source = { table: 'dictmap', pk: messagePartition(mailboxId, bucket) } as const;
    for (const { attributes } of await readUids(rows, source, members)) {
      if (own.has(String(attributes['blobId']))) return false;
    }
  }
  for (let at = 0; at < bodies.length; at += TRANSACTION_ITEMS - 1) {
    const some = bodies.slice(at, at + TRANSACTION_ITEMS - 1);
    // Behind the fence of an erasure nothing is written: it looks for the bytes itself (X3).
    await rows.transact([
      activeCheck(accountId),
      ...some.map((body) => goingBlob(accountId, body)),
    ]);
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
