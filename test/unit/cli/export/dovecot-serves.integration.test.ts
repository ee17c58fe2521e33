/** What a real Dovecot shows of an export, beside the mailbox that the mail came from. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeModifiedUtf7 } from '../../../../cli/import/modified-utf7.ts';
import { findDovecot } from '../../../dovecot/dovecot-installation.ts';
import {
  type DovecotOptions,
  type DovecotServer,
  startDovecot,
} from '../../../dovecot/dovecot-server.ts';
import { ImapClient } from '../../../dovecot/imap-client.ts';
import {
  FOLDERS,
  fillMailbox,
  left,
  type Seen,
  SUBSCRIPTIONS,
  seenByImap,
} from '../../../dovecot/imap-mailbox.ts';
import { SOAK } from '../../../soak-sizes.ts';
import { exportTo } from '../support/exported.ts';
import { makeLocalDirectory } from '../support/local-directory.ts';
import { type MailServer, startMailServer } from '../support/mail-server.ts';
import { MemorySource } from '../support/memory-source.ts';
import { runCli } from '../support/run-cli.ts';
import { useTemporaryDirectories } from '../support/temporary-directory.ts';

useTemporaryDirectories();

/** 10,000 took 46 s on two cores with some other load, and 116 s with much. */
const MESSAGES = SOAK.exportedMessages;
const TIMEOUT_MS = 300_000;

const { found, missing } = findDovecot();

let dovecot: DovecotServer | undefined;
let accounts: MailServer[] = [];

beforeEach(() => {
  accounts = [];
});

afterEach(async () => {
  await dovecot?.stop();
  dovecot = undefined;
  for (const { api } of accounts) await api.close();
});

async function start(options: DovecotOptions = {}): Promise<DovecotServer> {
  if (found === undefined) throw new Error('not installed');
  dovecot = await startDovecot(found, options);
  return dovecot;
}

const connect = (server: DovecotServer, user: string): Promise<ImapClient> =>
  ImapClient.connect(server.imapPort, user, server.password);

interface Account {
  readonly server: MailServer;
  /** Runs a command that must succeed; answers its JSON. */
  readonly json: <T>(...argv: string[]) => Promise<T>;
}

async function openAccount(): Promise<Account> {
  const server = await startMailServer();
  accounts.push(server);
  const local = await makeLocalDirectory(server.api.url);
  return {
    server,
    async json<T>(...argv: string[]) {
      const result = await runCli([...argv, '-u', server.user, '--local', local, '-f', 'json']);
      if (result.exitCode !== 0)
        throw new Error(`${argv[0]}: ${result.exitCode}\n${result.stderr}`);
      return JSON.parse(result.stdout) as T;
    },
  };
}

/** The mail is that of whom Dovecot runs as. */
function give(path: string): void {
  if (process.getuid?.() !== 0) return;
  expect(spawnSync('chown', ['-R', 'nobody:nogroup', path]).status).toBe(0);
}

/** Digests of all bodies, as a client reads them. */
async function bodiesOf(imap: ImapClient, name: string): Promise<string> {
  await imap.command(`EXAMINE "${name}"`);
  const lines = await imap.command('UID FETCH 1:* (UID BODY.PEEK[])');
  return createHash('sha256')
    .update(lines.filter((line) => !/^\* OK/.test(line)).join('\n'))
    .digest('hex');
}

const subscribed = async (imap: ImapClient): Promise<string[]> =>
  (await imap.command('LSUB "" "*"')).map((line) => /"?([^" ]+)"?$/.exec(line)?.[1] ?? '').sort();

interface Report {
  readonly complete: boolean;
  readonly equal: boolean;
  readonly stored: number;
  readonly messages: number;
  readonly mailboxes: readonly { readonly parity?: { readonly otherUids?: number } }[];
}

