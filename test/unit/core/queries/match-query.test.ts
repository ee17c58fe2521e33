import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ERROR_NAMES } from '../../../../functions/contract/error-names.ts';
import type { MessageQuery, RestoreQuery } from '../../../../functions/contract/query-api.ts';
import {
  chooseMailboxes,
  requireNamed,
} from '../../../../functions/core/queries/choose-mailboxes.ts';
import {
  type Candidate,
  canMatch,
  judgeMessage,
} from '../../../../functions/core/queries/match-query.ts';
import {
  parseMessageQuery,
  parseRestoreQuery,
} from '../../../../functions/core/queries/parse-query.ts';

const NOW = Date.parse('2026-11-22T10:00:00Z');
const ago = (seconds: number) => NOW - seconds * 1000;

const MESSAGE: Candidate = {
  saveDate: ago(3600),
  internalDate: ago(86_400),
  envelope: {
    subject: 'Hello World',
    from: 'Ann <ann@x.org>',
    to: 'bob@x.org',
    messageId: '<1.2@x.org>',
    sentAt: Date.parse('2024-02-05T10:00:00Z'),
    whole: 'ftrsi',
  },
  flags: new Set(['\\Seen', '\\Flagged']),
  keywords: new Set(['$Label1']),
  sizeBytes: 1000,
};
const EXPUNGED: Candidate = { ...MESSAGE, origin: 'Work/a', expungedAt: ago(60) };

const query = (given: MessageQuery) => parseMessageQuery(given, NOW);
const matches = (...given: Parameters<typeof judgeMessage>) => judgeMessage(...given) === 'yes';

