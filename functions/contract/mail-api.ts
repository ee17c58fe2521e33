/**
 * Answers about mailboxes and messages, under `/v1/accounts/{user}` (as its owner, or
 * as the user that `?as=` names) and `/v1/admin/accounts/{user}` (as an administrator, whom no
 * ACL and no quota of the owner's stops). Times are ISO 8601 in UTC.
 */

/** `GET mailboxes?pattern=`: a placeholder is a name that only has children. */
export interface MailboxListItem {
  readonly path: string;
  readonly placeholder?: true;
  readonly hasChildren?: true;
  readonly specialUse?: string;
  /** By the owner; other users are not told. */
  readonly subscribed?: true;
}

/** `GET mailboxes/status?mailbox=` */
export interface MailboxStatusAnswer {
  readonly path: string;
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly messages: number;
  /** Missing where it is estimated. */
  readonly unseen?: number;
  readonly bytes: number;
  /** Of a large expunge storage: what has ended since midnight (UTC) still counts. */
  readonly estimated?: true;
}

/** `GET mailboxes/rights?mailbox=` */
export interface RightsAnswer {
  /** Letters of RFC 4314, in the order `lrswipkxtea`. */
  readonly rights: string;
  /** `readWrite` with any of s, w, t, e and i (SELECT's answer). */
  readonly access: 'readWrite' | 'readOnly';
}

/** `GET mailboxes/acl?mailbox=` */
export interface AclAnswer {
  /** By main address, or `anyone`; the owner's own rights are not an entry. */
  readonly entries: Readonly<Record<string, string>>;
}

export interface ChangeFlagsAnswer {
  /** UIDs that exist and for which the change was allowed. */
  readonly changed: readonly number[];
}

export interface CopyMessagesAnswer extends MoveAftermath {
  readonly uidValidity: number;
  /** UIDs that were copied, and what they are in the target, in the same order. */
  readonly uids: readonly number[];
  readonly newUids: readonly number[];
  /** In a move: UIDs that stay because their rows are damaged or too large. */
  readonly passedOver?: readonly number[];
  /** `false` when time ran out: send the rest again. */
  readonly complete: boolean;
}

/** Mail that comes back when it is asked for in time. */
export interface Recoverable {
  readonly messages: number;
  /** When the first of them ends; missing: not by themselves. */
  readonly until?: string;
  /** The storage holds so many: what is too many ends earlier. */
  readonly maxMails?: number;
  /** Of a dry run where only the last copy is kept: fewer, if there are other copies. */
  readonly atMost?: true;
  readonly by: 'messages/restore' | 'messages/unexpunge' | 'mailboxes/undelete';
}

/** Of a dry run of a move. */
export interface WouldMoveAnswer extends MoveAftermath {
  readonly dryRun: true;
  /** UIDs that would be moved. */
  readonly uids: readonly number[];
  readonly bytes: number;
  readonly complete: true;
}

/** What becomes of mail that a request ends, or would end. */
export interface Aftermath {
  readonly recoverable?: Recoverable;
  /** Of them nothing is kept, because another copy stays in the account. */
  readonly elsewhere?: number;
  /** Messages that nothing brings back. */
  readonly goneForGood?: number;
}

/** What becomes of mail that is moved; nothing is said of a copy. */
export interface MoveAftermath extends Aftermath {
  /** What a move to an ordinary mailbox leaves where expunged mail is kept, besides what it moved. */
  readonly leftBehind?: Recoverable;
  /** What came out of an expunge storage: its end there is off, it is mail like any other. */
  readonly live?: {
    readonly messages: number;
    /** When the autoexpunge of the target takes the first of them; missing: never. */
    readonly until?: string;
    /** The target holds so many: what is too many goes earlier. */
    readonly maxMails?: number;
  };
}

export interface ExpungeMessagesAnswer extends Aftermath {
  readonly dryRun?: true;
  /** Mailboxes that were empty and were deleted. */
  readonly deleted?: readonly string[];
  /** In the order in which they went. */
  readonly expunged: readonly MessageName[];
  readonly bytes: number;
  /** Mailboxes that the query's names and patterns met. */
  readonly mailboxesMatched: number;
  /** Messages of which the rows do not say whether the query means them: left alone. */
  readonly undecided?: number;
  /** What stays because its rows are damaged or too large: somebody has to look at it. */
  readonly passedOver?: readonly MessageName[];
  readonly complete: boolean;
  /** Where to go on, when not complete. */
  readonly next?: string;
}

export interface MessageName {
  readonly mailbox: string;
  readonly uid: number;
}

export interface RestoreMessagesAnswer {
  readonly dryRun?: true;
  readonly restored: readonly (MessageName & { readonly to: string; readonly newUid?: number })[];
  readonly bytes: number;
  readonly overQuota?: true;
  /** Messages of which the rows do not say whether the query means them: left alone. */
  readonly undecided?: number;
  readonly complete: boolean;
  /** Where a query goes on when it is not complete. */
  readonly next?: string;
  /**
   * Where nothing was found, and no storage is kept today: what is expunged is gone (`off`), or stays
   * where it was, for `messages/unexpunge` (`in-place`).
   */
  readonly lazyExpunge?: 'off' | 'in-place';
  /** Likewise: of the origins that the query names, those of which an expunge keeps nothing. */
  readonly excluded?: readonly string[];
}

export interface SearchAnswer {
  /** In order of mailbox and UID, the INBOX last. */
  readonly items: readonly (MessageName & { readonly subject: string })[];
  /** Of the items. */
  readonly count: number;
  /** Mailboxes that the query's names and patterns met, of those that may be read. */
  readonly mailboxesMatched: number;
  /** Messages of which the rows do not say whether the query means them: left alone. */
  readonly undecided?: number;
  /** `false` when time ran out or there are more than 5,000: `next` says where to go on. */
  readonly complete: boolean;
  readonly next?: string;
}

export interface CopyByQueryAnswer extends MoveAftermath {
  readonly done: readonly (MessageName & { readonly newUid: number })[];
  readonly mailboxesMatched: number;
  /** Messages of which the rows do not say whether the query means them: left alone. */
  readonly undecided?: number;
  readonly complete: boolean;
  /** Where to go on, when not complete. */
  readonly next?: string;
}

/** `GET quota` */
export interface QuotaAnswer {
  readonly bytes: number;
  readonly messages: number;
  /** Missing: no limit. */
  readonly limitBytes?: number;
  /** Only after a recount: what the counters were off by. */
  readonly drift?: readonly QuotaDrift[];
  /** Time ran out during a recount: pass as `cursor` to count the rest. */
  readonly next?: string;
}

export interface QuotaDrift {
  readonly mailbox: string;
  readonly messages: number;
  readonly bytes: number;
}
