/**
 * New rows of mailboxes: all are made here, and one table says what a mailbox of another account
 * takes over.
 */
import { dictmapKeys, ROW_VERSION } from '../../contract/row-layout.ts';
import type { Attributes, Value, Write } from '../ports/row-store.ts';
import type { Mailbox } from './mailbox.ts';

/** The row of a new mailbox. */
export function mailboxPut({ others, ...fields }: Mailbox): Write {
  const attributes: Record<string, Value> = { ...others, v: ROW_VERSION, type: 'mailbox' };
  return {
    kind: 'put',
    key: dictmapKeys.mailbox(fields.mailboxId),
    guard: { row: 'absent' },
    attributes: { ...attributes, ...(fields as unknown as Attributes) },
  };
}

/** What becomes of each field when a mailbox is handed over. One without a line does not compile. */
export const MAILBOX_FATES = {
  path: 'kept',
  uidValidity: 'kept',
  uidNext: 'kept',
  specialUse: 'kept',
  others: 'kept',
  mailboxId: 'new',
  state: 'new',
  treeId: 'new',
  topBucket: 'new',
  messages: 'new',
  bytes: 'new',
  unseen: 'new',
  deleted: 'new',
  // Policies follow from the settings of the account that takes it, rights are those of its owner.
  autoexpungeAfterSeconds: 'dropped',
  autoexpungeMaxMails: 'dropped',
  dueSk: 'dropped',
  renamedAt: 'dropped',
  acl: 'dropped',
  // What an expunge storage shows lies in other mailboxes, and does not come along.
  role: 'dropped',
  // Of the rows below it, which are written anew.
  flagChanges: 'dropped',
  firstLiveUid: 'dropped',
  keptAfterUid: 'dropped',
  arrivedUid: 'dropped',
  arrivedMessages: 'dropped',
  unlistedBuckets: 'dropped',
  topLazyBucket: 'dropped',
  unlistedLazyBuckets: 'dropped',
  returnId: 'dropped',
} as const satisfies Readonly<Record<keyof Mailbox, 'kept' | 'new' | 'dropped'>>;

type HandedOverWith = {
  [F in keyof Mailbox as (typeof MAILBOX_FATES)[F] extends 'new' ? F : never]-?: Exclude<
    Mailbox[F],
    undefined
  >;
};

/** The mailbox of another account that takes the mail of this one. */
export function handedOver(source: Mailbox, given: HandedOverWith): Mailbox {
  const kept = Object.entries(source).filter(
    ([field]) => MAILBOX_FATES[field as keyof Mailbox] === 'kept',
  );
  return { ...(Object.fromEntries(kept) as unknown as Mailbox), ...given };
}