describe('L9: a message and a query', () => {
  test.each<[MessageQuery, boolean]>([
    [{}, true],
    [{ all: true }, true],
    [{ mailbox: 'Work' }, true],
    [{ mailbox: 'work' }, false],
    [{ mailbox: 'W%' }, true],
    [{ subject: 'wORLD' }, true],
    [{ messageId: '1.2@X' }, true],
    [{ messageId: '1.3' }, false],
    [{ cc: 'bob' }, false],
    [{ recipient: 'BOB@' }, true],
    [{ recipient: 'ann' }, false],
    [{ flag: '\\seen' }, true],
    [{ flag: '\\Draft' }, false],
    [{ keyword: '$label1' }, true],
    [{ keyword: '$label' }, false],
    [{ larger: 999 }, true],
    [{ larger: 1000 }, false],
    [{ smaller: 1001 }, true],
    [{ smaller: 1000 }, false],
    [{ not: { flag: '\\Draft' } }, true],
    [{ larger: 0, smaller: 5 }, false],
    [{ subject: 'Worlds' }, false],
    [{ from: 'ANN@' }, true],
    [{ to: 'ann' }, false],
    [{ savedBefore: { secondsAgo: 3600 } }, false],
    [{ savedBefore: { secondsAgo: 3599 } }, true],
    [{ savedSince: { secondsAgo: 3600 } }, true],
    [{ savedSince: { secondsAgo: 3599 } }, false],
    [{ savedOn: { calendarDaysAgo: 0 } }, true],
    [{ savedOn: { calendarDaysAgo: 1 } }, false],
    [{ savedBefore: { calendarDaysAgo: 0 } }, false],
    [{ before: { secondsAgo: 86_400 } }, false],
    [{ before: { secondsAgo: 86_399 } }, true],
    [{ since: { secondsAgo: 86_400 } }, true],
    [{ since: { secondsAgo: 86_399 } }, false],
    [{ olderSeconds: 86_400 }, true],
    [{ olderSeconds: 86_401 }, false],
    [{ youngerSeconds: 86_400 }, false],
    [{ youngerSeconds: 86_401 }, true],
    [{ sentBefore: { at: '2024-02-05T10:00:01Z' } }, true],
    [{ sentBefore: { at: '2024-02-05T10:00:00Z' } }, false],
    [{ not: { subject: 'Hello' } }, false],
    [{ not: { subject: 'Hello', mailbox: 'Other' } }, true],
    [{ or: [{ subject: 'no' }, { mailbox: 'Work' }] }, true],
    [{ or: [{ subject: 'no' }, { mailbox: 'Other' }] }, false],
    [{ mailbox: 'Work', subject: 'Hello', or: [{ all: true }] }, true],
    [{ mailbox: 'Other', subject: 'Hello' }, false],
  ])('%j: %s', (given, expected) => {
    expect(matches(query(given), MESSAGE, 'Work')).toBe(expected);
  });

  test.each<[MessageQuery, string]>([
    [{ subject: 'hello' }, 'yes'],
    [{ not: { subject: 'hello' } }, 'no'],
    [{ subject: 'farewell' }, 'unknown'],
    [{ not: { subject: 'farewell' } }, 'unknown'],
    [{ not: { not: { subject: 'farewell' } } }, 'unknown'],
    [{ subject: 'farewell', mailbox: 'Other' }, 'no'],
    [{ not: { subject: 'farewell', mailbox: 'Other' } }, 'yes'],
    [{ or: [{ subject: 'farewell' }, { mailbox: 'Work' }] }, 'yes'],
    [{ or: [{ subject: 'farewell' }, { mailbox: 'Other' }] }, 'unknown'],
    [{ not: { or: [{ subject: 'farewell' }, { mailbox: 'Other' }] } }, 'unknown'],
    [{ subject: 'farewell', not: { mailbox: 'Work' } }, 'no'],
    [{ from: 'boss' }, 'no'],
    [{ not: { from: 'boss' } }, 'yes'],
  ])('W5: where the subject is cut, of %j the answer is %s', (given, verdict) => {
    const envelope = { ...MESSAGE.envelope, whole: 'ft' };
    expect(judgeMessage(query(given), { ...MESSAGE, envelope }, 'Work')).toBe(verdict);
  });

  test('W5: rows of before say of no text what it lacks', () => {
    const { whole: _, ...envelope } = MESSAGE.envelope;
    for (const field of ['subject', 'from', 'to'] as const) {
      expect(judgeMessage(query({ not: { [field]: 'x' } }), { ...MESSAGE, envelope }, 'A')).toBe(
        envelope[field].includes('x') ? 'no' : 'unknown',
      );
    }
  });

  test.each<[MessageQuery, string, string | undefined, string | undefined]>([
    [{ cc: 'ann' }, 'yes', 'Ann <ann@x.org>', 'r'],
    [{ to: 'ann' }, 'unknown', 'Ann <ann@x.org>', 'r'],
    [{ recipient: 'ann' }, 'yes', 'Ann <ann@x.org>', undefined],
    [{ recipient: 'eve' }, 'no', 'Ann <ann@x.org>', 'r'],
    [{ recipient: 'eve' }, 'unknown', 'Ann <ann@x.org>', 'fs'],
    [{ cc: 'bob' }, 'unknown', 'Ann <ann@x.org>', 'r'],
    [{ cc: 'eve' }, 'no', 'Ann <ann@x.org>', 'r'],
    [{ cc: 'eve' }, 'unknown', undefined, undefined],
    [{ messageId: 'other' }, 'unknown', undefined, 'fs'],
  ])('W5: %j is %s beside the copies to %s (%s)', (given, verdict, cc, whole) => {
    const { whole: _, ...rest } = MESSAGE.envelope;
    const envelope = {
      ...rest,
      ...(cc === undefined ? {} : { cc }),
      ...(whole === undefined ? {} : { whole }),
    };
    expect(judgeMessage(query(given), { ...MESSAGE, envelope }, 'A')).toBe(verdict);
  });

  test.each([
    ['Bu\u0308rgschaft', 'B\u00fcrgschaft', 'yes'],
    ['B\u00fcrgschaft', 'bu\u0308rgschaft', 'yes'],
    ['Stra\u00dfe', 'STRASSE', 'yes'],
    ['STRASSE', 'stra\u00dfe', 'yes'],
    ['a b', 'a\tb', 'yes'],
    ['Burg', 'B\u00fcrg', 'unknown'],
    ['B\u00fcrg', 'Burg', 'unknown'],
    ['\u0130STANBUL', 'istanbul', 'unknown'],
    ['\uff21\uff22', 'ab', 'unknown'],
    ['In\u00advoice', 'invoice', 'yes'],
    ['invoice', 'in\u200bvoice', 'yes'],
    ['Invoice \u2764\ufe0f', '\u2764', 'yes'],
    ['e\u2011mail', 'e-mail', 'unknown'],
    ['5 \u2212 3', '5 - 3', 'unknown'],
    ['don\u2019t', "don't", 'unknown'],
    ['\u201ca\u201d', '"a"', 'unknown'],
    ['\u0141\u00f3d\u017a', 'lodz', 'unknown'],
    ['\u0141\u00f3d\u017a', 'lods', 'no'],
    ['a@xn--bcher-kva.example', 'b\u00fccher.example', 'no'],
    ['abc', 'abd', 'no'],
  ])('W5: of the subject %j and %j the answer is %s', (subject, contains, verdict) => {
    const envelope = { ...MESSAGE.envelope, subject };
    expect(judgeMessage(query({ subject: contains }), { ...MESSAGE, envelope }, 'A')).toBe(verdict);
  });

  test('hosts are compared as people write them', () => {
    const envelope = { ...MESSAGE.envelope, from: 'Ann <a@xn--bcher-kva.example>' };
    for (const from of ['b\u00fccher.example', 'xn--bcher-kva', 'ann <a@']) {
      expect(judgeMessage(query({ from }), { ...MESSAGE, envelope }, 'A')).toBe('yes');
    }
  });

  test('W5: a message without a readable Date may have been sent at any time', () => {
    const { sentAt: _, ...envelope } = MESSAGE.envelope;
    const sentBefore = { secondsAgo: 0 };
    for (const given of [{ sentBefore }, { not: { sentBefore } }]) {
      expect(judgeMessage(query(given), { ...MESSAGE, envelope }, 'Work')).toBe('unknown');
    }
  });

  test.each<[RestoreQuery, boolean]>([
    [{ origin: 'Work/a' }, true],
    [{ origin: 'Work/*' }, true],
    [{ origin: 'Work' }, false],
    [{ expungedSince: { secondsAgo: 60 } }, true],
    [{ expungedSince: { secondsAgo: 59 } }, false],
    [{ expungedBefore: { secondsAgo: 60 } }, false],
    [{ expungedBefore: { secondsAgo: 59 } }, true],
  ])('expunged, %j: %s', (given, expected) => {
    const restore = parseRestoreQuery(given, NOW);
    expect(matches(restore, EXPUNGED, '.EXPUNGED')).toBe(expected);
    expect(matches(restore, MESSAGE, '.EXPUNGED')).toBe(false);
  });
});

