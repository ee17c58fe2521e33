import { beforeEach, expect, test } from 'vitest';
import { ERROR_NAMES } from '../../../../functions/contract/error-names.ts';
import type { MessageQuery } from '../../../../functions/contract/query-api.ts';
import type { Account } from '../../../../functions/core/accounts/accounts.ts';
import { createAccount } from '../../../../functions/core/accounts/create-account.ts';
import { createMailbox } from '../../../../functions/core/mailboxes/create-mailbox.ts';
import { deliverMessages } from '../../../../functions/core/messages/deliver-messages.ts';
import { listMessages } from '../../../../functions/core/messages/read-messages.ts';
import { parseMessageQuery } from '../../../../functions/core/queries/parse-query.ts';
import { searchMessages } from '../../../../functions/core/queries/search-messages.ts';
import {
  type Selecting,
  selectMessages,
} from '../../../../functions/core/queries/select-messages.ts';
import { mail } from '../../../simulation/mail.ts';
import { CLASSES, World } from '../../../simulation/world.ts';

const USER = 'a@x.org';

let world: World;
let account: Account;
let pagesRead: number;

beforeEach(async () => {
  world = new World();
  account = await createAccount(world.ports, CLASSES, { user: USER });
  pagesRead = 0;
  for (const path of ['Zeta', 'Alpha']) await createMailbox(world.ports, account, path);
  await deliver('INBOX', ['i1', 'i2']);
  await deliver('Alpha', ['a1', 'a2', 'a3']);
  await deliver('Zeta', ['z1']);
});

async function deliver(mailbox: string, subjects: readonly string[]): Promise<void> {
  const messages = subjects.map((subject) => ({ raw: mail(subject) }));
  await deliverMessages(world.ports, { user: USER, mailbox, messages }, world.clock.now() + 1000);
}

/** `pageRows`: rows of a page at most, whatever is asked for. */
const selecting = (query: MessageQuery, pageRows = 500): Selecting => ({
  rows: world.rows,
  account,
  query: parseMessageQuery(query, world.clock.now()),
  readPage: (mailbox, { afterUid, limit }) => {
    pagesRead += 1;
    return listMessages(world.ports, mailbox, { afterUid, limit: Math.min(limit, pageRows) });
  },
});

const inTime = () => world.clock.now() + 1000;

test('W1: finds messages in order of mailbox and UID, the INBOX last', async () => {
  const found = await searchMessages(world.clock, selecting({ all: true }, 2), inTime());
  expect(found).toEqual({
    items: [
      { mailbox: 'Alpha', uid: 1, subject: 'a1' },
      { mailbox: 'Alpha', uid: 2, subject: 'a2' },
      { mailbox: 'Alpha', uid: 3, subject: 'a3' },
      { mailbox: 'Zeta', uid: 1, subject: 'z1' },
      { mailbox: 'INBOX', uid: 1, subject: 'i1' },
      { mailbox: 'INBOX', uid: 2, subject: 'i2' },
    ],
    count: 6,
    mailboxesMatched: 3,
    complete: true,
  });
});

test('O3: reads no mailbox that the query does not mean', async () => {
  await searchMessages(world.clock, selecting({ mailbox: 'Zeta', subject: 'z' }), inTime());
  expect(pagesRead).toBe(1);
});

test('O3: a search stops at its deadline and says so', async () => {
  const found = await searchMessages(world.clock, selecting({ all: true }, 2), world.clock.now());
  expect(found).toMatchObject({ count: 2, complete: false });
  expect(pagesRead).toBe(1);
});

test('a search for a mailbox that is not there finds nothing', async () => {
  const found = await searchMessages(world.clock, selecting({ mailbox: 'NoSuch' }), inTime());
  expect(found).toEqual({ items: [], count: 0, mailboxesMatched: 0, complete: true });
});

test('O2: what changes messages refuses a mailbox that is not there', async () => {
  await expect(selectMessages(selecting({ mailbox: 'NoSuch' }))).rejects.toThrow(
    expect.objectContaining({ name: ERROR_NAMES.unknownMailbox }),
  );
  expect((await selectMessages(selecting({ mailbox: 'NoSuch*' }))).mailboxes).toEqual([]);
});

test('a mailbox that may not be read is not there', async () => {
  const mayRead = ({ path }: { readonly path: string }) => path !== 'Zeta';
  const everything = { ...selecting({ all: true }), mayRead };
  expect(await searchMessages(world.clock, everything, inTime())).toMatchObject({ count: 5 });
  await expect(selectMessages({ ...selecting({ mailbox: 'Zeta' }), mayRead })).rejects.toThrow(
    expect.objectContaining({ name: ERROR_NAMES.unknownMailbox }),
  );
});

test('W3: takes the messages that are there when it starts, also in mailboxes it reaches later', async () => {
  const { mailboxes, pages } = await selectMessages(selecting({ mailbox: '*' }, 1));
  expect(mailboxes.map(({ path }) => path)).toEqual(['Alpha', 'Zeta', 'INBOX']);
  const taken: string[] = [];
  for await (const { mailbox, messages } of pages()) {
    for (const { uid, envelope } of messages) {
      taken.push(`${mailbox.path}:${uid}:${envelope.subject}`);
      if (taken.length <= 2) await deliver('INBOX', ['late']);
      if (taken.length <= 2) await deliver('Alpha', ['late']);
    }
  }
  expect(taken).toEqual([
    'Alpha:1:a1',
    'Alpha:2:a2',
    'Alpha:3:a3',
    'Zeta:1:z1',
    'INBOX:1:i1',
    'INBOX:2:i2',
  ]);
});
