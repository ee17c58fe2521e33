import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { MessageQuery } from '../../../functions/contract/query-api.ts';
import type { Write } from '../../../functions/core/ports/row-store.ts';
import { ADMIN, DRY, FolderDoors, JOHN } from './folder-doors.ts';

let doors: FolderDoors;
beforeEach(async () => {
  doors = await FolderDoors.open();
});

const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');

async function deliver(mailbox: string, ...raws: (string | Buffer)[]): Promise<void> {
  const messages = raws.map((raw) => ({ raw: base64(raw) }));
  const { status, text } = await doors.ask(`POST ${JOHN}/messages`, {
    body: { mailbox, messages },
  });
  expect(status, text).toBe(201);
}

async function post(path: string, body: object, query = ''): Promise<Record<string, unknown>> {
  const answer = await doors.ask(`POST ${ADMIN}/${path}?${query}`, { body });
  expect(answer.status, answer.text).toBeLessThan(300);
  return answer.body;
}

async function live(mailbox: string): Promise<unknown> {
  const { body } = await doors.ask(
    `GET ${JOHN}/mailboxes/status?mailbox=${encodeURIComponent(mailbox)}`,
  );
  return body['messages'];
}

const colleagues = Array.from({ length: 6 }, (_, n) => `colleague-${n}@example.com`).join(', ');

