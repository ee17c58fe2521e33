/** Whether a query holds of a message, and in which mailboxes it can. */
import { domainToUnicode } from 'node:url';
import type { Entry } from '../messages/entries.ts';
import type { Envelope } from '../messages/envelope.ts';
import { matchesPattern } from '../names/mailbox-pattern.ts';
import type { Condition, MailQuery, TextField } from './query.ts';

/** What a query looks at, of a live message or of one in the expunge storage. */
export interface Candidate {
  /** Epoch milliseconds; in the expunge storage, of the expunge. */
  readonly saveDate: number;
  readonly internalDate: number;
  readonly envelope: Omit<Envelope, 'attachments'>;
  readonly flags: ReadonlySet<string>;
  readonly keywords: ReadonlySet<string>;
  readonly sizeBytes: number;
  /** The folder it was expunged from. */
  readonly origin?: string;
  /** Epoch milliseconds. */
  readonly expungedAt?: number;
}

/**
 * `unknown` where the row does not hold enough to say. It never selects a message, and `not` does
 * not turn it around: what a query may mean to spare is not destroyed (W5).
 */
export type QueryVerdict = 'yes' | 'no' | 'unknown';

/** @param path of the mailbox that shows the message */
export function judgeMessage(query: MailQuery, message: Candidate, path: string): QueryVerdict {
  return allOf(query.conditions.map((condition) => judgeOne(condition, message, path)));
}

/** The same of what a mailbox shows, expunged or not. */
export function judgeEntry(query: MailQuery, entry: Entry, path: string): QueryVerdict {
  const { message, expunged } = entry;
  const { origin, expungedAt } = expunged ?? {};
  const candidate = {
    ...message,
    ...(origin === undefined ? {} : { origin }),
    ...(expungedAt === undefined ? {} : { expungedAt }),
  };
  return judgeMessage(query, candidate, path);
}

function judgeOne(condition: Condition, message: Candidate, path: string): QueryVerdict {
  switch (condition.kind) {
    case 'mailbox':
      return verdictOf(matchesName(condition, path));
    case 'origin':
      return verdictOf(message.origin !== undefined && matchesName(condition, message.origin));
    case 'text':
      return judgeText(condition, message.envelope);
    case 'mark':
      return verdictOf(
        [...message[condition.field]].some((one) => isSameMark(one, condition.name)),
      );
    case 'size': {
      const { above = -1, below = Number.POSITIVE_INFINITY } = condition;
      return verdictOf(message.sizeBytes > above && message.sizeBytes < below);
    }
    case 'time': {
      const isSent = condition.field === 'sentAt';
      const time = isSent ? message.envelope.sentAt : message[condition.field];
      // A `Date` header that nobody can read may mean any time; what was never expunged has none.
      if (time === undefined) return isSent ? 'unknown' : 'no';
      const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = condition;
      return verdictOf(time >= from && time < to);
    }
    case 'not':
      return opposite(judgeMessage(condition.query, message, path));
    case 'or': {
      const verdicts = condition.queries.map((query) => judgeMessage(query, message, path));
      return opposite(allOf(verdicts.map(opposite)));
    }
  }
}

const verdictOf = (holds: boolean): QueryVerdict => (holds ? 'yes' : 'no');

function allOf(verdicts: readonly QueryVerdict[]): QueryVerdict {
  if (verdicts.includes('no')) return 'no';
  return verdicts.includes('unknown') ? 'unknown' : 'yes';
}

function opposite(verdict: QueryVerdict): QueryVerdict {
  if (verdict === 'unknown') return 'unknown';
  return verdict === 'yes' ? 'no' : 'yes';
}

/** Keywords differ only by more than the case of letters (RFC 9051, 2.3.2). */
const isSameMark = (one: string, other: string): boolean =>
  one.toLowerCase() === other.toLowerCase();

type Texts = Candidate['envelope'];

interface Looking {
  /** Where what is looked for is found for certain. */
  readonly in: (texts: Texts) => string;
  /** Where a person may have meant it as well; with one of the letters it is all there is. */
  readonly around: (texts: Texts) => string;
  readonly letters: string;
}

const only = (field: 'subject' | 'from' | 'messageId', letters: string): Looking => ({
  in: (texts) => texts[field],
  around: (texts) => texts[field],
  letters,
});

const recipients = ({ to, cc = '' }: Texts): string => `${to}\n${cc}`;

const LOOKING: Readonly<Record<TextField, Looking>> = {
  subject: only('subject', 's'),
  from: only('from', 'f'),
  messageId: only('messageId', 'i'),
  to: { in: ({ to }) => to, around: recipients, letters: 'tr' },
  cc: { in: ({ cc = '' }) => cc, around: recipients, letters: 'tr' },
  recipient: { in: recipients, around: recipients, letters: 'tr' },
};

function judgeText(
  { field, contains }: Extract<Condition, { kind: 'text' }>,
  envelope: Texts,
): QueryVerdict {
  const { in: within, around, letters } = LOOKING[field];
  const text = within(envelope);
  if (folded(text).includes(folded(contains))) return 'yes';
  const hasHosts = field !== 'subject' && field !== 'messageId';
  if (hasHosts && folded(readableHosts(text)).includes(folded(contains))) return 'yes';
  const isKnown = [...letters].some((letter) => envelope.whole?.includes(letter));
  // Alike for a person, who may have typed the one and meant the other.
  const isNear = blurred(around(envelope)).includes(blurred(contains));
  return isKnown && !isNear ? 'no' : 'unknown';
}

/**
 * One form of what Unicode can write in several ways, and of large and small letters, without what
 * nobody sees (soft hyphens, joiners, marks of direction).
 */
const folded = (text: string): string =>
  text
    .normalize('NFC')
    .replaceAll(/[\p{Cf}\p{DI}]+/gu, '')
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFC');

/** Without accents and compatibility forms, with one kind of hyphen and of quotation mark. */
const blurred = (text: string): string =>
  plain(folded(plain(text)))
    .replaceAll(/[\p{Pd}\u2043\u2212]/gu, '-')
    .replaceAll(/[\p{Pi}\p{Pf}"`\u00b4\u02b9-\u02bf\u201a\u201e\u2032-\u2037]/gu, "'")
    .replaceAll(/[đħıłøŧæœðþ]/gu, (letter) => PLAIN_LETTERS[letter] ?? letter);

const plain = (text: string): string => text.normalize('NFKD').replaceAll(/\p{M}/gu, '');

/** Letters that Unicode does not take for others with a mark, though people type them so. */
const PLAIN_LETTERS: Readonly<Record<string, string>> = {
  đ: 'd',
  ħ: 'h',
  ı: 'i',
  ł: 'l',
  ø: 'o',
  ŧ: 't',
  æ: 'ae',
  œ: 'oe',
  ð: 'd',
  þ: 'th',
};

/** Internationalised hosts as people write them. */
const readableHosts = (text: string): string =>
  text.replaceAll(/[a-z0-9.-]*xn--[a-z0-9.-]+/gi, (host) => domainToUnicode(host) || host);

/** Whether a name is the one that is meant, or one that the pattern is for. */
export function matchesName(
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
