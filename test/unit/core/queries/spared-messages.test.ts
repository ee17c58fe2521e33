/**
 * What a message says in a header, a query must find there or leave open: were it a no, `not` would
 * select the message, and what it means to spare would go.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readEnvelope } from '../../../../functions/core/messages/envelope.ts';
import { judgeMessage } from '../../../../functions/core/queries/match-query.ts';
import { parseMessageQuery } from '../../../../functions/core/queries/parse-query.ts';

const RUNS = 1500;

const RECIPIENTS = ['to', 'cc', 'recipient'] as const;

const MESSAGE = {
  saveDate: 0,
  internalDate: 0,
  flags: new Set<string>(),
  keywords: new Set<string>(),
  sizeBytes: 1,
};

const word = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9]{1,12}$/),
  fc.constantFrom(
    'Größe',
    'Straße',
    'İstanbul',
    'Бухгалтерия',
    '契約',
    'e\u0301te',
    'ﬁn',
    '\u{1f600}',
  ),
);
const words = fc.array(word, { minLength: 1, maxLength: 30 });

const encodedWord = (charset: string, bytes: Buffer, letter: 'B' | 'Q'): string => {
  const q = [...bytes].map((byte) => `=${byte.toString(16).padStart(2, '0').toUpperCase()}`);
  return `=?${charset}?${letter}?${letter === 'B' ? bytes.toString('base64') : q.join('')}?=`;
};

/** How one word stands in a header. */
const written = fc.constantFrom<((text: string) => string)[]>(
  (text) => text,
  (text) => encodedWord('utf-8', Buffer.from(text), 'B'),
  (text) => encodedWord('UTF-8', Buffer.from(text), 'Q'),
  (text) => encodedWord('utf-8*de', Buffer.from(text), 'B'),
  (text) => encodedWord('x-unknown', Buffer.from(text), 'Q'),
  (text) => encodedWord('utf-16be', Buffer.from(text, 'utf16le').swap16(), 'B'),
);

const mailbox = fc.record({
  name: fc.option(fc.tuple(word, fc.constantFrom('plain', 'quoted', 'encoded', 'comment'))),
  local: fc.stringMatching(/^[a-z0-9]{1,10}$/),
  host: fc.constantFrom('example.com', 'xn--bcher-kva.example', 'a.b.c.example.org'),
});

function address({ name, local, host }: typeof mailbox extends fc.Arbitrary<infer M> ? M : never) {
  const plain = `${local}@${host}`;
  const [text = '', how] = name ?? [];
  if (how === undefined) return { text: plain, said: [plain] };
  const encoded = encodedWord('utf-8', Buffer.from(text), 'B');
  const forms = {
    plain: `${text} <${plain}>`,
    quoted: `"${text}" <${plain}>`,
    encoded: `${encoded} <${plain}>`,
    comment: `${plain} (${text})`,
  } as const;
  return { text: forms[how as keyof typeof forms], said: [plain, text] };
}

const addresses = fc.array(mailbox, { minLength: 1, maxLength: 8 }).map((all) => all.map(address));

const header = fc.oneof(
  fc
    .tuple(words, fc.array(written, { minLength: 1 }), fc.constantFrom(' ', '\r\n ', '\r\n\t'))
    .map(([texts, forms, glue]) => ({
      field: 'subject' as const,
      line: `Subject: ${texts.map((text, at) => forms[at % forms.length]?.(text) ?? text).join(glue)}`,
      said: texts,
    })),
  fc
    .tuple(fc.stringMatching(/^[a-z0-9.]{1,40}$/), fc.constantFrom('', ' ', '\r\n '), fc.boolean())
    .map(([id, glue, isBare]) => ({
      field: 'messageId' as const,
      line: `Message-ID:${glue}${isBare ? `${id}@x` : `<${id}@x> (a comment)`}`,
      said: [`${id}@x`],
    })),
  fc.tuple(fc.constantFrom('From', 'Sender'), addresses).map(([name, all]) => ({
    field: 'from' as const,
    line: `${name}: ${all.map(({ text }) => text).join(', ')}`,
    said: all.flatMap(({ said }) => said),
  })),
  fc
    .tuple(fc.constantFrom('To', 'Cc', 'Bcc', 'Resent-To'), addresses, fc.boolean())
    .map(([name, all, isGroup]) => {
      const list = all.map(({ text }) => text).join(isGroup ? ', ' : ',\r\n ');
      return {
        field: 'to' as const,
        line: `${name}: ${isGroup ? `team: ${list};` : list}`,
        said: all.flatMap(({ said }) => said),
      };
    }),
);

/** Latin 1 where it can say all of it. */
const asBytes = fc.constantFrom<((text: string) => Buffer)[]>(
  (text) => Buffer.from(text),
  (text) => Buffer.from(text, [...text].every((one) => one <= '\u00ff') ? 'latin1' : 'utf8'),
);

test('W5, L9: nothing that a header says is taken for absent', async () => {
  const message = fc.tuple(fc.array(header, { minLength: 1, maxLength: 5 }), asBytes);
  await fc.assert(
    fc.asyncProperty(message, fc.nat(), async ([headers, toBytes], pick) => {
      const raw = toBytes(`${headers.map(({ line }) => line).join('\r\n')}\r\n\r\nbody`);
      const envelope = await readEnvelope(raw);
      const all = headers.flatMap(({ field, said }) => said.map((text) => ({ field, text })));
      const meant = all[pick % all.length];
      if (meant === undefined) return;
      // Who gets a copy is a recipient, too, and people say `to` for both.
      const named = meant.field === 'to' ? RECIPIENTS[pick % 3] : meant.field;
      const query = parseMessageQuery({ not: { [named ?? '']: meant.text } }, 0);
      const verdict = judgeMessage(query, { ...MESSAGE, envelope }, 'A');
      expect(verdict, `${meant.field} ${meant.text}: ${JSON.stringify(envelope)}`).not.toBe('yes');
    }),
    { numRuns: RUNS },
  );
});