describe('W5, L9: what a query may mean to spare is not expunged', () => {
  test.each<[string, MessageQuery, string | Buffer]>([
    ['To beyond what the row holds', { to: 'legal@' }, `To: ${colleagues}, legal@example.com\n\n`],
    ['a long Subject', { subject: 'keep me' }, `Subject: ${'Re: '.repeat(40)}keep me\n\n`],
    ['decomposed letters', { subject: 'B\u00fcrgschaft' }, 'Subject: Bu\u0308rgschaft\n\n'],
    ['raw Latin 1', { subject: 'B\u00fcrg' }, Buffer.from('Subject: B\xfcrg\n\n', 'latin1')],
    ['a second author', { from: 'second@' }, 'From: a@x.org, second@x.org\n\n'],
    ['a sender', { from: 'second@' }, 'From: a@x.org\nSender: second@x.org\n\n'],
    ['a copy', { to: 'legal@' }, 'To: a@x.org\nCc: legal@x.org\n\n'],
    ['a blind copy', { to: 'legal@' }, 'Bcc: legal@x.org\n\n'],
    ['a header without end', { subject: 'keep' }, `X: ${'a'.repeat(300_000)}\nSubject: keep\n\n`],
    ['a host in Unicode', { from: 'b\u00fccher.example' }, 'From: a@xn--bcher-kva.example\n\n'],
    ['a damaged line', { subject: 'keep' }, 'Sub\u0000ject: keep\n\n'],
    ['a soft hyphen', { subject: 'keep' }, 'Subject: ke\u00adep\n\n'],
    ['an encoded joiner', { subject: 'keep' }, 'Subject: =?utf-8?Q?ke=E2=80=8Dep?=\n\n'],
    ['another hyphen', { subject: 'e-mail' }, 'Subject: e\u2011mail\n\n'],
    ['hyphen in UTF-7', { subject: 'e-mail' }, 'Subject: =?utf-7?Q?e+AC0-mail?=\n\n'],
    ['another quotation mark', { subject: "don't" }, 'Subject: don\u2019t\n\n'],
    [
      'the earlier of two Dates',
      { sentBefore: { at: '2010-01-01T00:00:00Z' } },
      'Date: Mon, 1 Jan 2024 10:00:00 +0000\nDate: Mon, 1 Jan 2001 10:00:00 +0000\n\n',
    ],
    [
      'the later of two Dates',
      { not: { sentBefore: { at: '2010-01-01T00:00:00Z' } } },
      'Date: Mon, 1 Jan 2001 10:00:00 +0000\nDate: Mon, 1 Jan 2024 10:00:00 +0000\n\n',
    ],
    ['no readable Date', { sentBefore: { secondsAgo: 0 } }, 'Date: yesterday\n\n'],
  ])('%s', async (_, spared, raw) => {
    await deliver('INBOX', raw);
    const gone = await post('messages/expunge', { query: { mailbox: 'INBOX', not: spared } });
    expect(gone['expunged']).toEqual([]);
    expect(await live('INBOX')).toBe(1);
  });

  test('answers say of how many messages the row does not tell', async () => {
    await deliver('INBOX', `Subject: ${'a'.repeat(200)}\n\n`, 'Subject: b\n\n');
    const query = { mailbox: 'INBOX', not: { subject: 'c' } };
    const told = { undecided: 1, complete: true };
    expect(await post('messages/search', { query })).toMatchObject({ count: 1, ...told });
    expect(await post('messages/expunge', { query }, DRY)).toMatchObject(told);
    await doors.make('Target');
    expect(await post('messages/copy-by-query', { query, to: 'Target' })).toMatchObject(told);
    expect(await post('messages/expunge', { query })).toMatchObject({
      ...told,
      expunged: [{ mailbox: 'INBOX', uid: 2 }],
    });
    expect(await post('messages/search', { query: { mailbox: 'INBOX' } })).not.toHaveProperty(
      'undecided',
    );
  });

  test('L9: what a human looks for is found, expunged or not', async () => {
    await doors.ask(`PATCH ${ADMIN}/settings`, { body: { set: { lazyExpunge: '.EXPUNGED' } } });
    const raw = base64('Message-ID: <7@x.org>\nTo: a@x.org\nCc: Bea <b@x.org>\nSubject: s\n\nbody');
    const marked = { raw, flags: ['\\Flagged'], keywords: ['work'] };
    const plain = { raw: base64('To: a@x.org\nSubject: t\n\n') };
    const body = { mailbox: 'INBOX', messages: [marked, plain] };
    await doors.ask(`POST ${JOHN}/messages`, { body });
    const wanted: MessageQuery[] = [
      { cc: 'bea' },
      { recipient: 'b@x.org' },
      { messageId: '<7@x.org>' },
      { flag: '\\Flagged' },
      { keyword: 'WORK' },
      { larger: 40 },
      { not: { smaller: 40 }, recipient: 'a@x.org' },
    ];
    for (const query of wanted) {
      expect(await post('messages/search', { query }), JSON.stringify(query)).toMatchObject({
        items: [{ mailbox: 'INBOX', uid: 1 }],
        complete: true,
      });
    }
    await post('messages/expunge', { query: { mailbox: 'INBOX', cc: 'bea' } });
    const query = { keyword: 'work', messageId: '7@x' };
    expect(await post('messages/restore', { query }, DRY)).toMatchObject({
      restored: [{ to: 'INBOX' }],
    });
  });

  test('a restore tells it, too', async () => {
    await doors.ask(`PATCH ${ADMIN}/settings`, { body: { set: { lazyExpunge: '.EXPUNGED' } } });
    await deliver('INBOX', `Subject: ${'a'.repeat(200)}\n\n`, 'Subject: b\n\n');
    await post('messages/expunge', { query: { mailbox: 'INBOX', all: true } });
    const restored = await post('messages/restore', { query: { subject: 'b' } });
    expect(restored).toMatchObject({ undecided: 1, restored: [{ to: 'INBOX' }] });
  });
});

