/** Understanding queries, before anything is looked at or changed. */

import { SYSTEM_FLAGS } from '../../contract/flags.ts';
import { KEYWORD } from '../../contract/limits.ts';
import { isPattern, literalName } from '../../contract/mailbox-names.ts';
import type { MessageQuery, RestoreQuery } from '../../contract/query-api.ts';
import type { CONTENT_TERMS } from '../../contract/query-descriptions.ts';
import { InvalidInputError, quoted } from '../errors.ts';
import { normalFlag } from '../messages/flags.ts';
import { parseMailboxPath } from '../names/mailbox-path.ts';
import {
  type Condition,
  invalidQuery,
  type MailQuery,
  type TextField,
  type TimeField,
} from './query.ts';
import { dayOfMoment, parseQueryTime, parseSeconds } from './query-time.ts';

/** Nobody writes more by hand, and a body of megabytes must not become as many conditions. */
const CONDITIONS_MAX = 200;
const DEPTH_MAX = 16;

/** RFC 5322 allows header lines of 998 characters; nothing longer can be found in one. */
const TEXT_LENGTH_MAX = 998;

interface Parsing {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly members: Members;
  readonly depth: number;
  readonly count: { conditions: number };
}

/** How a member of a query becomes conditions. */
type MemberParser = (name: string, value: unknown, parsing: Parsing) => readonly Condition[];
type Members = ReadonlyMap<string, MemberParser>;
/** Each member of a query has a parser, and nothing else does. */
type MembersOf<T> = { readonly [N in keyof T]: MemberParser };

const membersOf = (parsers: Readonly<Record<string, MemberParser>>): Members =>
  new Map(Object.entries(parsers));

const textMember =
  (field: TextField): MemberParser =>
  (name, value) => [{ kind: 'text', field, contains: parseText(name, value).toLowerCase() }];

const before =
  (field: TimeField): MemberParser =>
  (name, value, { now }) => [{ kind: 'time', field, to: parseQueryTime(name, value, now) }];

const since =
  (field: TimeField): MemberParser =>
  (name, value, { now }) => [{ kind: 'time', field, from: parseQueryTime(name, value, now) }];

const namedMember =
  (kind: 'mailbox' | 'origin'): MemberParser =>
  (name, value) => [{ kind, ...parseName(name, value) }];

/** What a human looks for in a message, expunged or not. */
const CONTENT_MEMBERS: MembersOf<typeof CONTENT_TERMS> = {
  subject: textMember('subject'),
  from: textMember('from'),
  to: textMember('to'),
  cc: textMember('cc'),
  recipient: textMember('recipient'),
  messageId: textMember('messageId'),
  flag: (name, value) => [{ kind: 'mark', field: 'flags', name: parseFlag(name, value) }],
  keyword: (name, value) => [{ kind: 'mark', field: 'keywords', name: parseKeyword(name, value) }],
  larger: (name, value) => [{ kind: 'size', above: parseBytes(name, value) }],
  smaller: (name, value) => [{ kind: 'size', below: parseBytes(name, value) }],
};

/** Members of a MessageQuery (contract/mail-api.ts). */
const MESSAGE_MEMBERS: MembersOf<Required<MessageQuery>> = {
  mailbox: namedMember('mailbox'),
  ...CONTENT_MEMBERS,
  all: (name, value) => requireTrue(name, value),
  savedBefore: before('saveDate'),
  savedSince: since('saveDate'),
  savedOn: (name, value, { now }) => [
    { kind: 'time', field: 'saveDate', ...dayOfMoment(parseQueryTime(name, value, now)) },
  ],
  before: before('internalDate'),
  since: since('internalDate'),
  sentBefore: before('sentAt'),
  olderSeconds: // At least so old, to the millisecond: the first moment that is younger is excluded.
    (name, value, { now }) => [
      { kind: 'time', field: 'internalDate', to: now - parseSeconds(name, value) * 1000 + 1 },
    ],
  youngerSeconds: (name, value, { now }) => [
    { kind: 'time', field: 'internalDate', from: now - parseSeconds(name, value) * 1000 + 1 },
  ],
  not: (name, value, parsing) => [{ kind: 'not', query: parse(name, value, deeper(parsing)) }],
  or: (name, value, parsing) => [{ kind: 'or', queries: parseList(name, value, parsing) }],
};