const PATHS = ['INBOX', 'Work', 'Work/a', 'Zeta', '.EXPUNGED/INBOX', '.EXPUNGED/Work', 'INBOX/x'];
const BOXES = PATHS.map((path) => ({ path }));
const choose = (given: MessageQuery, namespace = '.EXPUNGED') =>
  chooseMailboxes(BOXES, query(given), { namespace }).map(({ path }) => path);

describe('the mailboxes of a query', () => {
  test.each<[MessageQuery, readonly string[]]>([
    [{ mailbox: '*' }, ['INBOX/x', 'Work', 'Work/a', 'Zeta', 'INBOX']],
    [{ subject: 'x' }, ['INBOX/x', 'Work', 'Work/a', 'Zeta', 'INBOX']],
    [{ mailbox: '%' }, ['Work', 'Zeta', 'INBOX']],
    [{ mailbox: 'Work*' }, ['Work', 'Work/a']],
    [{ mailbox: 'inbox*' }, []],
    [{ mailbox: 'inbox' }, ['INBOX']],
    [{ mailbox: 'NoSuch' }, []],
    [{ mailbox: '*', not: { mailbox: 'Work' } }, ['INBOX/x', 'Work/a', 'Zeta', 'INBOX']],
    [
      { mailbox: '*', not: { mailbox: 'Work', subject: 'x' } },
      ['INBOX/x', 'Work', 'Work/a', 'Zeta', 'INBOX'],
    ],
    [{ or: [{ mailbox: 'Zeta' }, { mailbox: 'INBOX' }] }, ['Zeta', 'INBOX']],
    [{ or: [{ mailbox: 'Zeta' }, { subject: 'x' }], mailbox: 'Work' }, ['Work']],
  ])('W1: %j looks into them in order, the INBOX last', (given, expected) => {
    expect(choose(given)).toEqual(expected);
  });

  test.each<[MessageQuery, readonly string[]]>([
    [{ mailbox: '.EXPUNGED/*' }, ['.EXPUNGED/INBOX', '.EXPUNGED/Work']],
    [{ mailbox: '.EXPUNGED*' }, ['.EXPUNGED/INBOX', '.EXPUNGED/Work']],
    [{ mailbox: '.EXPUNGED/Work' }, ['.EXPUNGED/Work']],
    [{ mailbox: '*/Work' }, []],
    [{ mailbox: '.EXP*' }, []],
    [
      { or: [{ mailbox: '*' }, { mailbox: '.EXPUNGED/W%' }], subject: 'x' },
      ['.EXPUNGED/Work', 'INBOX/x', 'Work', 'Work/a', 'Zeta', 'INBOX'],
    ],
  ])('L2: the hidden namespace is met only by its name: %j', (given, expected) => {
    expect(choose(given)).toEqual(expected);
  });

  test('L2: an expunge mailbox is met by any pattern', () => {
    expect(choose({ mailbox: '*' }, 'another')).toEqual([
      '.EXPUNGED/INBOX',
      '.EXPUNGED/Work',
      'INBOX/x',
      'Work',
      'Work/a',
      'Zeta',
      'INBOX',
    ]);
  });

  test.each<[MessageQuery, string | undefined]>([
    [{ mailbox: 'Work' }, undefined],
    [{ mailbox: 'NoSuch' }, 'NoSuch'],
    [{ mailbox: 'NoSuch*' }, undefined],
    [{ not: { mailbox: 'NoSuch' } }, undefined],
    [{ or: [{ mailbox: 'Work' }, { or: [{ mailbox: 'NoSuch' }] }] }, 'NoSuch'],
  ])('O2: of %j is missing: %s', (given, missing) => {
    const check = () => requireNamed(query(given), BOXES);
    if (missing === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ name: ERROR_NAMES.unknownMailbox }));
  });
});