describe.skipIf(found === undefined)(`Dovecot${missing ? ` (skipped: ${missing})` : ''}`, () => {
  test(
    `W1: ${MESSAGES} messages go from Dovecot into an account, out of it, and are served with the same UIDs, flags, keywords, dates and subscriptions`,
    async () => {
      const server = await start();
      const [from, to] = ['from@example.org', 'to@example.org'];
      const before = await connect(server, from);
      await fillMailbox(before, MESSAGES);
      const account = await openAccount();
      await account.json('import', join(server.home(from), 'Maildir'));

      const exported = join(server.home(to), 'Maildir');
      await mkdir(server.home(to), { recursive: true });
      expect(await account.json<Report>('export', exported)).toMatchObject({
        complete: true,
        messages: left(MESSAGES),
      });

      const second = await openAccount();
      const imported = await second.json<Report>('import', exported);
      expect(imported).toMatchObject({ equal: true, stored: left(MESSAGES) });
      expect(imported.mailboxes.map(({ parity }) => parity?.otherUids)).toEqual(
        imported.mailboxes.map(() => 0),
      );

      give(server.home(to));
      const after = await connect(server, to);
      for (const [name] of FOLDERS) {
        expect([name, await seenByImap(after, name)]).toEqual([
          name,
          await seenByImap(before, name),
        ]);
        expect(await bodiesOf(after, name)).toBe(await bodiesOf(before, name));
      }
      expect(await subscribed(after)).toEqual(await subscribed(before));
      expect(await subscribed(after)).toHaveLength(SUBSCRIPTIONS.length);
      // Dovecot has found nothing to mend.
      expect(server.log()).not.toMatch(/Error|Warning|Corrupted|Broken/);
      await before.logout();
      await after.logout();
    },
    TIMEOUT_MS,
  );

  test('W1: an mbox is served with the same UIDs, flags, keywords and dates', async () => {
    const mailLocation = 'mbox:~/mail:INBOX=~/mail/INBOX.mbox';
    const server = await start({ mailLocation, extraConfig: 'mbox_write_locks = fcntl\n' });
    const account = await openAccount();
    const source = await start200(account);
    const user = 'mbox@example.org';
    const exported = join(server.home(user), 'mail');
    await mkdir(server.home(user), { recursive: true });
    await account.json('export', exported, '--form', 'mbox');
    give(server.home(user));
    const imap = await connect(server, user);
    expect(await seenByImap(imap, 'INBOX')).toEqual(source);
    await imap.logout();
  });
});

describe.skipIf(found === undefined)('names of mailboxes', () => {
  const names = ['R&D', 'a.b/c.d', '.dot', 'INBOX/Sub', 'Größe/日本', 'back\\slash', 'x\\2ey'];

  test.each([
    ['modified UTF-7, as listescape reads them', 'maildir:~/Maildir', false],
    ['UTF-8', 'maildir:~/Maildir:UTF-8', true],
  ])('W1: are served in %s', async (_, mailLocation, utf8) => {
    const server = await start({
      mailLocation,
      extraConfig: 'protocol imap {\n mail_plugins = listescape\n}\n',
    });
    const user = 'names@example.org';
    const source = new MemorySource().add('INBOX');
    for (const name of names) source.add(name, { raw: Buffer.from('Subject: x\r\n\r\n') });
    source.subscribed = names;
    await mkdir(server.home(user), { recursive: true });
    const exported = join(server.home(user), 'Maildir');
    expect(await exportTo(exported, source, 'maildir', { utf8 })).toMatchObject({ complete: true });
    give(server.home(user));
    const imap = await connect(server, user);
    const wire = names.map(encodeModifiedUtf7).sort();
    const listed = (await imap.command('LIST (SUBSCRIBED) "" "*" RETURN (CHILDREN)')).map(nameOf);
    expect(listed.sort()).toEqual(wire);
    for (const name of wire) {
      const quoted = `"${name.replace(/["\\]/g, '\\$&')}"`;
      const [status = ''] = await imap.command(`STATUS ${quoted} (MESSAGES UIDVALIDITY)`);
      expect([name, /MESSAGES 1 UIDVALIDITY 7\d/.test(status)]).toEqual([name, true]);
    }
    await imap.logout();
  });
});

/** The name at the end of an answer to LIST. */
function nameOf(line: string): string {
  const [, quoted, bare = ''] = /"\/" (?:"((?:[^"\\]|\\.)*)"|(\S+))/.exec(line) ?? [];
  return quoted === undefined ? bare : quoted.replace(/\\(.)/g, '$1');
}

/** Fills an account by IMAP through a Dovecot of its own; answers what that shows of INBOX. */
async function start200({ json }: Account): Promise<Seen> {
  if (found === undefined) throw new Error('not installed');
  const server = await startDovecot(found);
  try {
    const imap = await connect(server, 'from@example.org');
    await fillMailbox(imap, 200);
    await json('import', join(server.home('from@example.org'), 'Maildir'));
    const seen = await seenByImap(imap, 'INBOX');
    await imap.logout();
    return seen;
  } finally {
    await server.stop();
  }
}
