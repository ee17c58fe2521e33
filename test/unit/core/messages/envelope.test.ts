import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ENVELOPE_BYTES } from '../../../../functions/contract/limits.ts';
import { readEnvelope } from '../../../../functions/core/messages/envelope.ts';

const EMPTY = { from: '', to: '', subject: '', messageId: '', attachments: false };

const read = (text: string | Uint8Array) => readEnvelope(Buffer.from(text));
const jsonBytes = (value: object): number => Buffer.byteLength(JSON.stringify(value));

describe('the envelope of a message', () => {
  test('is what its headers say', async () => {
    const raw = [
      'Received: from a by b',
      'From: "Doe, John" <john@example.org>',
      'To: a@x.org, Bea <b@x.org>',
      'Subject: Hello',
      ' again',
      'Message-ID: <1@example.org>',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      'Subject: of the body',
    ].join('\r\n');
    expect(await read(raw)).toEqual({
      from: 'Doe, John <john@example.org>',
      to: 'a@x.org, Bea <b@x.org>',
      subject: 'Hello again',
      messageId: '<1@example.org>',
      attachments: true,
      whole: 'ftrsi',
    });
  });

  test.each([
    [
      'encoded words',
      'Subject: =?utf-8?Q?Gr=C3=B6=C3=9Fe?= =?iso-8859-1?B?5A==?=',
      'Gr\u00f6\u00dfe\u00e4',
    ],
    ['8-bit UTF-8', Buffer.from('Subject: Gr\u00f6\u00dfe'), 'Gr\u00f6\u00dfe'],
    ['bare line feeds', 'A: b\nSubject: x\n\nSubject: y', 'x'],
    ['names in any case', 'sUBJECT: x', 'x'],
    ['a broken encoded word', 'Subject: =?utf-8?Q?a', '=?utf-8?Q?a'],
    ['an unknown character set', 'Subject: =?no-such?Q?abc?=', 'abc'],
    ['characters that nobody sees', 'Subject: a\u00adb\u200bc\u202ed', 'abcd'],
    ['control characters', 'Subject: a\u0000\u0007b\u007fc', 'a b c'],
  ])('is read from %s', async (_, header, subject) => {
    expect((await read(header)).subject).toBe(subject);
  });

  test.each([
    ['Date: Mon, 05 Feb 2024 10:00:00 +0100', '2024-02-05T09:00:00Z'],
    ['Date: 5 Feb 2024 10:00 GMT', '2024-02-05T10:00:00Z'],
    ['Date: Fri, 31 Dec 9999 23:59:59 +0000', '9999-12-31T23:59:59Z'],
    ['Date: Fri, 31 Dec 9999 23:59:59 -0100', undefined],
    ['Date: 275760-09-13T00:00:00Z', undefined],
    ['Date: yesterday', undefined],
    ['Date:', undefined],
    ['Date: Mon, 05 Feb 2024 10:00:00 +0100\r\nDate: Tue, 06 Feb 2024 10:00:00 +0100', undefined],
    ['Subject: x', undefined],
  ])('of "%s" it was sent at %s', async (header, sent) => {
    const { sentAt } = await read(`${header}\r\n\r\n`);
    expect(sentAt).toBe(sent === undefined ? undefined : Date.parse(sent));
  });

  test('names the members of a group, and an empty group nobody', async () => {
    expect((await read('To: friends: a@x.org, B <b@x.org>;, c@x.org')).to).toBe(
      'a@x.org, B <b@x.org>, c@x.org',
    );
    expect((await read('To: undisclosed-recipients:;')).to).toBe('');
  });

  test('ends where the headers end', async () => {
    expect(await read('\r\nSubject: of the body')).toEqual({ ...EMPTY, whole: 'ftrsi' });
    expect(await read('Subject: a\r\n\r\nFrom: b@x.org')).toMatchObject({ subject: 'a', from: '' });
  });

  test.each([
    ['nothing', '', { whole: 'ftrsi' }],
    ['no headers', 'just text', {}],
    ['a lone line end', '\r\n', { whole: 'ftrsi' }],
    ['only a colon', ':', {}],
    ['zeros', '\u0000'.repeat(1000), {}],
    ['a NUL in the name', 'Sub\u0000ject: x', {}],
  ])('of %s is empty', async (_, raw, more) => {
    expect(await read(raw)).toEqual({ ...EMPTY, ...more });
  });

  test.each([
    ['short headers', 'From: a@x.org\nTo: b@x.org\nSubject: c', 'ftrsi'],
    ['a date of before', 'Subject: c\nDate: yesterday', 'ftrsi'],
    ['a long subject', `Subject: ${'a'.repeat(141)}`, 'ftri'],
    ['many addressees', `To: ${'colleague@example.com, '.repeat(5)}`, 'fsi'],
    ['two subjects', 'Subject: a\nSubject: b', 'ftri'],
    ['two authors', 'From: a@x.org, b@x.org', 'ftrsi'],
    ['a sender', 'From: a@x.org\nSender: b@x.org', 'trsi'],
    ['copies', 'To: a@x.org\nCc: b@x.org', 'frsi'],
    ['many copies', `Cc: ${'colleague@example.com, '.repeat(5)}`, 'fsi'],
    ['an id with a comment', 'Message-ID: <a@b> (c)', 'ftrsi'],
    ['two ids', 'Message-ID: <a@b>\nMessage-ID: <c@d>', 'ftrs'],
    ['blind copies', 'To: a@x.org\nBcc: b@x.org', 'fsi'],
    ['a second round', 'To: a@x.org\nResent-To: b@x.org', 'fsi'],
    ['bytes that are no text', Buffer.from('Subject: B\xfcrg', 'latin1'), 'ftri'],
    ['a character set that nobody knows', 'Subject: =?utf-7?Q?keep?=', 'ftri'],
    ['an encoded word that is cut', 'Subject: =?utf-8?Q?a', 'ftri'],
    ['a quote that never ends', 'From: "a@x.org\nSubject: b', 'trsi'],
    ['a group without a member', 'To: undisclosed-recipients:;', 'fsi'],
    ['a line that is no header', 'Subject: a\nwhat is this', undefined],
    ['more than is looked at', `X: ${'y'.repeat(256 * 1024)}\nSubject: a`, undefined],
  ])('W5: knows of %s which of its texts are whole', async (_, raw, whole) => {
    expect((await read(raw)).whole).toBe(whole);
  });

  test('names all authors', async () => {
    expect((await read('From: a@x.org, B <b@x.org>')).from).toBe('a@x.org, B <b@x.org>');
  });
});

