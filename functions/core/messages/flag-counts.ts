/** What flags a mailbox row counts: how many live messages are unseen, and how many `\Deleted`. */
import type { Mailbox } from '../mailboxes/mailbox.ts';

export interface FlagCounts {
  readonly unseen: number;
  readonly deleted: number;
}

export const NO_FLAGS: FlagCounts = { unseen: 0, deleted: 0 };

export const DELETED = '\\Deleted';

/** What one live message with these flags counts as. */
export const flagCountsOf = (flags: ReadonlySet<string>): FlagCounts => ({
  unseen: Number(!flags.has('\\Seen')),
  deleted: Number(flags.has(DELETED)),
});

export const plus = (one: FlagCounts, other: FlagCounts, sign: 1 | -1): FlagCounts => ({
  unseen: one.unseen + sign * other.unseen,
  deleted: one.deleted + sign * other.deleted,
});

export const sumFlags = (all: readonly { readonly flags: ReadonlySet<string> }[]): FlagCounts =>
  all.reduce((sum, { flags }) => plus(sum, flagCountsOf(flags), 1), NO_FLAGS);

/**
 * What is added to a mailbox row, and what must not be there for that. A row that does not count
 * flags is older than the counters: nothing is added, or a part would look like all of it.
 */
export function flagCounting(
  { unseen, deleted }: Pick<Mailbox, 'unseen' | 'deleted'>,
  counts: FlagCounts,
): { readonly add: Readonly<Record<string, number>>; readonly without: readonly string[] } {
  if (unseen === undefined || deleted === undefined) return { add: {}, without: ['unseen'] };
  return {
    add: {
      ...(counts.unseen === 0 ? {} : { unseen: counts.unseen }),
      ...(counts.deleted === 0 ? {} : { deleted: counts.deleted }),
    },
    without: [],
  };
}
