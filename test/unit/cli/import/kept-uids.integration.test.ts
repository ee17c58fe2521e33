import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { INLINE_BODY_BYTES } from '../../../../functions/contract/limits.ts';
import type { DeliverRequest } from '../../../../functions/contract/requests/deliveries.ts';
import { makeLocalDirectory } from '../support/local-directory.ts';
import { ACCOUNT_PATH, type MailServer, startMailServer } from '../support/mail-server.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { temporaryDirectory, useTemporaryDirectories } from '../support/temporary-directory.ts';

useTemporaryDirectories();

let server: MailServer;
let local: string;
let root: string;

beforeEach(async () => {
  server = await startMailServer();
  local = await makeLocalDirectory(server.api.url);
  root = await temporaryDirectory();
});

afterEach(() => server.api.close());

async function put(path: string, content: string | Uint8Array): Promise<void> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}

const lethe = (...argv: string[]): Promise<CliResult> =>
  runCli(['import', '-u', server.user, root, '--local', local, '-f', 'json', ...argv]);

interface Report {
  readonly stored: number;
  readonly present: number;
  readonly missing: number;
  readonly equal: boolean;
  readonly mailboxes: readonly {
    readonly mailbox: string;
    readonly notes: readonly string[];
    readonly parity: { readonly extra: number; readonly otherUids?: number };
  }[];
}

async function imported(exitCode: number, ...argv: string[]): Promise<Report> {
  const result = await lethe(...argv);
  expect({ code: result.exitCode, stderr: result.stderr }).toMatchObject({ code: exitCode });
  return JSON.parse(result.stdout) as Report;
}

const uids = async (path: string): Promise<[number, string][]> => {
  const bodies = await server.bodies(path);
  return (await server.messages(path)).map(({ uid }, at) => [uid, bodies[at] ?? '']);
};
const mailbox = async (path: string) => (await server.mailboxes()).find((one) => one.path === path);

/** INBOX with UIDs 3, 7 and 9 and one file that Dovecot has not seen yet; UIDNEXT 20. */
async function putInbox(): Promise<void> {
  await put('cur/17.a,S=1:2,S', 'a');
  await put('cur/16.b:2,', 'b');
  await put('new/18.c', 'c');
  await put('new/19.d', 'd');
  await put('dovecot-uidlist', '3 V77 N20 Gabc\n3 :17.a,S=1\n5 :gone\n7 S1 W2 :16.b\n9 :18.c\n');
}

