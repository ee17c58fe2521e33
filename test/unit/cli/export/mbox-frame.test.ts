import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { frame, lossOf, unframe } from '../../../../cli/export/mbox-frame.ts';

const MAILBOX = { uidValidity: 77, uidNext: 20 };
const row = (raw: Buffer) => ({
  uid: 7,
  size: raw.length,
  digest: '',
  internalDate: new Date('2020-03-03T10:11:12Z'),
  flags: ['\\Seen', '\\Flagged', '\\Answered', '\\Draft', '\\Deleted'],
  keywords: ['$Work', 'todo'],
});

describe('W1: a message in an mbox', () => {
  test('has a From_ line, the fields that Dovecot writes, and quoted From_ lines', () => {
    const raw = Buffer.from('Subject: x\n\nFrom me\n>From you\n>>From us\nfrom there\n From\n');
    const first = frame(row(raw), raw, {
      mailbox: MAILBOX,
      keywords: ['$Work', 'todo'],
      isFirst: true,
    });
    expect(first.toString()).toBe(
      [
        'From MAILER-DAEMON Tue Mar  3 10:11:12 2020',
        'X-IMAPbase: 77 0000000019 $Work todo',
        'Status: RO',
        'X-Status: AFDT',
        'X-Keywords: $Work todo',
        'X-UID: 7',
        'Subject: x',
        '',
        '>From me',
        '>>From you',
        '>>>From us',
        'from there',
        ' From',
        '',
        '',
      ].join('\n'),
    );
  });

  test('comes out as it went in, byte for byte', () => {
    const piece = fc.oneof(
      fc.constantFrom('From ', '>From ', '\n', '\r\n', '\r', 'X-UID: 3\n', 'Status: RO\n', '>'),
      fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    );
    const message = fc
      .array(piece, { maxLength: 12 })
      .map((parts) => Buffer.from(parts.join(''), 'latin1'));
    fc.assert(
      fc.property(message, fc.boolean(), (raw, isFirst) => {
        const framed = frame(row(raw), raw, { mailbox: MAILBOX, keywords: [], isFirst });
        expect(unframe(framed, raw.length)?.equals(raw)).toBe(true);
        expect(framed.toString('latin1').split('\nFrom ')).toHaveLength(1);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['Subject: x\n\nbody\n', undefined],
    ['Subject: x\n\nbody', 'has # without a line end at the end: it gets one'],
    ['Subject: x\nStatus: RO\n\nbody\n', expect.stringContaining('take for their own')],
    [' x\n', expect.stringContaining('begin with a space')],
  ])('says what readers of mbox do not give back: %j', (text, loss) => {
    expect(lossOf(Buffer.from(text))).toEqual(loss);
  });
});
