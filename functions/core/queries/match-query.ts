/** Whether a query holds of a message, and in which mailboxes it can. */

import type { Envelope } from '../messages/envelope.ts';
import { matchesPattern } from '../names/mailbox-pattern.ts';
import type { Condition, MailQuery } from './query.ts';

/** What a query looks at, of a live message or of one in the expunge storage. */
export interface Candidate {
  /** Epoch milliseconds; in the expunge storage, of the expunge. */
  readonly saveDate: number;
  readonly internalDate: number;
  readonly envelope: Pick<Envelope, 'subject' | 'from' | 'to' | 'sentAt'>;
  /** The folder it was expunged from. */
  readonly origin?: string;
  /** Epoch milliseconds. */
  readonly expungedAt?: number;
}

/** @param path of the mailbox that shows the message */
export function matches(query: MailQuery, message: Candidate, path: string): boolean {
  return query.conditions.every((condition) => holds(condition, message, path));
}

function holds(condition: Condition, message: Candidate, path: string): boolean {
  switch (condition.kind) {
    case 'mailbox':
      return matchesName(condition, path);
    case 'origin':
      return message.origin !== undefined && matchesName(condition, message.origin);
    case 'text':
      return message.envelope[condition.field].toLowerCase().includes(condition.contains);
    case 'time': {
      const time =
        condition.field === 'sentAt' ? message.envelope.sentAt : message[condition.field];
      // What has no such time was neither before nor since.
      if (time === undefined) return false;
      const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = condition;
      return time >= from && time < to;
    }
    case 'not':
      return !matches(condition.query, message, path);
    case 'or':
      return condition.queries.some((query) => matches(query, message, path));
  }
}

function matchesName(
  condition: { readonly name: string; readonly wild: boolean },
  path: string,
): boolean {
  return condition.wild ? matchesPattern(condition.name, path) : condition.name === path;
}

/** Of all messages of a mailbox together: each of them, none of them, or it depends. */
type Outlook = 'all' | 'none' | 'some';

/** Whether a query can hold of any message of a mailbox. */
export const canMatch = (query: MailQuery, path: string): boolean =>
  outlook(query, path) !== 'none';

function outlook({ conditions }: MailQuery, path: string): Outlook {
  const outlooks = conditions.map((condition) => outlookOf(condition, path));
  if (outlooks.includes('none')) return 'none';
  return outlooks.includes('some') ? 'some' : 'all';
}

function outlookOf(condition: Condition, path: string): Outlook {
  if (condition.kind === 'mailbox') return matchesName(condition, path) ? 'all' : 'none';
  if (condition.kind === 'not') {
    const inner = outlook(condition.query, path);
    if (inner === 'some') return 'some';
    return inner === 'all' ? 'none' : 'all';
  }
  if (condition.kind !== 'or') return 'some';
  const inner = condition.queries.map((query) => outlook(query, path));
  if (inner.includes('all')) return 'all';
  return inner.includes('some') ? 'some' : 'none';
}