describe('UIDs of a Maildir that Dovecot wrote', () => {
  test('W1: are kept with UIDVALIDITY and UIDNEXT, in INBOX and in new mailboxes', async () => {
    await putInbox();
    await put('.Sub/cur/1.x:2,', 'x');
    await put('.Sub/dovecot-uidlist', '1 88 6\n4 1.x:2,S\n');
    await put('subscriptions', 'V\t2\n\nSub\nSub\t&AOQ-\nINBOX\n');
    const report = await imported(0);
    expect(report).toMatchObject({ stored: 5, present: 0, missing: 0, equal: true });
    expect(report.mailboxes.map(({ parity }) => parity.otherUids)).toEqual([0, 0]);
    // The file without a UID comes after everything that the source has given.
    expect(await uids('INBOX')).toEqual([
      [3, 'a'],
      [7, 'b'],
      [9, 'c'],
      [20, 'd'],
    ]);
    expect(await mailbox('INBOX')).toMatchObject({ uidValidity: 77, uidNext: 21 });
    expect(await mailbox('Sub')).toMatchObject({ uidValidity: 88, uidNext: 6 });
    expect(await server.subscriptions()).toEqual(['INBOX', 'Sub', 'Sub/ä']);
  });

  test('W1: that need more than one step of UIDNEXT are kept, gap by gap', async () => {
    const [first, second, next] = [2 ** 28 + 5, 2 ** 30, 2 ** 32 - 2];
    await put('cur/1.a:2,', 'a');
    await put('cur/2.b:2,', 'b');
    await put('cur/3.c:2,', 'c');
    const lines = [`${first} :1.a`, `${first + 1} :2.b`, `${second} :3.c`];
    await put('dovecot-uidlist', `3 V77 N${next}\n${lines.join('\n')}\n`);
    // What is there is not listed.
    const answer = JSON.stringify({ items: [] });
    server.api.on(`GET ${ACCOUNT_PATH}/messages`, { body: answer });
    await imported(65);
    expect(await mailbox('INBOX')).toMatchObject({ uidValidity: 77, uidNext: next, messages: 3 });
    const sent = server.api.requests
      .filter(({ method, target }) => method === 'POST' && target.endsWith('/messages'))
      .map(({ body }) => (JSON.parse(body) as DeliverRequest).messages.map(({ uid }) => uid));
    expect(sent).toEqual([[first, first + 1], [second]]);
  });

  test('U5: a second run brings only what is new, though flags and UIDs of the source moved on', async () => {
    await putInbox();
    await imported(0);
    await rename(join(root, 'cur/16.b:2,'), join(root, 'cur/16.b:2,FS'));
    await rename(join(root, 'new/19.d'), join(root, 'cur/19.d:2,S'));
    await put('cur/20.e:2,', 'e');
    await put('dovecot-uidlist', '3 V77 N20\n3 :17.a,S=1\n7 :16.b\n9 :18.c\n20 :19.d\n21 :20.e\n');
    expect(await imported(0)).toMatchObject({ stored: 1, present: 4, equal: true });
    expect((await uids('INBOX')).slice(3)).toEqual([
      [20, 'd'],
      [21, 'e'],
    ]);
    expect(await imported(0)).toMatchObject({ stored: 0, present: 5, equal: true });
  });

  test('W1: after its folder was deleted, the mail is brought again', async () => {
    await put('cur/1.a:2,', 'a');
    await put('.Sub/cur/1.x:2,', 'x');
    await put('.Sub/dovecot-uidlist', '1 88 6\n4 1.x:2,S\n');
    expect(await imported(0)).toMatchObject({ stored: 2 });
    for (let run = 0; run < 2; run += 1) {
      const body = JSON.stringify({ mailbox: 'Sub' });
      const target = `${ACCOUNT_PATH}/mailboxes/delete`;
      const gone = { method: 'POST', target, headers: {}, body, bytes: Buffer.from(body) };
      expect(await server.answer(gone)).toMatchObject({ status: 200 });
      expect(await imported(0)).toMatchObject({ stored: 1, missing: 0 });
      expect(await server.bodies('Sub')).toEqual(['x']);
    }
  });

  test('W1: mail that both sides got after the first run is kept on both, with a note', async () => {
    await put('cur/1.a:2,', 'a');
    await put('dovecot-uidlist', '3 V77 N2\n1 :1.a\n');
    await imported(0);
    // The account got UID 2 by itself; then so did the source.
    await server.answer({
      method: 'POST',
      target: '/v1/accounts/john@example.com/messages',
      headers: { 'idempotency-key': 'own' },
      bytes: Buffer.alloc(0),
      body: JSON.stringify({ messages: [{ raw: Buffer.from('own').toString('base64') }] }),
    });
    await put('cur/2.b:2,', 'b');
    await put('dovecot-uidlist', '3 V77 N3\n1 :1.a\n2 :2.b\n');
    const report = await imported(0);
    expect(report).toMatchObject({ stored: 1, present: 1, missing: 0, equal: false });
    expect(report.mailboxes[0]?.notes).toEqual([
      'UIDNEXT was 3 already: 1 message of the source with lower UIDs got new ones',
    ]);
    expect(report.mailboxes[0]?.parity).toMatchObject({ extra: 1, otherUids: 1 });
    expect(await uids('INBOX')).toEqual([
      [1, 'a'],
      [2, 'own'],
      [3, 'b'],
    ]);
    expect(await imported(0)).toMatchObject({ stored: 0, present: 2 });
  });

  test('L2: a name that has shown the UIDVALIDITY before takes the mail with new UIDs', async () => {
    await putInbox();
    await put('.Work/cur/1.a:2,', 'a');
    await put('.Work/dovecot-uidlist', '3 V77 N2\n1 :1.a\n');
    await imported(0);
    expect(await mailbox('Work')).toMatchObject({ uidValidity: 77 });
    const { status } = await server.answer({
      method: 'POST',
      target: '/v1/accounts/john@example.com/mailboxes/delete',
      headers: {},
      bytes: Buffer.alloc(0),
      body: JSON.stringify({ mailbox: 'Work' }),
    });
    expect(status).toBe(200);
    const report = await imported(0);
    const work = report.mailboxes.find((one) => one.mailbox === 'Work');
    expect(work?.notes).toEqual([
      expect.stringMatching(/^has UIDVALIDITY \d+, not 77 as in the source: what comes gets new/),
    ]);
    expect(await uids('Work')).toEqual([[1, 'a']]);
  });

  test('W1: a mailbox with another UIDVALIDITY takes the mail with new UIDs, once', async () => {
    await put('cur/1.z', 'z');
    await imported(0);
    await rm(join(root, 'cur/1.z'));
    await putInbox();
    const report = await imported(0);
    expect(report).toMatchObject({ stored: 4, missing: 0 });
    expect(report.mailboxes[0]?.notes).toEqual([
      expect.stringMatching(/^has UIDVALIDITY \d+, not 77 as in the source: what comes gets new/),
    ]);
    expect((await uids('INBOX')).map(([uid]) => uid)).toEqual([1, 2, 3, 4, 5]);
    expect(await imported(0)).toMatchObject({ stored: 0, present: 4 });
  });

  test('a list that is none, or of no UIDs, is passed over', async () => {
    await put('cur/1.x', 'x');
    for (const list of ['', 'garbage', '3 V0 N1\n1 :1.x\n', '3 V99999999999 N1\n1 :1.x\n']) {
      await put('dovecot-uidlist', list);
      expect(await imported(0, '--dry-run')).toMatchObject({ stored: 1 });
    }
    await put('dovecot-uidlist', '3 V5 N1\nx :1.x\n99999999999 :1.x\n');
    expect(await imported(0)).toMatchObject({ stored: 1, equal: true });
    expect(await mailbox('INBOX')).toMatchObject({ uidValidity: 5, uidNext: 2 });
  });
});

