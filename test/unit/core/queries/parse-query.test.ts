import { describe, expect, test } from 'vitest';
import { ERROR_NAMES } from '../../../../functions/contract/error-names.ts';
import type { MessageQuery, RestoreQuery } from '../../../../functions/contract/query-api.ts';
import {
  parseMessageQuery,
  parseRestoreQuery,
} from '../../../../functions/core/queries/parse-query.ts';
import { requireMailboxes } from '../../../../functions/core/queries/query.ts';

const NOW = Date.parse('2026-11-22T10:00:00.500Z');

const parse = (query: unknown) => parseMessageQuery(query, NOW).conditions;

function refusal(query: unknown, read = parseMessageQuery): Error {
  try {
    read(query, NOW);
  } catch (error) {
    return error as Error;
  }
  throw new Error('the query was taken');
}

const nested = (levels: number): unknown =>
  levels === 1 ? { all: true } : { not: nested(levels - 1) };

describe('a query that can be understood', () => {
  test.each<[MessageQuery, unknown]>([
    [{}, []],
    [{ all: true }, []],
    [{ mailbox: 'inbox/A' }, [{ kind: 'mailbox', name: 'INBOX/A', wild: false }]],
    [{ mailbox: 'Inbox/*' }, [{ kind: 'mailbox', name: 'INBOX/*', wild: true }]],
    [{ mailbox: 'Inboxes*' }, [{ kind: 'mailbox', name: 'Inboxes*', wild: true }]],
    [{ mailbox: '*' }, [{ kind: 'mailbox', name: '*', wild: true }]],
    [{ mailbox: 'Gro\u0308\u00dfe' }, [{ kind: 'mailbox', name: 'Gr\u00f6\u00dfe', wild: false }]],
    [{ subject: 'X y' }, [{ kind: 'text', field: 'subject', contains: 'x y' }]],
    [
      { from: 'A', to: 'B' },
      [
        { kind: 'text', field: 'from', contains: 'a' },
        { kind: 'text', field: 'to', contains: 'b' },
      ],
    ],
    [{ flag: '\\sEEN' }, [{ kind: 'mark', field: 'flags', name: '\\Seen' }]],
    [{ keyword: 'Junk' }, [{ kind: 'mark', field: 'keywords', name: 'Junk' }]],
    [{ larger: 0 }, [{ kind: 'size', above: 0 }]],
    [{ smaller: 5 }, [{ kind: 'size', below: 5 }]],
    [{ messageId: '<A@b>' }, [{ kind: 'text', field: 'messageId', contains: '<a@b>' }]],
    [{ olderSeconds: 0 }, [{ kind: 'time', field: 'internalDate', to: NOW + 1 }]],
    [{ youngerSeconds: 10 }, [{ kind: 'time', field: 'internalDate', from: NOW - 9_999 }]],
    [{ not: { all: true } }, [{ kind: 'not', query: { conditions: [] } }]],
    [
      { or: [{ mailbox: 'A' }, {}] },
      [
        {
          kind: 'or',
          queries: [
            { conditions: [{ kind: 'mailbox', name: 'A', wild: false }] },
            { conditions: [] },
          ],
        },
      ],
    ],
  ])('L9: %j', (query, conditions) => {
    expect(parse(query)).toEqual(conditions);
  });

  const day = (text: string) => Date.parse(`${text}T00:00:00Z`);

  test.each([
    ['savedBefore', { secondsAgo: 86_400 }, { field: 'saveDate', to: NOW - 86_400_000 }],
    ['savedSince', { secondsAgo: 0 }, { field: 'saveDate', from: NOW }],
    ['savedSince', { calendarDaysAgo: 0 }, { field: 'saveDate', from: day('2026-11-22') }],
    ['before', { calendarDaysAgo: 30 }, { field: 'internalDate', to: day('2026-10-23') }],
    ['since', { at: '2026-11-22T11:00+01:00' }, { field: 'internalDate', from: NOW - 500 }],
    ['sentBefore', { at: '2026-11-22T10:00:00Z' }, { field: 'sentAt', to: NOW - 500 }],
    [
      'savedOn',
      { calendarDaysAgo: 5 },
      { field: 'saveDate', from: day('2026-11-17'), to: day('2026-11-18') },
    ],
    [
      'savedOn',
      { secondsAgo: 36_001 },
      { field: 'saveDate', from: day('2026-11-21'), to: day('2026-11-22') },
    ],
  ])('L9: %s %j', (member, time, expected) => {
    expect(parse({ [member]: time })).toEqual([{ kind: 'time', ...expected }]);
  });

  test('R: what is looked for among expunged messages', () => {
    const query: RestoreQuery = {
      origin: 'Work/%',
      subject: 'S',
      from: 'F',
      to: 'T',
      expungedSince: { secondsAgo: 10 },
      expungedBefore: { secondsAgo: 5 },
      since: { secondsAgo: 4 },
      before: { secondsAgo: 3 },
    };
    expect(parseRestoreQuery(query, NOW).conditions).toEqual([
      { kind: 'origin', name: 'Work/%', wild: true },
      { kind: 'text', field: 'subject', contains: 's' },
      { kind: 'text', field: 'from', contains: 'f' },
      { kind: 'text', field: 'to', contains: 't' },
      { kind: 'time', field: 'expungedAt', from: NOW - 10_000 },
      { kind: 'time', field: 'expungedAt', to: NOW - 5_000 },
      { kind: 'time', field: 'internalDate', from: NOW - 4_000 },
      { kind: 'time', field: 'internalDate', to: NOW - 3_000 },
    ]);
  });
});

