/** Mailboxes that a real Dovecot wrote over IMAP, imported into the embedded AWS. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { AccountAnswer, MailboxAnswer, MessageAnswer } from '../../functions/contract/api.ts';
import { requireActiveAccount } from '../../functions/core/accounts/accounts.ts';
import { requireMailbox } from '../../functions/core/mailboxes/mailboxes.ts';
import { fetchMessage } from '../../functions/core/messages/read-messages.ts';
import { findDovecot } from '../dovecot/dovecot-installation.ts';
import {
  type DovecotOptions,
  type DovecotServer,
  startDovecot,
} from '../dovecot/dovecot-server.ts';
import { ImapClient } from '../dovecot/imap-client.ts';
import { sampleMail } from '../dovecot/sample-mail.ts';
import { lethe, letheJson, startLethe } from './lethe-command.ts';
import { deployedStores, until } from './stores.ts';

const { found, missing } = findDovecot();
const MESSAGES = 3000;
const APPENDED_AT_ONCE = 100;
const FLAGS = [[], ['\\Seen'], ['\\Seen', '$Work', 'todo'], ['\\Flagged', '\\Answered', 'k3']];

/** Names in modified UTF-7 as IMAP has them, and as the API tells them. */
const FOLDERS = [
  ['INBOX', 'INBOX', 0.6],
  ['Archiv/Gr&APYA3w-e', 'Archiv/Größe', 0.3],
  ['&ZeVnLIqe-', '日本語', 0.1],
  ['Empty/nothing', 'Empty/nothing', 0],
] as const;

const { ports, clients } = deployedStores();
afterAll(() => clients.destroy());

let dovecot: DovecotServer | undefined;

afterEach(async () => {
  await dovecot?.stop();
  dovecot = undefined;
});

async function start(options: DovecotOptions = {}): Promise<DovecotServer> {
  if (found === undefined) throw new Error('not installed');
  dovecot = await startDovecot(found, options);
  return dovecot;
}

const connect = (server: DovecotServer, user: string) =>
  ImapClient.connect(server.imapPort, user, server.password);

/** Folders with flags, keywords, gaps between UIDs and after the last. */
async function fill(imap: ImapClient, messages: number): Promise<void> {
  let number = 0;
  for (const [name, , share] of FOLDERS) {
    if (name !== 'INBOX') await imap.create(name);
    await imap.subscribe(name);
    const count = Math.round(messages * share);
    for (let sent = 0; sent < count; sent += APPENDED_AT_ONCE) {
      const batch = Array.from({ length: Math.min(APPENDED_AT_ONCE, count - sent) }, () => {
        number += 1;
        const internalDate = new Date(Date.UTC(2020, 0, 1) + number * 60_000);
        return { raw: sampleMail(number), flags: FLAGS[number % FLAGS.length] ?? [], internalDate };
      });
      await imap.append(name, batch);
    }
    if (count === 0) continue;
    await imap.select(name);
    await imap.expunge(`2,5:9,${count}`);
  }
  // A subscription outlives its mailbox.
  await imap.create('Gone/away');
  await imap.subscribe('Gone/away');
  await imap.command('DELETE "Gone/away"');
}

interface Seen {
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly messages: readonly string[];
}

/** A mailbox as IMAP shows it: UIDs with flags, keywords and dates. */
async function seenByImap(imap: ImapClient, name: string): Promise<Seen> {
  const [status = ''] = await imap.command(`STATUS "${name}" (UIDVALIDITY UIDNEXT)`);
  await imap.command(`EXAMINE "${name}"`);
  const lines = await imap.command('UID FETCH 1:* (UID FLAGS INTERNALDATE)');
  const messages = lines.flatMap((line) => {
    const match = /UID (\d+) FLAGS \(([^)]*)\) INTERNALDATE "([^"]+)"/.exec(line);
    if (match === null) return [];
    const flags = (match[2] ?? '').split(' ').filter((flag) => flag !== '' && flag !== '\\Recent');
    return [shown(Number(match[1]), flags, new Date(match[3] ?? ''))];
  });
  return {
    uidValidity: Number(/UIDVALIDITY (\d+)/.exec(status)?.[1]),
    uidNext: Number(/UIDNEXT (\d+)/.exec(status)?.[1]),
    messages,
  };
}

const shown = (uid: number, flags: readonly string[], date: Date): string =>
  `${uid} ${[...flags].sort().join(' ')} ${date.toISOString()}`;

/** The same, as the API shows it. */
async function seenByApi(user: string, path: string): Promise<Seen> {
  const mailboxes = await letheJson<MailboxAnswer[]>('mailbox', 'list', '-u', user);
  const mailbox = mailboxes.find((one) => one.path === path);
  const list = await letheJson<MessageAnswer[]>('message', 'list', '-u', user, '-m', path);
  return {
    uidValidity: mailbox?.uidValidity ?? 0,
    uidNext: mailbox?.uidNext ?? 0,
    messages: list.map(({ uid, flags, keywords, internalDate }) =>
      shown(uid, [...flags, ...keywords], new Date(internalDate)),
    ),
  };
}

async function expectSame(imap: ImapClient, user: string): Promise<void> {
  for (const [name, path] of FOLDERS) {
    expect(await seenByApi(user, path)).toEqual(await seenByImap(imap, name));
  }
  const { items } = await apiSubscriptions(user);
  expect(items).toEqual([...FOLDERS.map(([, path]) => path), 'Gone/away'].sort());
}

