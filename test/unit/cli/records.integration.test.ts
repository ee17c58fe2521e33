/** Answers as lines: no longer than a terminal is wide, or than somebody reads in a log. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OutputStream } from '../../../cli/io.ts';
import { type Field, printList, printRecord } from '../../../cli/output/records.ts';
import { columnsOf, wrapWords } from '../../../cli/output/text.ts';
import type { Format } from '../../../cli/settings.ts';
import { runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const fake = useFakeApi();
const ADMIN = '/v1/admin/accounts/a%40example.org';

interface Mail {
  readonly uid: number;
  readonly from?: string;
  readonly subject?: string;
  readonly internalDate?: string;
}

const FIELDS: readonly Field<Mail>[] = [
  { name: 'uid', value: ({ uid }) => uid },
  { name: 'envelope.from', value: ({ from }) => from },
  { name: 'subject', value: ({ subject }) => subject },
  { name: 'internalDate', label: 'date', isWhole: true, value: ({ internalDate }) => internalDate },
];

/** Takes what is printed, as wide as a terminal that is given. */
function paper(columns?: number) {
  let text = '';
  const stdout: OutputStream = {
    columns,
    write(more, done) {
      text += String(more);
      done();
    },
  };
  return { io: { stdout }, lines: () => text.trimEnd().split('\n') };
}

async function listed(format: Format, pages: readonly (readonly Mail[])[], columns?: number) {
  const { io, lines } = paper(columns);
  await printList(
    io,
    format,
    (async function* () {
      yield* pages;
    })(),
    FIELDS,
  );
  return lines();
}

const LONG = 'a '.repeat(200).trim();

describe('a list on a terminal', () => {
  test('O1: no line is wider than the terminal, whatever the texts are', async () => {
    const mail = fc.record({
      uid: fc.integer({ min: 1, max: 4_294_967_295 }),
      from: fc.string({ unit: 'grapheme', maxLength: 100 }),
      subject: fc.string({ unit: 'grapheme', maxLength: 100 }),
      internalDate: fc.constant('2026-11-22 12:00'),
    });
    const pages = fc.array(fc.array(mail, { maxLength: 4 }), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(pages, fc.integer({ min: 60, max: 200 }), async (given, columns) => {
        for (const line of await listed('table', given, columns)) {
          expect(columnsOf(line)).toBeLessThanOrEqual(columns);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('short texts stay whole beside long ones, and numbers are never cut', async () => {
    const mail = {
      uid: 4_294_967_295,
      from: 'ann@example.org',
      subject: LONG,
      internalDate: 'now',
    };
    expect(await listed('table', [[mail]], 50)).toEqual([
      '       uid  from             subject          date',
      '4294967295  ann@example.org  a a a a a a a …  now',
    ]);
  });

  test('a column without anything is left out, until something comes', async () => {
    const pages = [[{ uid: 1, from: 'a' }], [{ uid: 2, from: 'b', subject: 'c' }], [{ uid: 3 }]];
    expect(await listed('table', pages, 80)).toEqual([
      'uid  from',
      '  1  a',
      'uid  from  subject',
      '  2  b     c',
      '  3',
    ]);
  });

  test('an empty list shows what it would have', async () => {
    expect(await listed('table', [[]], 80)).toEqual(['uid  from  subject  date']);
  });
});

describe('away from a terminal', () => {
  test('O1: a list has a line for each, with the names of the JSON; a long one goes on', async () => {
    const mails = [
      { uid: 1, from: 'ann', subject: 'x' },
      { uid: 2, from: 'b'.repeat(90), subject: 'c'.repeat(90) },
    ];
    expect(await listed('flow', [mails])).toEqual([
      'uid=1 envelope.from=ann subject=x',
      `uid=2 envelope.from=${'b'.repeat(90)}`,
      `  subject=${'c'.repeat(90)}`,
    ]);
  });

  test('O1: a record has a line for each fact', async () => {
    const { io, lines } = paper();
    await printRecord(io, 'flow', { uid: 1, subject: 'a b', internalDate: 'now' }, FIELDS);
    expect(lines()).toEqual(['uid=1', 'subject="a b"', 'internalDate=now']);
  });
});

test('a record on a terminal breaks between words', async () => {
  const { io, lines } = paper(40);
  await printRecord(io, 'table', { uid: 1, subject: LONG }, FIELDS);
  const [uid, ...subject] = lines();
  expect(uid).toBe('uid      1');
  expect(subject.every((line) => line.length <= 40)).toBe(true);
  expect(subject.map((line) => line.slice(9)).join(' ')).toBe(LONG);
});

test('words are broken into lines, and none of them is lost', () => {
  fc.assert(
    fc.property(fc.lorem({ maxCount: 40 }), fc.integer({ min: 5, max: 60 }), (text, columns) => {
      const lines = wrapWords(text, columns);
      expect(lines.join(' ')).toBe(text);
      for (const line of lines) {
        if (line.includes(' ')) expect(line.length).toBeLessThanOrEqual(columns);
      }
    }),
  );
});

test('O1: the storage and the deleted folders fit a terminal of 80 columns', async () => {
  const time = '2026-11-22T12:00:00.000Z';
  const mail = { uid: 4000, size: 273_700, flags: ['\\Answered', '\\Seen'], keywords: ['todo'] };
  const envelope = { from: 'Ann Example <ann@example.org>', subject: LONG, origin: 'Work/2026' };
  const times = { internalDate: time, expungedAt: time, expiresAt: time };
  const deletion = { deletionId: '6B0EEFAB-f492210c1fba', path: 'Work/2026', deletedAt: time };
  const held = { mailboxes: 12, messages: 1234, bytes: 17_100_000, state: 'deleted' };
  fake.api.on(`GET ${ADMIN}/messages`, { body: { items: [{ ...mail, ...envelope, ...times }] } });
  fake.api.on(`GET ${ADMIN}/mailboxes/deleted`, {
    body: { items: [{ ...deletion, ...held, purgeAfter: time }] },
  });
  for (const argv of [
    ['message', 'list', '-m', '.EXPUNGED'],
    ['mailbox', 'deleted'],
  ]) {
    const words = [...argv, '-u', 'a@example.org', '-f', 'table', '--local', fake.local];
    const { stdout, exitCode } = await runCli(words, { columns: 80 });
    expect(exitCode).toBe(0);
    expect(Math.max(...stdout.split('\n').map(columnsOf))).toBeLessThanOrEqual(80);
  }
});
