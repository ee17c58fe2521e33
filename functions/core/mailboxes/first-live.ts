/** The bound below which nothing lives: who has passed over a dead prefix spares others the way. */
import { dictmapKeys } from '../../contract/row-layout.ts';
import type { RowStore } from '../ports/row-store.ts';
import type { Mailbox } from './mailboxes.ts';

/**
 * Says that no live message has a lower UID, and none will: UIDs rise. So it holds whatever comes,
 * and is written on no condition but that the mailbox is what it was.
 * @param mailbox as read before its messages were
 * @param uid everything below it was looked at and does not live; at most UIDNEXT counts
 */
export async function raiseFirstLive(rows: RowStore, mailbox: Mailbox, uid: number): Promise<void> {
  const { mailboxId, role, state, treeId, uidNext, firstLiveUid = 1 } = mailbox;
  const bound = Math.min(uid, uidNext);
  // What a storage shows are rows of other mailboxes.
  if (role === 'storage' || bound <= firstLiveUid) return;
  const tree = treeId === undefined ? {} : { treeId };
  await rows.write({
    kind: 'update',
    key: dictmapKeys.mailbox(mailboxId),
    guard: { row: 'present', equals: { state, ...tree } },
    change: { set: { firstLiveUid: bound } },
  });
}