describe('O2: a query that cannot be understood names what is wrong', () => {
  test.each<[unknown, string]>([
    [undefined, 'query'],
    [null, 'query'],
    ['mailbox INBOX', 'query'],
    [[{ all: true }], 'query'],
    [{ badkey: 'INBOX' }, 'query.badkey'],
    [{ constructor: 'INBOX' }, 'query.constructor'],
    [JSON.parse('{"__proto__": true}'), 'query.__proto__'],
    [{ origin: 'INBOX' }, 'query.origin'],
    [{ mailbox: '' }, 'query.mailbox'],
    [{ mailbox: 'a//b' }, 'query.mailbox'],
    [{ mailbox: ['INBOX'] }, 'query.mailbox'],
    [{ mailbox: null }, 'query.mailbox'],
    [{ subject: '' }, 'query.subject'],
    [{ subject: 1 }, 'query.subject'],
    [{ from: 'x'.repeat(999) }, 'query.from'],
    [{ all: false }, 'query.all'],
    [{ all: 'true' }, 'query.all'],
    [{ savedBefore: 'garbage' }, 'query.savedBefore'],
    [{ savedBefore: 86_400 }, 'query.savedBefore'],
    [{ savedBefore: null }, 'query.savedBefore'],
    [{ savedBefore: {} }, 'query.savedBefore'],
    [{ savedBefore: [] }, 'query.savedBefore'],
    [{ savedSince: { secondsAgo: '1d' } }, 'query.savedSince'],
    [{ savedSince: { secondsAgo: -1 } }, 'query.savedSince'],
    [{ savedSince: { secondsAgo: 1.5 } }, 'query.savedSince'],
    [{ savedSince: { secondsAgo: 1, calendarDaysAgo: 1 } }, 'query.savedSince'],
    [{ savedOn: { daysAgo: 1 } }, 'query.savedOn'],
    [{ before: { at: '2026-11-22' } }, 'query.before'],
    [{ before: { at: '2026-11-22T10:00:00' } }, 'query.before'],
    [{ before: { at: '2026-13-22T10:00:00Z' } }, 'query.before'],
    [{ since: { at: 0 } }, 'query.since'],
    [{ olderSeconds: '1d' }, 'query.olderSeconds'],
    [{ olderSeconds: -1 }, 'query.olderSeconds'],
    [{ youngerSeconds: { secondsAgo: 1 } }, 'query.youngerSeconds'],
    [{ not: 'x' }, 'query.not'],
    [{ not: { bad: 1 } }, 'query.not.bad'],
    [{ or: {} }, 'query.or'],
    [{ or: [] }, 'query.or'],
    [{ or: [{ all: true }, 7] }, 'query.or[1]'],
    [{ or: [{ all: true }, { or: [{ bad: 1 }] }] }, 'query.or[1].or[0].bad'],
  ])('%j', (query, member) => {
    const error = refusal(query);
    expect(error.name).toBe(ERROR_NAMES.invalidQuery);
    expect(error.message).toMatch(/allowed (is|are)/);
    expect(error.message.slice(0, member.length + 1)).toBe(`${member}:`);
  });

  test.each([
    [{ flag: 'Seen' }, 'query.flag'],
    [{ flag: 1 }, 'query.flag'],
    [{ keyword: '' }, 'query.keyword'],
    [{ keyword: '\\Seen' }, 'query.keyword'],
    [{ not: { keyword: 'a b' } }, 'query.not.keyword'],
    [{ keyword: 'x'.repeat(101) }, 'query.keyword'],
    [{ larger: -1 }, 'query.larger'],
    [{ smaller: '10M' }, 'query.smaller'],
    [{ not: { larger: 1.5 } }, 'query.not.larger'],
  ])('a value that %j does not take', (query, where) => {
    expect(refusal(query).message).toMatch(where);
  });

  test('the names of the members that there are', () => {
    expect(refusal({ bad: 1 }).message).toMatch(
      'allowed are mailbox, subject, from, to, cc, recipient, messageId, flag, keyword, larger, smaller, all, savedBefore, savedSince, savedOn, before,',
    );
    expect(refusal({ mailbox: 'x' }, parseRestoreQuery).message).toMatch('allowed are origin,');
  });

  test('O3: queries in queries without end', () => {
    expect(parse(nested(16))).toHaveLength(1);
    expect(refusal(nested(17)).message).toMatch('16 levels');
    expect(refusal(nested(5000)).name).toBe(ERROR_NAMES.invalidQuery);
  });

  test('O3: thousands of conditions', () => {
    const list = (length: number) => Array.from({ length }, () => ({ subject: 'x' }));
    expect(parse({ or: list(199) })).toHaveLength(1);
    expect(refusal({ or: list(200) }).message).toMatch('200 conditions');
    expect(refusal({ or: list(201) }).message).toMatch('1 to 200 queries');
  });
});

describe('W1: a query that changes something says where', () => {
  const check = (query: MessageQuery) => () => requireMailboxes(parseMessageQuery(query, NOW));

  test.each<MessageQuery>([
    { mailbox: 'A' },
    { mailbox: '*', all: true },
    { or: [{ mailbox: 'A' }, { mailbox: 'B', subject: 'x' }] },
    { or: [{ mailbox: 'A' }, { or: [{ mailbox: 'B' }, { mailbox: 'C' }] }] },
    { mailbox: 'A', or: [{ subject: 'x' }, { subject: 'y' }] },
  ])('%j is taken', (query) => {
    expect(check(query)).not.toThrow();
  });

  test.each<MessageQuery>([
    {},
    { all: true },
    { subject: 'w1' },
    { not: { mailbox: 'A' } },
    { or: [{ mailbox: 'Work' }, { subject: 'i1' }] },
    { or: [{ mailbox: 'A' }, { or: [{ mailbox: 'B' }, { all: true }] }] },
  ])('%j is refused', (query) => {
    expect(check(query)).toThrow(expect.objectContaining({ name: ERROR_NAMES.queryLacksMailbox }));
  });
});
