/**
 * A mailbox row outlives its mailbox as a hidden shell: expunged mail and tombstones lie in its
 * partitions until their own time ends, and only the row says that there are such partitions
 * (design, section 3). A sweep removes it once they are empty.
 */
import { dictmapKeys } from '../../contract/row-layout.ts';
import { DAY_MS } from '../../contract/times.ts';
import { LISTINGS, markOf } from '../mailboxes/bucket-directory.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { entryAt } from '../policies/due.ts';
import type { Write } from '../ports/row-store.ts';

/** Tombstones last a day, and DynamoDB's TTL takes some days more. */
export const SHELL_LOOK_MS = 3 * DAY_MS;

/** What only a mailbox has that is there; whom its ACL names has to be told when the shell goes. */
const DROPPED_BY_SHELLS = [
  'treeId',
  'specialUse',
  'renamedAt',
  'autoexpungeAfterSeconds',
  'autoexpungeMaxMails',
] as const;

/**
 * The write that ends a mailbox, on condition that it is as it was read and counts no message.
 * One that never gave a UID to a message, and no right to anybody, has no rows in any partition: it
 * leaves nothing at all.
 * @param mailbox as read after its last live row went
 * @param now epoch milliseconds
 */
export function leaveShell(mailbox: Mailbox, now: number): Write {
  const { mailboxId, state, path, uidNext, treeId, acl = {} } = mailbox;
  const key = dictmapKeys.mailbox(mailboxId);
  const tree = treeId === undefined ? {} : { treeId };
  const guard = {
    row: 'present',
    equals: { state, path, uidNext, messages: 0, ...tree },
  } as const;
  const isUnused = LISTINGS.every((listing) => markOf(mailbox, listing).top < 0);
  if (isUnused && Object.keys(acl).length === 0) return { kind: 'remove', key, guard };
  const set = { state: 'shell', ...entryAt(mailboxId, now + SHELL_LOOK_MS) };
  return { kind: 'update', key, guard, change: { set, unset: DROPPED_BY_SHELLS } };
}
