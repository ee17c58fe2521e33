/** The bound below which nothing lives: who has passed over a dead prefix spares others the way. */
import { dictmapKeys } from '../../contract/row-layout.ts';
import type { RowStore, Write } from '../ports/row-store.ts';
import type { Mailbox } from './mailbox.ts';

/**
 * Says that no live message has a lower UID, and none will: UIDs rise. So it holds whatever comes,
 * and is written on no condition but that the mailbox is what it was. Only a copy from another
 * account brings lower UIDs (folders/copy-mail.ts): it takes the bound away, and whoever works
 * where one may come names a condition that ends before it comes.
 * @param mailbox as read before its messages were
 * @param uid everything below it was looked at and does not live; at most UIDNEXT counts
 * @param conditions checks that have to hold as well
 */
export async function raiseFirstLive(
  rows: RowStore,
  mailbox: Mailbox,
  uid: number,
  conditions: readonly Write[] = [],
): Promise<void> {
  const { mailboxId, role, state, treeId, uidNext, firstLiveUid = 1 } = mailbox;
  const bound = Math.min(uid, uidNext);
  // What a storage shows are rows of other mailboxes.
  if (role === 'storage' || bound <= firstLiveUid) return;
  const tree = treeId === undefined ? {} : { treeId };
  const raise: Write = {
    kind: 'update',
    key: dictmapKeys.mailbox(mailboxId),
    guard: { row: 'present', equals: { state, ...tree } },
    change: { set: { firstLiveUid: bound } },
  };
  if (conditions.length === 0) await rows.write(raise);
  else await rows.transact([...conditions, raise]);
}