test('L9: a mailbox that no message of can match is never looked into, and no other is left out', () => {
  const name = fc.constantFrom('A', 'B', 'A/b', '*', '%', 'A*');
  const { tree } = fc.letrec<{ tree: MessageQuery }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.record({ mailbox: name }),
      fc.record({ subject: fc.constantFrom('x', 'y') }),
      fc.record({ mailbox: name, subject: fc.constantFrom('x', 'y') }),
      fc.record({ not: tie('tree') }),
      fc.record({ or: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ mailbox: name, not: tie('tree') }),
    ),
  }));
  fc.assert(
    fc.property(tree, fc.constantFrom('A', 'B', 'A/b', 'C'), (given, path) => {
      const parsed = query(given);
      const any = ['', 'x', 'y', 'xy'].some((subject) =>
        matches(parsed, { ...MESSAGE, envelope: { ...MESSAGE.envelope, subject } }, path),
      );
      // `canMatch` may say yes too often (it does not compare conditions), never too seldom.
      if (any) expect(canMatch(parsed, path)).toBe(true);
      if (given.mailbox !== undefined && !given.mailbox.match(/[*%]/) && given.mailbox !== path) {
        expect(canMatch(parsed, path)).toBe(false);
      }
    }),
    { numRuns: 3000 },
  );
});
