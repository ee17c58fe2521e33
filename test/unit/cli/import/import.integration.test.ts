import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DELIVERY_MESSAGES, INLINE_BODY_BYTES } from '../../../../functions/contract/limits.ts';
import type { DeliverRequest } from '../../../../functions/contract/requests/deliveries.ts';
import { type FakeApi, problemReply, type SeenRequest } from '../support/fake-api.ts';
import { makeLocalDirectory } from '../support/local-directory.ts';
import { ACCOUNT_PATH, type MailServer, startMailServer } from '../support/mail-server.ts';
import { type CliOptions, type CliResult, runCli } from '../support/run-cli.ts';
import { temporaryDirectory, useTemporaryDirectories } from '../support/temporary-directory.ts';

useTemporaryDirectories();

const USER = 'john@example.com';
const ADMIN_PATH = ACCOUNT_PATH.replace('/v1/', '/v1/admin/');
const DELIVER = `POST ${ACCOUNT_PATH}/messages`;

let server: MailServer;
let api: FakeApi;
let local: string;
let root: string;

beforeEach(async () => {
  server = await startMailServer();
  api = server.api;
  local = await makeLocalDirectory(api.url);
  root = await temporaryDirectory();
});

afterEach(() => api.close());

const paths = async (): Promise<string[]> =>
  (await server.mailboxes()).map(({ path }) => path).sort();

async function put(path: string, content: string | Uint8Array): Promise<void> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}

/** Messages in INBOX, named so that their order is that of their numbers. */
async function putMany(count: number, content = (number: number): string => `${number}`) {
  await mkdir(join(root, 'cur'), { recursive: true });
  for (let number = 1; number <= count; number++) {
    await writeFile(join(root, 'cur', `${number}.x`), content(number));
  }
}

const lethe = (argv: readonly string[] = [], options: CliOptions = {}): Promise<CliResult> =>
  runCli(['import', '-u', USER, root, '--local', local, ...argv], options);

const deliveries = (): SeenRequest[] =>
  api.requests.filter(({ method, target }) => method === 'POST' && target.endsWith('/messages'));

describe('lethe import', () => {
  test('W1: stores every message byte for byte, with mailbox, flags, keywords and date', async () => {
    const bytes = Buffer.from([0, 13, 10, 200, 255]);
    await put('cur/1.x:2,SF', bytes);
    await put('.Sub.Entw&APw-rfe/cur/1.x:2,DP', 'draft');
    const result = await lethe(['-f', 'json']);
    expect(result.exitCode).toBe(0);
    expect(await paths()).toEqual(['INBOX', 'Sub/Entwürfe']);
    expect(await server.bodies('INBOX')).toEqual([bytes.toString('latin1')]);
    expect(await server.bodies('Sub/Entwürfe')).toEqual(['draft']);
    const [inbox, drafts] = deliveries()
      .map(({ body }) => JSON.parse(body) as DeliverRequest)
      .sort((a, b) => ((a.mailbox ?? '') < (b.mailbox ?? '') ? -1 : 1));
    expect(inbox?.messages[0]).toMatchObject({ flags: ['\\Flagged', '\\Seen'], keywords: [] });
    expect(drafts?.messages[0]).toMatchObject({ flags: ['\\Draft'], keywords: ['$Forwarded'] });
    expect(JSON.parse(result.stdout)).toMatchObject({
      format: 'Maildir',
      complete: true,
      stored: 2,
      bytes: 10,
      skipped: 0,
    });
  });

  test('only missing mailboxes are created, each before its mail', async () => {
    await put('cur/1.x', 'a');
    await put('.Old/cur/1.x', 'b');
    expect((await lethe()).exitCode).toBe(0);
    api.requests.length = 0;
    await put('.New/cur/1.x', 'c');
    await put('.Empty/cur/.keep', '');
    expect((await lethe()).exitCode).toBe(0);
    const created = api.requests
      .filter(({ method, target }) => method === 'POST' && target.endsWith('/mailboxes'))
      .map(({ body }) => JSON.parse(body).path);
    expect(created.sort()).toEqual(['Empty', 'New']);
    expect(await server.bodies('Old')).toEqual(['b']);
  });

  test('a mailbox that somebody else created meanwhile is used', async () => {
    await put('cur/1.x', 'a');
    await put('.Old/cur/1.x', 'b');
    await lethe();
    api.on(`GET ${ACCOUNT_PATH}/mailboxes`, { body: { items: [] } }, server.answer);
    await put('.Old/cur/2.x', 'c');
    expect((await lethe()).exitCode).toBe(0);
    expect(await server.bodies('Old')).toEqual(['b', 'c']);
  });

  test('requests are cut by count and by bytes, and UIDs keep the order', async () => {
    const half = 'x'.repeat(INLINE_BODY_BYTES / 2);
    const count = DELIVERY_MESSAGES + 5;
    await putMany(count, (number) =>
      number > DELIVERY_MESSAGES ? `${number}${half}` : `${number}`,
    );
    expect((await lethe()).exitCode).toBe(0);
    const sizes = deliveries().map(
      ({ body }) => (JSON.parse(body) as DeliverRequest).messages.length,
    );
    // The large ones are a little over half of what fits, so each goes by itself.
    expect(sizes).toEqual([DELIVERY_MESSAGES, 1, 1, 1, 1, 1]);
    expect((await server.bodies('INBOX')).map((body) => Number.parseInt(body, 10))).toEqual(
      Array.from({ length: count }, (_, at) => at + 1),
    );
  });

  test('--mailbox-prefix puts all below one mailbox', async () => {
    await put('cur/1.x', 'a');
    await put('.Sub/cur/1.x', 'b');
    expect((await lethe(['--mailbox-prefix', 'Old mail/2019/'])).exitCode).toBe(0);
    expect(await server.bodies('Old mail/2019/INBOX')).toEqual(['a']);
    expect(await server.bodies('Old mail/2019/Sub')).toEqual(['b']);
    const refused = await lethe(['--mailbox-prefix', 'a//b']);
    expect(refused.exitCode).toBe(64);
    expect(refused.stderr).toContain('--mailbox-prefix: got "a//b"');
  });

  test('O1: --dry-run reads everything, says so, and asks the server nothing', async () => {
    await putMany(3);
    const result = await lethe(['--dry-run', '-f', 'flow']);
    expect(result).toMatchObject({
      exitCode: 0,
      stdout: 'dryRun=true mailbox=INBOX stored=3 bytes=3 present=0 skipped=0\n',
    });
    expect(api.requests).toEqual([]);
  });

  test('an unknown user ends with 67, before any mail is sent', async () => {
    api.on(`GET ${ACCOUNT_PATH}`, problemReply('urn:lethe:unknown-user', 404, 'unknown'));
    await putMany(1);
    expect((await lethe()).exitCode).toBe(67);
    expect(deliveries()).toEqual([]);
  });
});

