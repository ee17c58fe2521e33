/** Queries for messages, as requests bring them. Times are ISO 8601 in UTC. */

/** What can be looked for in a message; texts anywhere in theirs. */
interface ContentQuery {
  readonly subject?: string;
  readonly from?: string;
  readonly to?: string;
  readonly cc?: string;
  /** Whoever gets it: `To`, `Cc`. */
  readonly recipient?: string;
  readonly messageId?: string;
  /** A system flag such as `\\Flagged`. */
  readonly flag?: string;
  readonly keyword?: string;
  /** Bytes: more than, fewer than. */
  readonly larger?: number;
  readonly smaller?: number;
}

/** All members must hold. `before` means earlier than, `since` that time or later. */
export interface MessageQuery extends ContentQuery {
  /** A name or a pattern; a query that changes something has one in every branch. */
  readonly mailbox?: string;
  readonly all?: true;
  readonly savedBefore?: QueryTime;
  readonly savedSince?: QueryTime;
  /** The UTC day of that time. */
  readonly savedOn?: QueryTime;
  /** Internal date. */
  readonly before?: QueryTime;
  readonly since?: QueryTime;
  /** The `Date` header. */
  readonly sentBefore?: QueryTime;
  /** Internal date at least so long ago, or less than so long ago. */
  readonly olderSeconds?: number;
  readonly youngerSeconds?: number;
  readonly not?: MessageQuery;
  readonly or?: readonly MessageQuery[];
}

/** What is looked for among expunged messages; all members must hold. */
export interface RestoreQuery extends ContentQuery {
  /** The folder that a message was expunged from. */
  readonly origin?: string;
  readonly expungedSince?: QueryTime;
  readonly expungedBefore?: QueryTime;
  readonly since?: QueryTime;
  readonly before?: QueryTime;
}

/** A moment: so many seconds ago, the UTC midnight that began the day so many days ago, or a time. */
type QueryTime =
  | { readonly secondsAgo: number }
  | { readonly calendarDaysAgo: number }
  | { readonly at: string };