describe('W5, L9: names that look like patterns', () => {
  beforeEach(async () => {
    await doors.make('Rabatt 50%', 'Rabatt 50% alt', 'Rabatt 500 Kunden');
    for (const mailbox of ['Rabatt 50%', 'Rabatt 50% alt', 'Rabatt 500 Kunden']) {
      await deliver(mailbox, 'Subject: x\n\n');
    }
  });

  const expungedIn = async (mailbox: string): Promise<string[]> => {
    const gone = await post('messages/expunge', { query: { mailbox, all: true } }, DRY);
    return (gone['expunged'] as { mailbox: string }[]).map((one) => one.mailbox).toSorted();
  };

  test.each([
    ['Rabatt 50%', ['Rabatt 50%']],
    ['Rabatt 50\\%', ['Rabatt 50%']],
    ['Rabatt 50%%', ['Rabatt 50%', 'Rabatt 50% alt', 'Rabatt 500 Kunden']],
    ['Rabatt 50\\% %', ['Rabatt 50% alt']],
    ['Rabatt 500*', ['Rabatt 500 Kunden']],
  ])('%s means %j', async (mailbox, expected) => {
    expect(await expungedIn(mailbox)).toEqual(expected);
  });

  test('W5: the same request again reaches no other when the one that it means has gone', async () => {
    const query = { mailbox: 'Rabatt 50%', all: true };
    const gone = await post('messages/expunge', { query, deleteEmptied: true });
    expect(gone).toMatchObject({ expunged: [{ mailbox: 'Rabatt 50%' }], deleted: ['Rabatt 50%'] });
    const again = await doors.ask(`POST ${ADMIN}/messages/expunge`, { body: { query } });
    expect(again.status).toBe(404);
    expect(await expungedIn('Rabatt 50%%')).toEqual(['Rabatt 50% alt', 'Rabatt 500 Kunden']);
  });

  test('W5: neither when it was renamed', async () => {
    const body = { from: 'Rabatt 50%', to: 'Keep' };
    await post('mailboxes/rename', body);
    const query = { mailbox: 'Rabatt 50%', all: true };
    const again = await doors.ask(`POST ${ADMIN}/messages/expunge`, { body: { query } });
    expect(again.status).toBe(404);
  });

  test('W5: `not` spares all that the pattern matches, whichever has it for a name', async () => {
    const query = { mailbox: 'Rabatt*', not: { mailbox: 'Rabatt 50%' } };
    const gone = await post('messages/expunge', { query }, DRY);
    expect(gone['mailboxesMatched']).toBe(0);
    const alone = { mailbox: 'Rabatt*', not: { mailbox: 'Rabatt 50\\%' } };
    expect(await post('messages/expunge', { query: alone }, DRY)).toMatchObject({
      mailboxesMatched: 2,
    });
  });

  test('W5: so it does when that one has gone', async () => {
    await doors.removed({ mailbox: 'Rabatt 50%' });
    const query = { mailbox: '*', not: { mailbox: 'Rabatt 50%' } };
    await post('messages/expunge', { query });
    expect([await live('Rabatt 50% alt'), await live('Rabatt 500 Kunden')]).toEqual([1, 1]);
  });

  test('what is spared twice is meant, and only the one that has the name', async () => {
    const query = { mailbox: 'Rabatt*', not: { not: { mailbox: 'Rabatt 50%' } } };
    await post('messages/expunge', { query });
    expect([await live('Rabatt 50%'), await live('Rabatt 50% alt')]).toEqual([0, 1]);
  });

  test.each(['*', '%', '*/*', '%%'])('A2: a mailbox called %s hides no other', async (name) => {
    const made = await doors.ask(`POST ${JOHN}/mailboxes`, { body: { path: name } });
    expect(made.status, made.text).toBe(201);
    await deliver(name, 'Subject: x\n\n');
    const { mailboxesMatched } = await post('messages/expunge', { query: { mailbox: '*' } }, DRY);
    expect(mailboxesMatched).toBeGreaterThan(3);
    await doors.removed({ mailbox: name });
    await post('messages/expunge', { query: { mailbox: '*' } });
    expect(await live('Rabatt 50% alt')).toBe(0);
  });

  test('a policy can name one of them alone', async () => {
    const mailboxes = { 'Rabatt 50\\%': { autoexpunge: { afterSeconds: 60 } } };
    await doors.ask(`PATCH ${ADMIN}/settings`, { body: { set: { mailboxes } } });
    const rows = doors.world.rows
      .rows('dictmap')
      .filter(({ attributes }) => attributes['autoexpungeAfterSeconds'] === 60);
    expect(rows.map(({ attributes }) => attributes['path'])).toEqual(['Rabatt 50%']);
  });
});

