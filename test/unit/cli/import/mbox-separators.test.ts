import { describe, expect, test } from 'vitest';
import type { SourceItem } from '../../../../cli/import/mail-source.ts';
import { openSource } from '../../../../cli/import/open-source.ts';
import {
  at,
  bodies,
  mail,
  messagesOf,
  notesOf,
  put,
  readAll,
  subjects,
  useSourceFiles,
} from '../support/source-files.ts';

useSourceFiles();

const FROM = 'From a@example.org Tue Mar  3 10:11:12 2020';

async function readMbox(content: string): Promise<SourceItem[]> {
  await put('mail.mbox', content, '2024-05-06T07:08:09Z');
  return (await readAll(await openSource(at('mail.mbox')))).get('INBOX') ?? [];
}

const three = (separator: string): string =>
  `${FROM}\n${mail('one')}\n${separator}\n${mail('two')}\n${FROM}\n${mail('three')}\n`;

describe('W1: whatever a program writes between two messages separates them', () => {
  test.each([
    ['From ann  Tue Mar  3 09:13:09 2020 PST', '2020-03-03T17:13:09Z'],
    ['From ann  Tue Mar  3 09:13:09 2020 (+0700)', '2020-03-03T02:13:09Z'],
    ['From ann@example.org 2020-03-03T09:13:09Z', '2020-03-03T09:13:09Z'],
    ['From ann@example.org 2020-03-03 09:13:09+01:00', '2020-03-03T08:13:09Z'],
    ['From ann@example.org tue mar  3 09:13:09 2020', '2020-03-03T09:13:09Z'],
    ['From ann@example.org 3 Mar 2020 09:13:09 +0100', '2020-03-03T08:13:09Z'],
    ['From ann@example.org Tue Mar  3 09:13:09 2020 remote from relay', '2020-03-03T09:13:09Z'],
    ['From ann@example.org Tue, 3 Mar 2020 09:13:09 +0100', '2020-03-03T08:13:09Z'],
    ['From ann@example.org\tTue Mar  3 09:13:09 2020', '2020-03-03T09:13:09Z'],
    ['From ann  Tue, Mar 03 09:13:09 2020', '2020-03-03T09:13:09Z'],
    ['From ann@example.org Tue Mar  3 09:13:09 20', '2020-03-03T09:13:09Z'],
    ['From ann@example.org Tue Mar  3 09:13 EST 2020', '2020-03-03T14:13:00Z'],
    // Without a date that can be read, that of the header counts.
    ['From ', '2020-03-03T10:11:12Z'],
    ['From', '2020-03-03T10:11:12Z'],
    ['From ann@example.org', '2020-03-03T10:11:12Z'],
    ['From ann@example.org Di Mär  3 12:03:19 2020', '2020-03-03T10:11:12Z'],
    ['From ann@example.org Sun Feb 30 12:03:19 2020', '2020-03-03T10:11:12Z'],
    ['From ???@??? Mar 03 2020', '2020-03-03T10:11:12Z'],
  ])('%s', async (separator, date) => {
    const items = await readMbox(three(separator));
    expect(subjects(items)).toEqual(['one', 'two', 'three']);
    expect(messagesOf(items)[1]?.internalDate).toEqual(new Date(date));
    expect(notesOf(items)).toEqual([]);
  });

  test.each([
    ['bare ones only', 'From \n'],
    ['a first one without a date', 'From ann@example.org\n'],
  ])('%s', async (_, separator) => {
    const items = await readMbox(`${separator}${mail('one')}\n${separator}${mail('two')}\n`);
    expect(subjects(items)).toEqual(['one', 'two']);
  });

  test('no date anywhere: that of the file, with a note', async () => {
    const items = await readMbox(`${FROM}\n${mail('one')}\nFrom \nSubject: two\nTo: b@x\n\nx\n`);
    expect(messagesOf(items)[1]?.internalDate).toEqual(new Date('2024-05-06T07:08:09Z'));
    expect(notesOf(items)).toEqual([
      'had 1 message without a date that can be read: they have that of the file (message 2)',
    ]);
  });

  test('a line with a date separates also where the empty line before it is missing', async () => {
    const items = await readMbox(`${FROM}\n${mail('one')}${FROM}\n${mail('two')}`);
    expect(bodies(items)).toEqual([mail('one'), mail('two')]);
    expect(notesOf(items)).toEqual([]);
  });

  test('lines with dates, one after the other, are decided each by itself', async () => {
    const text = `${mail('one')}${FROM}\n${FROM}\nno header\n`;
    const items = await readMbox(`${FROM}\n${text}${FROM}\n${FROM}\n${mail('two')}`);
    expect(bodies(items)).toEqual([text, `${FROM}\n${mail('two')}`]);
    expect(notesOf(items)).toHaveLength(1);
  });

  test('a series of patches is one of messages', async () => {
    const hash = '0123456789abcdef0123456789abcdef01234567';
    const patch = (name: string) =>
      `From ${hash} Mon Sep 17 00:00:00 2001\n${mail(`[PATCH] ${name}`)}`;
    const items = await readMbox(`${patch('a')}\n${patch('b')}\n`);
    expect(subjects(items)).toEqual(['[PATCH] a', '[PATCH] b']);
    // The date in that line is the same for all patches of the world.
    expect(messagesOf(items)[0]?.internalDate).toEqual(new Date('2020-03-03T10:11:12Z'));
  });
});

