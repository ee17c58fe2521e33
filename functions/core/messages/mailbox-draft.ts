/** What a chunk does to one mailbox: UIDs given, counts, buckets that come into use. */
import { dictmapKeys } from '../../contract/row-layout.ts';
import {
  LISTINGS,
  type Listing,
  type Registration,
  registration,
} from '../mailboxes/bucket-directory.ts';
import type { Mailbox } from '../mailboxes/mailbox.ts';
import { dueAfterAdding, dueGuard } from '../policies/due.ts';
import type { Write } from '../ports/row-store.ts';
import { type FlagCounts, flagCounting, NO_FLAGS } from './flag-counts.ts';
import type { Message } from './message.ts';

/** What of flags and keywords comes along into a mailbox. */
export type KeptMarks = <M extends Pick<Message, 'flags' | 'keywords'>>(
  target: Mailbox,
  message: M,
) => M;

export interface MailboxDraft {
  readonly mailbox: Mailbox;
  /** Whether it must still have its name: it was chosen by that. */
  named: boolean;
  uidNext: number;
  messages: number;
  bytes: number;
  flags: FlagCounts;
  readonly flagged: { readonly add: number[]; readonly remove: number[] };
  /** Messages that came, whatever left: what autoexpunge has to look at. */
  added: number;
  /** UIDs given to rows, and to places in the view of a storage. */
  readonly given: Readonly<Record<Listing, number[]>>;
}

export function draftOf(mailbox: Mailbox): MailboxDraft {
  const given = { bucket: [], lazy: [] };
  const flagged = { add: [], remove: [] };
  const counts = { messages: 0, bytes: 0, flags: NO_FLAGS };
  return { mailbox, named: false, uidNext: mailbox.uidNext, ...counts, flagged, added: 0, given };
}

/**
 * Of the buckets that the UIDs given are the first of: UIDNEXT guards them. The listing that gets none
 * is marked as well: without its mark, all buckets below UIDNEXT would count as in use.
 */
export function registrationsOf(
  { mailbox, uidNext, given }: MailboxDraft,
  now: number,
): (Registration & { readonly listing: Listing })[] {
  if (uidNext === mailbox.uidNext) return [];
  return LISTINGS.map((listing) => ({
    listing,
    ...registration(mailbox, given[listing], now, listing),
  }));
}

/** UIDNEXT guards what gets UIDs: they appear in order (design, section 3). */
export function mailboxWrite(draft: MailboxDraft, now: number): Write {
  const { mailbox, uidNext, messages, bytes, added } = draft;
  const counting = flagCounting(mailbox, draft.flags);
  const gave = uidNext !== mailbox.uidNext;
  const set = {
    ...(gave ? { uidNext } : {}),
    ...Object.assign({}, ...registrationsOf(draft, now).map((one) => one.set)),
    ...(gave ? dueAfterAdding(mailbox, added, now) : undefined),
  };
  const { equals, without } = dueGuard(mailbox);
  const { state, path, role } = mailbox;
  // What became the storage meanwhile takes in mail by expunges only, and none that is live (DEV-04).
  const same = { state, ...(role === undefined ? {} : { role }), ...(draft.named ? { path } : {}) };
  const noRole = role === undefined ? ['role'] : [];
  const guard = gave
    ? ({
        row: 'present',
        equals: { ...same, uidNext: mailbox.uidNext, ...equals },
        without: [...without, ...counting.without, ...noRole],
      } as const)
    : ({ row: 'present', equals: same, without: [...counting.without, ...noRole] } as const);
  const key = dictmapKeys.mailbox(mailbox.mailboxId);
  const isCounted = messages !== 0 || bytes !== 0 || Object.keys(counting.add).length > 0;
  if (!gave && !isCounted) return { kind: 'check', key, guard };
  const add = isCounted ? { add: { messages, bytes, ...counting.add } } : {};
  return {
    kind: 'update',
    key,
    guard,
    change: { ...(Object.keys(set).length === 0 ? {} : { set }), ...add },
  };
}
