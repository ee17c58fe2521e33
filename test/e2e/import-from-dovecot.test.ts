/** Mailboxes that a real Dovecot wrote over IMAP, imported into the embedded AWS. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { AccountAnswer } from '../../functions/contract/api.ts';
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
import { fillMailbox, left } from '../dovecot/imap-mailbox.ts';
import { sampleMail } from '../dovecot/sample-mail.ts';
import { expectKept, expectSame, type Report } from './imported-mailbox.ts';
import { lethe, letheJson, startLethe } from './lethe-command.ts';
import { deployedStores, until } from './stores.ts';

const { found, missing } = findDovecot();
/** Some ten deliveries: enough to be killed among them. */
const MESSAGES = 1000;

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

describe.skipIf(found === undefined)(`Dovecot${missing ? ` (skipped: ${missing})` : ''}`, () => {
  test('W1, U5: 1,000 messages come as they are, though the first import is killed', async () => {
    const user = 'imap@example.org';
    const server = await start();
    const imap = await connect(server, user);
    await fillMailbox(imap, MESSAGES);
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
    await expectSame(imap, letheJson, user);

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
    // The account has a message more than the source, and all that the source has.
    expect(await lethe('import', '-u', user, '--verify-only', maildir)).toMatchObject({ code: 0 });
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
    await fillMailbox(imap, 200);
    await letheJson('user', 'add', user);
    const report = await letheJson<Report>(
      'import',
      '-u',
      user,
      join(server.home(user), 'Maildir'),
    );
    expectKept(report, left(200));
    await expectSame(imap, letheJson, user);
    await imap.logout();
    await expectExported(user, left(200));
  });

  test('W1: another store, through doveadm backup to a Maildir', async () => {
    const user = 'mdbox@example.org';
    const server = await start({ mailLocation: 'mdbox:~/mdbox' });
    const imap = await connect(server, user);
    await fillMailbox(imap, 200);
    const maildir = join(server.home(user), 'backup');
    server.doveadm('backup', '-u', user, `maildir:${maildir}`);
    await letheJson('user', 'add', user);
    expectKept(await letheJson<Report>('import', '-u', user, maildir), left(200));
    await expectSame(imap, letheJson, user);
    await imap.logout();
  });
});

/** An export is complete, and holds all that the account has: a comparison finds them equal. */
async function expectExported(user: string, messages: number): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'lethe-e2e-'));
  try {
    const exported = join(directory, 'Maildir');
    expect(await letheJson('export', '-u', user, exported)).toMatchObject({
      ...{ complete: true, messages, problems: [] },
      notExported: { unasked: false },
    });
    const compared = await letheJson<Report>('import', '-u', user, '--verify-only', exported);
    expect(compared).toMatchObject({ present: messages, equal: true });
    expect(compared.mailboxes.map(({ parity }) => parity.otherUids)).toEqual(
      compared.mailboxes.map(() => 0),
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

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
      const inbox = await requireMailbox(ports.rows, account, 'INBOX');
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
