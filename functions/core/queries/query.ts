/** A query once it is understood: what must hold of a message, with all times as moments. */
import { ERROR_NAMES } from '../../contract/error-names.ts';
import { LetheError } from '../errors.ts';

/** Texts of a message that a query can look into. */
export type TextField = 'subject' | 'from' | 'to' | 'cc' | 'recipient' | 'messageId';
/** Times of a message that a query can look at. */
export type TimeField = 'saveDate' | 'internalDate' | 'sentAt' | 'expungedAt';

/** All conditions must hold; none means every message. */
export interface MailQuery {
  readonly conditions: readonly Condition[];
}

export type Condition =
  /** A name, or a pattern where `wild`. */
  | { readonly kind: 'mailbox'; readonly name: string; readonly wild: boolean }
  /** The folder that a message was expunged from. */
  | { readonly kind: 'origin'; readonly name: string; readonly wild: boolean }
  /** In lower case, to be found anywhere in the text. */
  | { readonly kind: 'text'; readonly field: TextField; readonly contains: string }
  /** Epoch milliseconds: from (included) to (excluded). */
  | {
      readonly kind: 'time';
      readonly field: TimeField;
      readonly from?: number;
      readonly to?: number;
    }
  /** A flag, or a keyword, without regard to case. */
  | { readonly kind: 'mark'; readonly field: 'flags' | 'keywords'; readonly name: string }
  /** Bytes: more than, or fewer than. */
  | { readonly kind: 'size'; readonly above?: number; readonly below?: number }
  | { readonly kind: 'not'; readonly query: MailQuery }
  | { readonly kind: 'or'; readonly queries: readonly MailQuery[] };

export function invalidQuery(member: string, message: string): LetheError {
  return new LetheError(
    ERROR_NAMES.invalidQuery,
    `${member}: ${message}`,
    'Correct the query and send it again; nothing was changed.',
  );
}

/**
 * A query that changes something must say where, in every branch: a forgotten mailbox must not
 * mean all of them.
 * @throws QueryLacksMailboxError
 */
export function requireMailboxes(query: MailQuery): void {
  if (namesMailboxes(query)) return;
  throw new LetheError(
    ERROR_NAMES.queryLacksMailbox,
    'the query does not name a mailbox in every branch',
    'Add `mailbox` to the query, or to each member of `or`; `*` means all that are listed.',
  );
}

function namesMailboxes({ conditions }: MailQuery): boolean {
  return conditions.some(
    (condition) =>
      condition.kind === 'mailbox' ||
      (condition.kind === 'or' && condition.queries.every(namesMailboxes)),
  );
}