describe('the same content several times', () => {
  test('W1: two equal messages are two, also when the second comes later', async () => {
    await put('cur/1.x', 'same');
    expect(await imported(0)).toMatchObject({ stored: 1, equal: true });
    await put('cur/2.x', 'same');
    expect(await imported(0)).toMatchObject({ stored: 1, present: 1, equal: true });
    expect(await imported(0)).toMatchObject({ stored: 0, present: 2, equal: true });
    expect(await server.bodies('INBOX')).toEqual(['same', 'same']);
  });
});

describe('--verify-only', () => {
  test('tells whether both sides are equal, and changes nothing: 0 or 65', async () => {
    await putInbox();
    await put('.Sub/cur/1.x:2,', 'x');
    expect(await imported(65, '--verify-only')).toMatchObject({ missing: 5, equal: false });
    expect(await server.mailboxes()).toHaveLength(1);
    await imported(0);
    expect(await imported(0, '--verify-only')).toMatchObject({ missing: 0, equal: true });
    await put('.Sub/cur/1.x:2,', 'y');
    expect(await imported(65, '--verify-only')).toMatchObject({ missing: 1, equal: false });
    const posts = server.api.requests.filter(({ method }) => method !== 'GET').length;
    await imported(65, '--verify-only');
    expect(server.api.requests.filter(({ method }) => method !== 'GET')).toHaveLength(posts);
    expect((await lethe('--verify-only', '--dry-run')).exitCode).toBe(64);
  });
});

describe('large messages', () => {
  test('W1: go by a presigned URL, in their place, and are not sent again', async () => {
    const large = Buffer.alloc(INLINE_BODY_BYTES + 1, 'l');
    await put('cur/1.a', 'a');
    await put('cur/2.l', large);
    await put('cur/3.b', 'b');
    expect(await imported(0)).toMatchObject({ stored: 3, equal: true });
    expect((await server.messages('INBOX')).map(({ sizeBytes }) => sizeBytes)).toEqual([
      1,
      INLINE_BODY_BYTES + 1,
      1,
    ]);
    const uploads = () => server.api.requests.filter(({ method }) => method === 'PUT').length;
    expect(uploads()).toBe(1);
    expect(await imported(0)).toMatchObject({ stored: 0, present: 3, equal: true });
    expect(uploads()).toBe(1);
  });

  test('W1: come back by one, byte for byte', async () => {
    await put('cur/1.l', Buffer.alloc(INLINE_BODY_BYTES + 1, 'l'));
    expect(await imported(0)).toMatchObject({ stored: 1 });
    const fetch = ['message', 'fetch', '-u', server.user, '-m', 'INBOX', '--uid', '1'];
    const { exitCode, stdout } = await runCli([...fetch, '--local', local]);
    expect(exitCode).toBe(0);
    expect(stdout === 'l'.repeat(INLINE_BODY_BYTES + 1)).toBe(true);
  });
});
