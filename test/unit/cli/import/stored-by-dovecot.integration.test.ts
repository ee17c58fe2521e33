/** Mailboxes that a real Dovecot stores encrypted or compressed: refused, and the way out works. */
import { generateKeyPairSync } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findDovecot } from '../../../dovecot/dovecot-installation.ts';
import { type DovecotServer, startDovecot } from '../../../dovecot/dovecot-server.ts';
import { ImapClient } from '../../../dovecot/imap-client.ts';
import { sampleMail } from '../../../dovecot/sample-mail.ts';
import { makeLocalDirectory } from '../support/local-directory.ts';
import { type MailServer, startMailServer } from '../support/mail-server.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { temporaryDirectory, useTemporaryDirectories } from '../support/temporary-directory.ts';

useTemporaryDirectories();

const USER = 'john@example.org';
const MESSAGES = 5;

const { found, missing } = findDovecot();

let account: MailServer;
let local: string;
let dovecot: DovecotServer | undefined;

beforeEach(async () => {
  account = await startMailServer();
  local = await makeLocalDirectory(account.api.url);
});

afterEach(async () => {
  await dovecot?.stop();
  dovecot = undefined;
  await account.api.close();
});

/** A Dovecot that has taken some messages with this configuration. */
async function filled(extraConfig: string): Promise<DovecotServer> {
  if (found === undefined) throw new Error('not installed');
  const server = await startDovecot(found, { extraConfig });
  dovecot = server;
  const imap = await ImapClient.connect(server.imapPort, USER, server.password);
  const raws = Array.from({ length: MESSAGES }, (_, number) => ({ raw: sampleMail(number + 1) }));
  await imap.append('INBOX', raws);
  await imap.logout();
  return server;
}

const imported = (path: string): Promise<CliResult> =>
  runCli(['import', '-u', account.user, path, '--local', local, '-f', 'json']);

interface Report {
  readonly stored: number;
  readonly skipped: number;
  readonly equal: boolean;
  readonly problems: readonly { readonly reason: string }[];
}

/** Nothing of it is imported, and each message is told with the command that helps. */
async function expectRefused(path: string, form: string): Promise<string> {
  const result = await imported(path);
  expect(result.exitCode).toBe(65);
  const report = JSON.parse(result.stdout) as Report;
  expect(report).toMatchObject({ stored: 0, skipped: MESSAGES, equal: false });
  const reasons = new Set(report.problems.map(({ reason }) => reason));
  expect(reasons.size).toBe(1);
  const [reason = ''] = reasons;
  expect(reason).toContain(form);
  return /\((doveadm .*)\)/.exec(reason)?.[1] ?? '';
}

/** The command as it was told, with user and directory put in, writes what can be imported. */
async function expectWayOut(server: DovecotServer, command: string): Promise<void> {
  const target = join(server.home(USER), 'clear');
  const words = command.replace('USER', USER).replace('maildir:DIR', `maildir:${target}`);
  server.doveadm(...words.split(' ').slice(1));
  const result = await imported(target);
  expect({ code: result.exitCode, stderr: result.stderr }).toMatchObject({ code: 0 });
  expect(JSON.parse(result.stdout)).toMatchObject({ stored: MESSAGES, equal: true });
  const bodies = Array.from({ length: MESSAGES }, (_, number) =>
    sampleMail(number + 1).toString('latin1'),
  );
  expect((await account.bodies('INBOX')).map(withCrlf)).toEqual(bodies.map(withCrlf));
}

/** Dovecot stores line feeds alone. */
const withCrlf = (text: string): string => text.replace(/\r?\n/g, '\r\n');

const zlib = (save: string): string =>
  `mail_plugins = zlib\nplugin {\n zlib_save = ${save}\n zlib_save_level = 6\n}\n`;

describe.skipIf(found === undefined)(
  `W5: mail that Dovecot stores${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    test('encrypted with mail_crypt is refused, and the way out is the one that is named', async () => {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      const keys = await temporaryDirectory();
      await chmod(keys, 0o755);
      const [secret, open] = [join(keys, 'private.pem'), join(keys, 'public.pem')];
      await writeFile(secret, privateKey.export({ type: 'pkcs8', format: 'pem' }));
      await writeFile(open, publicKey.export({ type: 'spki', format: 'pem' }));
      const server = await filled(
        `mail_plugins = mail_crypt\nplugin {\n mail_crypt_global_private_key = <${secret}\n mail_crypt_global_public_key = <${open}\n mail_crypt_save_version = 2\n}\n`,
      );
      const maildir = join(server.home(USER), 'Maildir');
      const command = await expectRefused(maildir, 'encrypted by the mail_crypt plugin of Dovecot');
      await expectWayOut(server, command);
    });

    test.each([
      ['gz', 'compressed with gzip'],
      ['bz2', 'compressed with bzip2'],
      ['zstd', 'compressed with zstd'],
      ['lz4', 'compressed with lz4 by Dovecot'],
    ])(
      'compressed with %s is refused, and the way out is the one that is named',
      async (save, form) => {
        const server = await filled(zlib(save));
        const command = await expectRefused(join(server.home(USER), 'Maildir'), form);
        await expectWayOut(server, command);
      },
    );
  },
);