describe('W5: what people write is no separator, and is told where it might be one', () => {
  const PATCH = [
    'From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001',
    'From: Dev <dev@example.org>',
    'Subject: [PATCH] fix it',
    '',
    '---',
    ' file | 1 +',
  ].join('\n');

  test.each([
    ['a patch', PATCH],
    ['a sentence', 'From here on it is easy:\nno: colon: counts\n'],
    ['a sentence before an empty line', 'From the sea\n'],
    ['a list', 'From Berlin\nNote: two hours\n\nFrom Paris\nNote: three\n'],
  ])('%s stays in its message, with a note', async (_, text) => {
    const items = await readMbox(`${FROM}\n${mail('one')}\n${text}\n\n${FROM}\n${mail('after')}\n`);
    expect(subjects(items)).toEqual(['one', 'after']);
    expect(bodies(items)[0]).toBe(`${mail('one')}\n${text}\n`);
    expect(notesOf(items)).toEqual([
      expect.stringMatching(/^has . messages? with a line that begins with "From "/),
    ]);
  });

  test.each([
    ['a date, and no header after it', `text\n${FROM}\nsaid so\n`],
    ['a header after it, and no date', `text\nFrom \n${mail('quoted')}`],
    ['a patch', `text\n${PATCH}\n`],
    ['a date, in a header', `\n${FROM}`],
  ])('without an empty line before it: %s', async (_, text) => {
    const begin = text.startsWith('\n') ? `Subject: one${text}\n\nx\n` : `${mail('one')}${text}`;
    const items = await readMbox(`${FROM}\n${begin}\n${FROM}\n${mail('after')}\n`);
    expect(bodies(items)).toEqual([begin, mail('after')]);
    expect(notesOf(items)).toEqual([expect.stringMatching(/taken for text.*\(message 1\)$/)]);
  });

  test('a sentence that goes on in the next line is nothing to tell', async () => {
    const items = await readMbox(`${FROM}\n${mail('one')}It came\nFrom the sea\nof: old\n`);
    expect(subjects(items)).toEqual(['one']);
    expect(notesOf(items)).toEqual([]);
  });

  test('the last lines of a file', async () => {
    const items = await readMbox(`${FROM}\n${mail('one')}\nFrom me`);
    expect(bodies(items)).toEqual([`${mail('one')}\nFrom me`]);
  });
});

describe('W1: Content-Length is honoured where it fits', () => {
  const BODY = `See:\n\n${FROM}\nSubject: not mine\n\nx\n`;
  const withLength = (length: number, body = BODY) =>
    `${FROM}\nSubject: one\nContent-Length: ${length}\n\n${body}\n${FROM}\nSubject: two\nContent-Length: 2\n\ny\n\n`;

  test('a From line in a body of that length separates nothing', async () => {
    const items = await readMbox(withLength(BODY.length));
    expect(bodies(items)).toEqual([`Subject: one\n\n${BODY}`, 'Subject: two\n\ny\n']);
  });

  test('also where no empty line follows the body, and where the body ends with one', async () => {
    const tight = withLength(BODY.length).replace(`${BODY}\n`, BODY);
    expect(bodies(await readMbox(tight))).toEqual([
      `Subject: one\n\n${BODY}`,
      'Subject: two\n\ny\n',
    ]);
    const own = `${BODY}\n`;
    expect(bodies(await readMbox(withLength(own.length, own)))[0]).toBe(`Subject: one\n\n${own}`);
  });

  test.each([0, 3, BODY.length - 2, BODY.length + 2, 999_999, 999_999_999_999])(
    'a length that fits nowhere is passed over: %i',
    async (length) => {
      expect(subjects(await readMbox(withLength(length)))).toEqual(['one', 'not mine', 'two']);
    },
  );
});

describe('W1: a mail about a message of UW IMAP is a mail', () => {
  const QUESTION = "DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA";

  test.each([0, 1, 2])('in place %i', async (place) => {
    const all = ['one', 'two'].toSpliced(place, 0, QUESTION);
    const items = await readMbox(all.map((one) => `${FROM}\n${mail(one)}\n`).join(''));
    expect(subjects(items)).toEqual(all);
  });

  test('also with a header that only the first message means something by', async () => {
    const items = await readMbox(
      `${FROM}\n${mail('one')}\n${FROM}\n${mail(QUESTION, 'X-IMAP: 1583230272 3')}\n`,
    );
    expect(subjects(items)).toEqual(['one', QUESTION]);
  });
});