/** Members of a RestoreQuery. */
const RESTORE_MEMBERS: MembersOf<Required<RestoreQuery>> = {
  origin: namedMember('origin'),
  ...CONTENT_MEMBERS,
  expungedBefore: before('expungedAt'),
  expungedSince: since('expungedAt'),
  before: before('internalDate'),
  since: since('internalDate'),
};

/**
 * @param value a MessageQuery, as it came
 * @param now epoch milliseconds, from which `secondsAgo` counts
 * @throws InvalidQueryError naming the member
 */
export function parseMessageQuery(value: unknown, now: number): MailQuery {
  return parse('query', value, start(membersOf(MESSAGE_MEMBERS), now));
}

/**
 * @param value a RestoreQuery, as it came
 * @param now epoch milliseconds, from which `secondsAgo` counts
 * @throws InvalidQueryError naming the member
 */
export function parseRestoreQuery(value: unknown, now: number): MailQuery {
  return parse('query', value, start(membersOf(RESTORE_MEMBERS), now));
}

const start = (members: Members, now: number): Parsing => ({
  now,
  members,
  depth: 1,
  count: { conditions: 0 },
});

const deeper = (parsing: Parsing): Parsing => ({ ...parsing, depth: parsing.depth + 1 });

function parse(where: string, value: unknown, parsing: Parsing): MailQuery {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidQuery(where, `got ${quoted(value)}, allowed is an object`);
  }
  if (parsing.depth > DEPTH_MAX) {
    throw invalidQuery(where, `queries in queries, allowed are ${DEPTH_MAX} levels`);
  }
  const conditions = Object.entries(value).flatMap(([name, given]) => {
    const member = parsing.members.get(name);
    if (member === undefined) {
      const allowed = [...parsing.members.keys()].join(', ');
      throw invalidQuery(
        `${where}.${quoted(name).slice(1, -1)}`,
        `unknown, allowed are ${allowed}`,
      );
    }
    parsing.count.conditions += 1;
    if (parsing.count.conditions > CONDITIONS_MAX) {
      throw invalidQuery(where, `more than the ${CONDITIONS_MAX} conditions allowed`);
    }
    return member(`${where}.${name}`, given, parsing);
  });
  return { conditions };
}

function parseList(name: string, value: unknown, parsing: Parsing): readonly MailQuery[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > CONDITIONS_MAX) {
    throw invalidQuery(
      name,
      `got ${quoted(value)}, allowed is a list of 1 to ${CONDITIONS_MAX} queries`,
    );
  }
  return value.map((query, index) => parse(`${name}[${index}]`, query, deeper(parsing)));
}

function parseText(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= TEXT_LENGTH_MAX) return value;
  throw invalidQuery(
    name,
    `got ${quoted(value)}, allowed is a text of 1 to ${TEXT_LENGTH_MAX} characters`,
  );
}

/** What cannot be a keyword is on no message, and `not` of it would mean all of them. */
function parseKeyword(name: string, value: unknown): string {
  if (typeof value === 'string' && KEYWORD.test(value)) return value;
  throw invalidQuery(
    name,
    `got ${quoted(value)}, allowed is a keyword of 1 to 100 characters without spaces; a word with a backslash is flag`,
  );
}

function parseFlag(name: string, value: unknown): string {
  const found = typeof value === 'string' ? normalFlag(value) : undefined;
  if (found !== undefined) return found;
  throw invalidQuery(
    name,
    `got ${quoted(value)}, allowed are ${SYSTEM_FLAGS.join(' ')}; a keyword is keyword`,
  );
}

function parseBytes(name: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  throw invalidQuery(name, `got ${quoted(value)}, allowed is a whole number of bytes`);
}

function parseName(
  name: string,
  value: unknown,
): { readonly name: string; readonly wild: boolean } {
  if (typeof value === 'string' && isPattern(value)) {
    // A pattern need not be a path: `*` and `%/` are none.
    const pattern = parseText(name, value).normalize('NFC');
    return { name: pattern.replace(/^inbox(?=\/|$)/i, 'INBOX'), wild: true };
  }
  try {
    const path = typeof value === 'string' ? literalName(value) : value;
    return { name: parseMailboxPath(name, path), wild: false };
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    const [{ message } = { message: error.message }] = error.problems;
    throw invalidQuery(name, message);
  }
}

function requireTrue(name: string, value: unknown): readonly Condition[] {
  if (value === true) return [];
  throw invalidQuery(name, `got ${quoted(value)}, allowed is true`);
}
