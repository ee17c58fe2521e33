import { describe, expect, test } from 'vitest';
import type { SourceItem } from '../../../../cli/import/mail-source.ts';
import { gmailLabels } from '../../../../cli/import/mbox-fields.ts';
import { openSource } from '../../../../cli/import/open-source.ts';
import {
  at,
  bodies,
  mail,
  messagesOf,
  notesOf,
  put,
  readAll,
  useSourceFiles,
} from '../support/source-files.ts';

useSourceFiles();

const FROM = 'From - Tue Mar 03 10:11:12 2020';

async function readOne(...fields: readonly string[]): Promise<SourceItem[]> {
  await put('Inbox', `${FROM}\n${mail('one', ...fields)}\n`);
  const items = (await readAll(await openSource(at('Inbox')))).get('INBOX') ?? [];
  // The lines of the store are not the mail's.
  expect(bodies(items)).toEqual([mail('one')]);
  return items;
}

const marks = (items: readonly SourceItem[]) =>
  messagesOf(items).map(({ flags, keywords }) => [flags, keywords]);

const mozilla = (status: string, keys = ''): string[] => [
  `X-Mozilla-Status: ${status}`,
  'X-Mozilla-Status2: 00000000',
  `X-Mozilla-Keys: ${keys.padEnd(80)}`,
];

describe('W1: what a program remembers in the header becomes flags and keywords', () => {
  test.each([
    ['0000', '', [], []],
    ['0001', '', ['\\Seen'], []],
    ['0003', '', ['\\Seen', '\\Answered'], []],
    ['0005', '$label1 work', ['\\Seen', '\\Flagged'], ['$label1', 'work']],
    ['1001', '', ['\\Seen'], ['$Forwarded']],
    ['ffff', 'a', ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted'], ['$Forwarded', 'a']],
    ['0010', '  ', [], []],
  ])('Mozilla %s %s', async (status, keys, flags, keywords) => {
    expect(marks(await readOne(...mozilla(status, keys)))).toEqual([[flags, keywords]]);
  });

  test.each([
    ['0009', ['\\Seen', '\\Deleted']],
    ['0008', ['\\Deleted']],
  ])(
    'W5: what Mozilla has deleted and not removed yet comes as deleted: %s',
    async (status, flags) => {
      const items = await readOne(...mozilla(status));
      expect(marks(items)).toEqual([[flags, []]]);
      expect(notesOf(items)).toEqual([
        'had 1 message that the program had marked as deleted and not yet removed: they have \\Deleted (message 1)',
      ]);
    },
  );

  test.each([
    ['Inbox,Opened,Starred', ['\\Seen', '\\Flagged'], ['Inbox']],
    ['Inbox,Important,Unread', [], ['Inbox', '$Important']],
    ['Drafts,Spam', ['\\Draft'], ['$Junk']],
    ['Trash,Opened', ['\\Deleted', '\\Seen'], ['Trash']],
    ['Work/2020,"Category Promotions"', [], ['Work/2020', 'Category_Promotions']],
    ['=?UTF-8?Q?Gr=C3=B6=C3=9Fe,Opened?=', ['\\Seen'], ['Gr&APYA3w-e']],
    ['=?UTF-8?B?R3LD?=\n =?UTF-8?B?tsOfZSxB?=', [], ['Gr&APYA3w-e', 'A']],
  ])('labels of Gmail: %s', async (labels, flags, keywords) => {
    expect(marks(await readOne(`X-Gmail-Labels: ${labels}`))).toEqual([[flags, keywords]]);
  });

  test('a label may hold a comma and a quote', () => {
    expect(gmailLabels('a,"b, c","d \\"e\\"",, f ')).toEqual(['a', 'b, c', 'd "e"', 'f']);
  });

  test('W5: a keyword that IMAP cannot hold is named', async () => {
    const items = await readOne('X-Gmail-Labels: (odd),fine', 'X-Keywords: 100% ok');
    expect(marks(items)).toEqual([[[], ['ok', 'fine']]]);
    expect(notesOf(items)).toEqual([
      'lost the keyword "100%", which IMAP cannot hold, on 1 message (message 1)',
      'lost the keyword "(odd)", which IMAP cannot hold, on 1 message (message 1)',
    ]);
  });

  test('W1: a field of the mail that only has such a name stays', async () => {
    const fields = ['Status: in progress', 'X-Status: open', 'X-UID: ann', 'Content-Length: many'];
    await put('Inbox', `${FROM}\n${mail('one', ...fields)}\n`);
    const items = (await readAll(await openSource(at('Inbox')))).get('INBOX');
    expect(bodies(items)).toEqual([mail('one', ...fields)]);
    expect(marks(items ?? [])).toEqual([[[], []]]);
  });

  test('W1: only the header is looked at, and line ends stay', async () => {
    const raw = 'Subject: a\r\nstatus: RO\r\nX: b\r\n c\r\n\r\nStatus: O\r\n';
    await put('Inbox', `${FROM}\r\n${raw}\r\n`);
    const items = (await readAll(await openSource(at('Inbox')))).get('INBOX');
    expect(bodies(items)).toEqual(['Subject: a\r\nX: b\r\n c\r\n\r\nStatus: O\r\n']);
  });
});