describe('what is long', () => {
  test('is cut at whole characters', async () => {
    const { subject } = await read(`Subject: ${'\u{1f600}'.repeat(100)}`);
    expect(subject).toBe('\u{1f600}'.repeat(35));
    expect((await read(`Subject: ${'\u00e4'.repeat(71)}`)).subject).toBe('\u00e4'.repeat(70));
    expect((await read(`Subject: ${'a'.repeat(141)}`)).subject).toBe('a'.repeat(140));
  });

  test('is cut by the size it takes as JSON, where quotes and backslashes take two', async () => {
    const quotes = '"'.repeat(500);
    const raw = `Subject: ${quotes}\r\nMessage-ID: <${'\\'.repeat(500)}>\r\n\r\n`;
    const envelope = await read(raw);
    expect(envelope.subject).toBe('"'.repeat(70));
    expect(jsonBytes(envelope)).toBeLessThanOrEqual(ENVELOPE_BYTES);
  });

  test('headers beyond 256 KiB are not looked at', async () => {
    const filler = `X: ${'y'.repeat(256 * 1024)}\r\n`;
    expect(await read(`Subject: seen\r\n${filler}From: unseen@x.org\r\n\r\n`)).toMatchObject({
      subject: 'seen',
      from: '',
    });
  });

  test.each([
    ['addresses', `To: ${'a@x.org, '.repeat(30_000)}`],
    ['groups in groups', `To: ${'a:'.repeat(130_000)}`],
    ['open quotes', `From: ${'"'.repeat(262_000)}`],
    ['open brackets', `To: ${'<'.repeat(262_000)}`],
    ['comments in comments', `From: ${'('.repeat(262_000)}`],
    ['encoded words', `Subject: ${'=?utf-8?Q?a?= '.repeat(18_000)}`],
    ['folded lines', `Subject: a${'\r\n b'.repeat(65_000)}`],
  ])('O3: a quarter of a megabyte of %s is read within seconds', async (_, raw) => {
    const begun = performance.now();
    expect(jsonBytes(await read(raw))).toBeLessThanOrEqual(ENVELOPE_BYTES);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});

test(`W1: no message is refused for its headers, and ${ENVELOPE_BYTES} bytes hold any envelope`, async () => {
  const piece = fc.oneof(
    fc.constantFrom('\r\n', '\n', '\r', ': ', ' ', '"', '\\', '<', '>', ',', ';', '(', ')', '=?'),
    fc.constantFrom('utf-8?Q?=E2', '?B?4p==', '?=', '\u{1f600}', '\ud800', '\u0000', '@x.org', ':'),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );
  const value = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''));
  const name = fc.constantFrom('From', 'To', 'Subject', 'Date', 'Message-ID', 'X', '');
  const headers = fc
    .array(fc.tuple(name, value), { maxLength: 8 })
    .map((all) => all.map((header) => header.join(': ')).join('\r\n'));
  const raw = fc.oneof(
    headers.map((text) => Buffer.from(text)),
    headers.map((text) => Buffer.from(text, 'latin1')),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(raw, async (bytes) => {
      const envelope = await readEnvelope(bytes);
      const { sentAt, whole = '', ...rest } = envelope;
      expect(Object.keys(rest)).toEqual(Object.keys(EMPTY));
      expect(whole).toMatch(/^f?t?r?s?i?$/);
      expect(sentAt ?? 0).toBe(Math.trunc(sentAt ?? 0));
      expect(jsonBytes(envelope)).toBeLessThanOrEqual(ENVELOPE_BYTES);
      const { from, to, subject, messageId } = envelope;
      for (const text of [from, to, subject, messageId]) {
        expect(text.isWellFormed()).toBe(true);
        expect(text).not.toMatch(/\p{C}/u);
      }
    }),
    { numRuns: 2000 },
  );
});