const apiSubscriptions = async (user: string): Promise<{ items: string[] }> => {
  const list = await letheJson<{ path: string }[]>('mailbox', 'subscriptions', '-u', user);
  return { items: list.map(({ path }) => path).sort() };
};

interface Report {
  readonly stored: number;
  readonly present: number;
  readonly missing: number;
  readonly equal: boolean;
  readonly mailboxes: readonly {
    readonly notes: readonly string[];
    readonly parity: { readonly otherUids?: number };
  }[];
}

const expectKept = (report: Report, messages: number): void => {
  expect(report).toMatchObject({ missing: 0, equal: true });
  expect(report.stored + report.present).toBe(messages);
  expect(report.mailboxes.map(({ notes, parity }) => [notes, parity.otherUids])).toEqual(
    report.mailboxes.map(() => [[], 0]),
  );
};

/** 7 of each folder that has any are expunged. */
const left = (messages: number): number => messages - 7 * 3;

describe.skipIf(found === undefined)(`Dovecot${missing ? ` (skipped: ${missing})` : ''}`, () => {
  test('W1, U5: 3,000 messages come as they are, though the first import is killed', async () => {
    const user = 'imap@example.org';
    const server = await start();
    const imap = await connect(server, user);
    await fill(imap, MESSAGES);
    const maildir = join(server.home(user), 'Maildir');
    await letheJson('user', 'add', user);

    const killed = startLethe('import', '-u', user, maildir);
    const stored = async () => (await letheJson<AccountAnswer>('user', 'show', user)).messages;
    await until('the first messages', 120, async () => ((await stored()) > 0 ? true : undefined));
    killed.child.kill('SIGKILL');
    await killed.ended;
    const half = await stored();
    expect(half).toBeGreaterThan(0);
    expect(half).toBeLessThan(left(MESSAGES));

    const report = await letheJson<Report>('import', '-u', user, maildir);
    expectKept(report, left(MESSAGES));
    expect(report.present).toBeGreaterThanOrEqual(half);
    await expectSame(imap, user);

    // The user goes on: mail comes, keywords change, old mail goes.
    const fresh = [1, 2, 3].map((number) => ({ raw: sampleMail(MESSAGES + number) }));
    await imap.append('INBOX', fresh);
    await imap.select('INBOX');
    await imap.store('10:20', '+FLAGS (newword)');
    const again = await letheJson<Report>('import', '-u', user, maildir);
    expect(again.stored).toBe(3);
    expectKept(again, left(MESSAGES) + 3);
    expect(await lethe('import', '-u', user, '--verify-only', maildir)).toMatchObject({ code: 0 });
    await imap.expunge('30');
    expect(await lethe('import', '-u', user, '--verify-only', maildir)).toMatchObject({ code: 65 });
    await imap.logout();
  });

  test.each([
    ['a tree of directories', 'tree', 'maildir:~/Maildir:LAYOUT=fs'],
    ['a tree with names in UTF-8', 'utf8-tree', 'maildir:~/Maildir:UTF-8:LAYOUT=fs'],
    ['Maildir++ with names in UTF-8', 'utf8', 'maildir:~/Maildir:UTF-8'],
  ])('W1: %s', async (_, name, mailLocation) => {
    const user = `${name}@example.org`;
    const server = await start({ mailLocation });
    const imap = await connect(server, user);
    await fill(imap, 200);
    await letheJson('user', 'add', user);
    const report = await letheJson<Report>(
      'import',
      '-u',
      user,
      join(server.home(user), 'Maildir'),
    );
    expectKept(report, left(200));
    await expectSame(imap, user);
    await imap.logout();
  });

  test('W1: another store, through doveadm backup to a Maildir', async () => {
    const user = 'mdbox@example.org';
    const server = await start({ mailLocation: 'mdbox:~/mdbox' });
    const imap = await connect(server, user);
    await fill(imap, 200);
    const maildir = join(server.home(user), 'backup');
    server.doveadm('backup', '-u', user, `maildir:${maildir}`);
    await letheJson('user', 'add', user);
    expectKept(await letheJson<Report>('import', '-u', user, maildir), left(200));
    await expectSame(imap, user);
    await imap.logout();
  });
});

describe('messages of every size', () => {
  test('W1: 50 MB go by a presigned URL and come back byte for byte', async () => {
    const user = 'large@example.org';
    const directory = await mkdtemp(join(tmpdir(), 'lethe-e2e-'));
    try {
      const head = Buffer.from('Subject: large\r\n\r\n');
      const body = Buffer.alloc(50_000_000, 'large mail\r\n');
      await writeFile(join(directory, 'large.eml'), Buffer.concat([head, body]));
      await writeFile(join(directory, 'small.eml'), 'Subject: small\r\n\r\n');
      await letheJson('user', 'add', user);
      const report = await letheJson<Report>('import', '-u', user, directory);
      expect(report).toMatchObject({ stored: 2, missing: 0, equal: true });
      const account = await requireActiveAccount(ports.rows, user);
      const inbox = await requireMailbox(ports.rows, account.accountId, 'INBOX');
      const stored = await fetchMessage(ports, account, inbox, 1);
      expect(stored.message.envelope.subject).toBe('large');
      expect(Buffer.concat([head, body]).equals(stored.body)).toBe(true);
      expect(await letheJson<Report>('import', '-u', user, directory)).toMatchObject({
        stored: 0,
        present: 2,
      });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
