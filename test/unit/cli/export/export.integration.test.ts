import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { INLINE_BODY_BYTES } from '../../../../functions/contract/limits.ts';
import { exportedIn, filesIn, manifestOf } from '../support/exported.ts';
import { makeLocalDirectory } from '../support/local-directory.ts';
import { ACCOUNT_PATH, type MailServer, startMailServer } from '../support/mail-server.ts';
import { type CliOptions, type CliResult, runCli } from '../support/run-cli.ts';
import { temporaryDirectory, useTemporaryDirectories } from '../support/temporary-directory.ts';

useTemporaryDirectories();

const ADMIN_PATH = ACCOUNT_PATH.replace('/v1/', '/v1/admin/');
const PROGRAM = join(import.meta.dirname, '../../../../cli/lethe.ts');

let server: MailServer;
let local: string;
let root: string;

beforeEach(async () => {
  server = await startMailServer();
  local = await makeLocalDirectory(server.api.url);
  root = await temporaryDirectory();
});

afterEach(() => server.api.close());

const out = (): string => join(root, 'out');

async function put(path: string, content: string | Uint8Array): Promise<void> {
  const file = join(root, 'in', path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}

const lethe = (argv: readonly string[], options: CliOptions = {}): Promise<CliResult> =>
  runCli([...argv, '--local', local], options);

const exported = (...argv: string[]): Promise<CliResult> =>
  lethe(['export', '-u', server.user, out(), ...argv]);

let keys = 0;

async function post(path: string, body: object, method = 'POST'): Promise<void> {
  keys += 1;
  const text = JSON.stringify(body);
  const target = `${ADMIN_PATH}/${path}`;
  const key = path === 'messages' ? { 'idempotency-key': `key-${keys}` } : {};
  const request = { method, target, headers: key, body: text, bytes: Buffer.from(text) };
  const { status = 200, body: said } = await server.answer(request);
  expect({ status, said }).toMatchObject({ status: expect.toSatisfy((one) => one < 300) });
}

const deliver = (mailbox: string, text: string, more: object = {}): Promise<void> =>
  post('messages', {
    mailbox,
    messages: [{ raw: Buffer.from(text).toString('base64'), ...more }],
  });

/** INBOX with flags, keywords, a gap between UIDs, and two more mailboxes. */
async function fill(): Promise<void> {
  await put('cur/17.a:2,S', 'Subject: a\n\nFrom me\n');
  await put('cur/16.b:2,Fab', 'Subject: b\r\n\r\nhello\r\n');
  await put('dovecot-keywords', '0 todo\n1 $Work\n');
  await put('dovecot-uidlist', '3 V77 N20 Gabc\n3 :17.a\n7 :16.b\n');
  await put('.Sub.&AOQ-/cur/1.x:2,D', 'Subject: x\n\nx\n');
  await put('.Sub.&AOQ-/dovecot-uidlist', '3 V88 N9 Gabc\n4 :1.x\n');
  await put('.Empty/cur/.keep', '');
  await put('subscriptions', 'V\t2\n\nSub\t&AOQ-\nINBOX\n');
  const imported = await lethe(['import', '-u', server.user, join(root, 'in')]);
  expect(imported.exitCode).toBe(0);
}

const read = (path: string): Promise<string> => readFile(join(out(), path), 'latin1');

describe('lethe export', () => {
  test('W1: to a Maildir: UIDs, flags, keywords, dates, subscriptions as Dovecot has them', async () => {
    await fill();
    const dates = new Map(
      (await server.messages('INBOX')).map(({ uid, internalDate }) => [uid, internalDate]),
    );
    const result = await exported('-f', 'json');
    expect({ code: result.exitCode, stderr: result.stderr }).toMatchObject({ code: 0 });
    expect(JSON.parse(result.stdout)).toMatchObject({
      complete: true,
      form: 'maildir',
      messages: 3,
      stored: 3,
      looks: 2,
      problems: [],
      subscriptions: 2,
      manifest: join(out(), 'lethe-export.jsonl'),
    });
    const files = await filesIn(out());
    const [one, two] = [
      files.find((file) => /U3V77/.test(file)),
      files.find((file) => /U7V77/.test(file)),
    ];
    expect(one).toMatch(/^cur\/\d+\.U3V77\.lethe,S=20,W=23:2,S$/);
    expect(two).toMatch(/^cur\/\d+\.U7V77\.lethe,S=21,W=21:2,Fab$/);
    expect(await read(one ?? '')).toBe('Subject: a\n\nFrom me\n');
    expect((await stat(join(out(), one ?? ''))).mtime.getTime()).toBe(dates.get(3));
    expect(await read('dovecot-keywords')).toBe('0 $Work\n1 todo\n');
    expect((await read('dovecot-uidlist')).split('\n').slice(0, 1)).toEqual([
      expect.stringMatching(/^3 V77 N20 G[0-9a-f]{32}$/),
    ]);
    expect(await read('.Sub.&AOQ-/dovecot-uidlist')).toMatch(/^3 V88 N9 G\w+\n4 :\d+\.U4V88/);
    expect(await read('subscriptions')).toBe('V\t2\n\nINBOX\nSub\t&AOQ-\n');
    expect(files).toContain('.Empty/maildirfolder');
    expect(await readdir(join(out(), '.Empty'))).toEqual(
      expect.arrayContaining(['cur', 'new', 'tmp', 'maildirfolder']),
    );
  });

  test('W1: the names of a Maildir in UTF-8, if asked', async () => {
    await fill();
    expect((await exported('--utf8')).exitCode).toBe(0);
    expect(await readdir(out())).toContain('.Sub.ä');
    expect(await readFile(join(out(), 'subscriptions'), 'utf8')).toContain('Sub\tä\n');
    expect((await exported('--utf8', '--form', 'eml')).exitCode).toBe(64);
  });

  test('W1: to mbox: one file for each mailbox, with the fields that Dovecot writes', async () => {
    await fill();
    expect((await exported('--form', 'mbox')).exitCode).toBe(0);
    expect(await filesIn(out())).toEqual(['Empty.mbox', 'INBOX.mbox', 'Sub/ä.mbox']);
    const text = await read('INBOX.mbox');
    expect(text.replace(/^From MAILER-DAEMON .*$/gm, 'From MAILER-DAEMON ...')).toBe(
      [
        'From MAILER-DAEMON ...',
        'X-IMAPbase: 77 0000000019 $Work todo',
        ...['Status: RO', 'X-UID: 3', 'Subject: a', '', '>From me', ''],
        'From MAILER-DAEMON ...',
        ...['Status: O', 'X-Status: F', 'X-Keywords: $Work todo', 'X-UID: 7'],
        ...['Subject: b\r', '\r', 'hello\r', '', ''],
      ].join('\n'),
    );
  });

  test('W1: to .eml files, named by UIDs; what they do not carry is named', async () => {
    await fill();
    const result = await exported('--form', 'eml');
    expect(result.exitCode).toBe(0);
    expect(await filesIn(out())).toEqual([
      'INBOX/0000000003.eml',
      'INBOX/0000000007.eml',
      'Sub/ä/0000000004.eml',
    ]);
    expect(result.stderr).toContain('note: INBOX has 2 messages with flags or keywords');
    expect(result.stderr).toContain('the form eml has no subscriptions');
  });

  test('O1: the manifest names each message, and ends with the totals', async () => {
    await fill();
    await exported();
    const lines = await manifestOf(out());
    expect(lines[0]).toMatchObject({ kind: 'export', user: server.user, form: 'maildir' });
    const one = lines.find(({ uid }) => uid === 7);
    expect(one).toMatchObject({
      ...{ kind: 'message', mailbox: 'INBOX', uidValidity: 77, size: 21, flags: ['\\Flagged'] },
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      path: expect.stringMatching(/^cur\/\d+\.U7V77/),
    });
    expect(lines.at(-1)).toMatchObject({ kind: 'totals', complete: true, messages: 3, went: 0 });
    for (const line of lines.filter(({ kind }) => kind === 'message')) {
      expect(await exportedIn(out(), line)).toBe(line.sha256);
    }
  });

  test('O1: --dry-run counts, and writes nothing', async () => {
    await fill();
    const result = await exported('--dry-run', '-f', 'json');
    expect(result.exitCode).toBe(0);
    expect(JSON.parse(result.stdout)).toMatchObject({ dryRun: true, mailboxes: 3, messages: 3 });
    await expect(readdir(out())).rejects.toThrow('ENOENT');
    await writeFile(out(), 'a file');
    expect((await exported('--dry-run')).exitCode).toBe(73);
  });

  test('O1: what is not exported is said: expunged in place, in the storage, deleted', async () => {
    await fill();
    await post('settings', { set: { lazyExpunge: 'in-place' } }, 'PATCH');
    await post('messages/expunge', { mailbox: 'INBOX', uids: [3] });
    await post('settings', { set: { lazyExpunge: '.EXPUNGED' } }, 'PATCH');
    await post('messages/expunge', { mailbox: 'INBOX', uids: [7] });
    await post('mailboxes/delete', { mailbox: 'Sub/ä' });
    const result = await exported();
    expect({ code: result.exitCode, stderr: result.stderr }).toMatchObject({ code: 0 });
    expect(result.stderr).toContain('1 message, 20 bytes expunged in place (lethe message unex');
    expect(result.stderr).toContain('1 message, 21 bytes in the expunge storage (lethe message re');
    expect(result.stderr).toContain('1 deleted folder with 1 message, 14 bytes (lethe mailbox un');
    expect(result.stderr).toContain('complete: 0 messages, 0 bytes');
    expect((await readdir(out())).filter((name) => /EXPUNGED/.test(name))).toEqual([]);
    expect((await manifestOf(out())).at(-1)).toMatchObject({
      notExported: { expungedInPlace: { messages: 1 }, deletedFolders: { folders: 1 } },
    });
  });

  test('W1: a message that comes by a presigned URL is exported byte for byte', async () => {
    const large = Buffer.alloc(INLINE_BODY_BYTES + 1, 'large\r\n');
    await put('cur/1.l:2,S', large);
    expect((await lethe(['import', '-u', server.user, join(root, 'in')])).exitCode).toBe(0);
    expect((await exported()).exitCode).toBe(0);
    const [file = ''] = (await filesIn(out())).filter((name) => /U1V/.test(name));
    expect((await readFile(join(out(), file))).equals(large)).toBe(true);
  });

  test('L8: --as exports what that user may read', async () => {
    await fill();
    const result = await exported('--as', server.user);
    expect(result.exitCode).toBe(0);
    expect(result.stderr).toContain('which administrators see alone');
    const asked = server.api.requests.map(({ target }) => target);
    expect(asked.some((target) => target.startsWith(`${ACCOUNT_PATH}/messages`))).toBe(true);
    expect(asked.some((target) => target.startsWith(ADMIN_PATH))).toBe(false);
  });

  test('W5: a message of which the bytes are lost is named; the others are exported', async () => {
    await fill();
    const lost = { status: 500, headers: { 'content-type': 'application/problem+json' } };
    const problem = {
      type: 'urn:lethe:internal',
      status: 500,
      title: 'fault',
      detail: 'is missing',
    };
    server.api.on(`GET ${ADMIN_PATH}/messages/3`, { ...lost, body: problem });
    const result = await exported('-f', 'json');
    expect(result.exitCode).toBe(65);
    expect(JSON.parse(result.stdout)).toMatchObject({ complete: false, stored: 2 });
    expect(result.stderr).toContain('not exported: INBOX, UID 3 could not be fetched: is missing');
    expect(result.stderr).toContain('not complete');
  });

  test('W5: bytes with another digest than the account knows are not exported', async () => {
    await fill();
    server.api.on(`GET ${ADMIN_PATH}/messages/3`, { body: 'Subject: b\n\nFrom me\n' });
    const result = await exported();
    expect(result.exitCode).toBe(65);
    expect(result.stderr).toContain('INBOX, UID 3 came with other bytes than were stored');
  });

  test('O2: a server that goes away ends it; the same again goes on', async () => {
    await fill();
    server.api.on(`GET ${ADMIN_PATH}/messages/7`, { status: 403, body: { message: 'no' } });
    const result = await exported();
    expect(result.exitCode).toBe(77);
    expect(result.stderr).toContain('Run the same export again');
    await expect(manifestOf(out())).rejects.toThrow('ENOENT');
    server.api.on(`GET ${ADMIN_PATH}/messages/7`, (request) => server.answer(request));
    expect((await exported()).exitCode).toBe(0);
  });

  test('U5: Ctrl-C tells what was done, with 130', async () => {
    await fill();
    const interruption = new AbortController();
    server.api.on(`GET ${ADMIN_PATH}/messages/7`, async (request) => {
      interruption.abort();
      return await server.answer(request);
    });
    const result = await lethe(['export', '-u', server.user, out()], { interruption });
    expect(result.exitCode).toBe(130);
    expect(result.stderr).toMatch(/stopped after \d message/);
  });

  test('O2: a file system that takes no more is no fault of lethe itself', async () => {
    await deliver('INBOX', `Subject: large\n\n${'x'.repeat(100_000)}`);
    const script = `ulimit -f 40; exec "$0" "$@"`;
    const words = [PROGRAM, '--local', local, 'export', '-u', server.user, out()];
    const child = spawn('sh', ['-c', script, process.execPath, ...words]);
    let said = '';
    child.stderr.on('data', (text) => {
      said += String(text);
    });
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, said }).toMatchObject({ code: 74 });
    expect(said).toContain(`${out()}: the file is too large for the file system`);
    expect(said).not.toContain('fault of lethe');
  });
});