describe('running an import again', () => {
  test('U5: stores nothing twice, also when a mailbox holds the same messages twice', async () => {
    await putMany(2 * DELIVERY_MESSAGES, () => 'the same');
    await lethe();
    expect(await server.bodies('INBOX')).toHaveLength(2 * DELIVERY_MESSAGES);
    const again = await lethe();
    expect(again.exitCode).toBe(0);
    expect(await server.bodies('INBOX')).toHaveLength(2 * DELIVERY_MESSAGES);
  });

  test('U5: goes on where it was interrupted', async () => {
    await putMany(5 * DELIVERY_MESSAGES);
    const interruption = new AbortController();
    api.on(DELIVER, (request) => {
      if (deliveries().length === 2) interruption.abort();
      return server.answer(request);
    });
    const first = await lethe(['-f', 'json'], { interruption });
    expect(first.exitCode).toBe(130);
    expect(first.stderr).toContain(`stopped after ${2 * DELIVERY_MESSAGES} messages`);
    expect(first.stderr).toContain(
      'Run the same import again: it brings what is missing, and nothing twice.',
    );
    expect(JSON.parse(first.stdout)).toMatchObject({
      complete: false,
      stored: 2 * DELIVERY_MESSAGES,
    });
    expect(await server.bodies('INBOX')).toHaveLength(2 * DELIVERY_MESSAGES);
    expect((await lethe()).exitCode).toBe(0);
    expect(await server.bodies('INBOX')).toEqual(
      Array.from({ length: 5 * DELIVERY_MESSAGES }, (_, at) => `${at + 1}`),
    );
  });

  test('U5: a request whose answer was lost is sent again and stored once', async () => {
    await putMany(3);
    api.on(
      DELIVER,
      async (request) => {
        await server.answer(request);
        return { hangUp: true };
      },
      problemReply('urn:lethe:busy', 503, 'busy'),
      server.answer,
    );
    expect((await lethe()).exitCode).toBe(0);
    expect(deliveries()).toHaveLength(3);
    expect(new Set(deliveries().map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    expect(await server.bodies('INBOX')).toEqual(['1', '2', '3']);
  });
});

describe('W5: what is not imported is told', () => {
  test('a refused message is found among the others, reported and skipped: 65', async () => {
    await putMany(20, (number) => (number === 13 ? 'bad' : `${number}`));
    api.on(DELIVER, (request) => {
      const bad = request.body.includes(Buffer.from('bad').toString('base64'));
      return bad ? problemReply('urn:lethe:invalid-input', 400, 'no') : server.answer(request);
    });
    const result = await lethe(['-f', 'flow']);
    expect(result.exitCode).toBe(65);
    expect(result.stderr).toContain(`skipped: ${join(root, 'cur', '13.x')} was refused: no\n`);
    expect(result.stdout).toContain('mailbox=INBOX stored=19 bytes=29 present=0 skipped=1 ');
    expect(await server.bodies('INBOX')).toEqual(
      Array.from({ length: 20 }, (_, at) => `${at + 1}`).filter((body) => body !== '13'),
    );
  });

  test('a mailbox name that is refused skips its folder; the others go on: 65', async () => {
    api.on(`POST ${ACCOUNT_PATH}/mailboxes`, problemReply('urn:lethe:invalid-input', 400, 'name'));
    await put('cur/1.x', 'a');
    await put('.Bad..Name/cur/1.x', 'b');
    const result = await lethe();
    expect(result.exitCode).toBe(65);
    expect(result.stderr).toContain('skipped: mailbox Bad//Name name\n');
    expect(await server.bodies('INBOX')).toEqual(['a']);
  });

  test('a fault that concerns all mail stops the import with its code, and says how far it got', async () => {
    await putMany(3 * DELIVERY_MESSAGES);
    const fenced = problemReply('urn:lethe:account-not-active', 409, 'is being erased');
    api.on(DELIVER, server.answer, fenced);
    const result = await lethe(['-f', 'json']);
    expect(result.exitCode).toBe(75);
    expect(result.stderr).toContain(`stopped after ${DELIVERY_MESSAGES} messages.`);
    expect(result.stderr).toContain('lethe: is being erased\n');
    expect(deliveries()).toHaveLength(2);
    expect(JSON.parse(result.stdout)).toMatchObject({ complete: false, stored: DELIVERY_MESSAGES });
  });

  test('L7: over quota is no case for trying again, and says what helps: 77', async () => {
    await putMany(2);
    const full = problemReply('urn:lethe:quota-exceeded', 409, 'exceeds the quota');
    api.on(DELIVER, full);
    const result = await lethe();
    expect(result.exitCode).toBe(77);
    expect(result.stderr).toContain('Raise the limit (lethe quota set), or give --over-quota.');
  });

  test('L7: administrators can pass it', async () => {
    await putMany(2);
    api.on(`POST ${ADMIN_PATH}/messages`, server.answer);
    expect(await lethe(['--over-quota'])).toMatchObject({ exitCode: 0 });
    const [delivery] = deliveries();
    expect(delivery?.target).toContain('/v1/admin/');
    expect(JSON.parse(delivery?.body ?? '')).toMatchObject({ overQuota: true });
  });

  test('W5: what is left out and is in no mailbox makes the source not equal', async () => {
    await putMany(1, () => 'x');
    await put('old.mbox', 'From a Tue Mar  3 10:11:12 2020\nSubject: x\n\nx\n');
    const { exitCode, stderr } = await lethe(['-f', 'flow']);
    expect(exitCode).toBe(65);
    expect(stderr).toContain('not equal: 1 of the source is left out and in no mailbox\n');
    expect(stderr).not.toContain('parity:');
    // No mailbox says of itself that it is equal: what is left out may have been meant for it.
    const { stdout } = await lethe(['-f', 'json', '--verify-only']);
    const { equal, mailboxes } = JSON.parse(stdout);
    expect({ equal, parity: mailboxes[0].parity }).toEqual({
      equal: false,
      parity: {
        ...{ source: expect.anything(), target: expect.anything() },
        ...{ missing: 0, extra: 0 },
      },
    });
    for (const format of ['flow', 'table']) {
      expect((await lethe(['-f', format])).stdout).not.toContain('equal');
    }
  });

  test('W5: what lies beside the mail is told once, some of it, and all is counted', async () => {
    await putMany(1, () => 'x');
    for (let number = 0; number < 25; number += 1) {
      await put(`.Sub.${number}/cur/1.x`, 'x');
      await put(`.Sub.${number}/README.${Math.max(2, number)}`, 'read me');
    }
    const { stderr } = await lethe(['-f', 'flow']);
    expect(stderr.match(/^no mail: .* README\.\d+$/gm)).toHaveLength(20);
    expect(stderr).toMatch(/^no mail: \S+Sub\.0 \(and 2 like it\) .* README\.2$/m);
    expect(stderr).toContain('no mail: 3 more\n');
  });

  test('many problems are told in part, and counted in full', async () => {
    await putMany(30, () => '');
    const { stdout, stderr, exitCode } = await lethe(['-f', 'flow']);
    expect(exitCode).toBe(65);
    expect(stderr.match(/^skipped: .* is empty$/gm)).toHaveLength(20);
    expect(stderr).toContain('skipped: 10 more\n');
    expect(stdout).toContain('mailbox=INBOX stored=0 bytes=0 present=0 skipped=30 ');
  });
});