describe('L9: a target among the sources', () => {
  test('DEV-03: none is made below the storage', async () => {
    await doors.ask(`PATCH ${ADMIN}/settings`, { body: { set: { lazyExpunge: 'Expunged' } } });
    await deliver('INBOX', 'Subject: x\n\n');
    const body = { query: { mailbox: 'INBOX' }, to: 'Expunged/sub', createTarget: true };
    const answer = await doors.ask(`POST ${ADMIN}/messages/copy-by-query`, { body });
    expect([answer.status, await live('Expunged/sub')]).toEqual([404, undefined]);
  });

  test('gets nothing of its own, however often it is asked', async () => {
    await doors.make('Archive');
    await deliver('Archive', 'Subject: a\n\n');
    await deliver('INBOX', 'Subject: b\n\n');
    for (const expected of [2, 3, 4]) {
      await post('messages/copy-by-query', { query: { mailbox: '*', all: true }, to: 'Archive' });
      expect(await live('Archive')).toBe(expected);
    }
  });

  test('W1: a move into it ends nothing', async () => {
    await doors.make('Archive');
    await deliver('Archive', 'Subject: a\n\n');
    await post('messages/move-by-query', { query: { mailbox: '*', all: true }, to: 'Archive' });
    expect(await live('Archive')).toBe(1);
  });
});

describe('W1, W8: a message that gets a flag while a query expunges', () => {
  test.each(['expunge', 'move-by-query'])('%s spares it, and takes the others', async (verb) => {
    await doors.make('Elsewhere');
    await deliver('INBOX', 'Subject: a\n\n', 'Subject: b\n\n');
    const { rows } = doors.world;
    const transact = rows.transact.bind(rows);
    vi.spyOn(rows, 'transact').mockImplementationOnce(async (writes: readonly Write[]) => {
      const body = { mailbox: 'INBOX', uids: [1], add: { flags: ['\\Flagged'] } };
      const { status } = await doors.ask(`POST ${JOHN}/messages/flags`, { body });
      expect(status).toBe(200);
      return await transact(writes);
    });
    const query = { mailbox: 'INBOX', not: { flag: '\\Flagged' } };
    await post(`messages/${verb}`, verb === 'expunge' ? { query } : { query, to: 'Elsewhere' });
    const { body } = await doors.ask(`GET ${ADMIN}/messages?mailbox=INBOX`);
    expect(body['items']).toMatchObject([{ uid: 1, flags: ['\\Flagged'] }]);
  });
});

describe('W1, W8: a mailbox that gets another name while a query expunges', () => {
  /** After all that a request reads, before the first that it writes. */
  function renameBeforeTheNextTransaction(from: string, to: string): void {
    const { rows } = doors.world;
    const transact = rows.transact.bind(rows);
    vi.spyOn(rows, 'transact').mockImplementationOnce(async (writes: readonly Write[]) => {
      const { status } = await doors.ask(`POST ${JOHN}/mailboxes/rename`, { body: { from, to } });
      expect(status).toBeLessThan(300);
      return await transact(writes);
    });
  }

  test.each(['expunge', 'move-by-query'])('%s leaves it alone', async (verb) => {
    await doors.make('Trash', 'Elsewhere');
    await deliver('Trash', 'Subject: a\n\n');
    renameBeforeTheNextTransaction('Trash', 'Keep for ever');
    const to = verb === 'expunge' ? {} : { to: 'Elsewhere' };
    const answer = await post(`messages/${verb}`, {
      query: { mailbox: 'Trash', all: true },
      ...to,
    });
    expect(answer).toMatchObject({
      complete: true,
      [verb === 'expunge' ? 'expunged' : 'done']: [],
    });
    expect(await live('Keep for ever')).toBe(1);
  });
});
