import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { filesIn, manifestOf } from '../support/exported.ts';
import type { SeenRequest } from '../support/fake-api.ts';
import { makeLocalDirectory } from '../support/local-directory.ts';
import { ACCOUNT_PATH, type MailServer, startMailServer } from '../support/mail-server.ts';
import { type CliOptions, type CliResult, runCli } from '../support/run-cli.ts';
import { temporaryDirectory, useTemporaryDirectories } from '../support/temporary-directory.ts';

useTemporaryDirectories();

const ADMIN_PATH = ACCOUNT_PATH.replace('/v1/', '/v1/admin/');

let server: MailServer;
let local: string;
let out: string;
let accountId: string;

const STARTED = {
  operationId: 'op1',
  verb: 'delete-account',
  state: 'running',
  counts: {},
  billed: {},
};

/** What a dry run of the deletion answers. */
const estimate = () => ({
  dryRun: true,
  accountId,
  counts: { messages: 1, mailboxes: 1, bytes: 10 },
  remains: [],
  estimatedCostDollars: 0.0123,
  pricesOf: '2026-08-31',
});

beforeEach(async () => {
  server = await startMailServer();
  local = await makeLocalDirectory(server.api.url);
  out = join(await temporaryDirectory(), 'out');
  const [inbox] = await server.mailboxes();
  accountId = inbox?.mailboxId.slice(0, 24) ?? '';
  server.api.on(`DELETE ${ACCOUNT_PATH}`, ({ target }) =>
    target.includes('dryRun=true') ? { body: estimate() } : { status: 202, body: STARTED },
  );
  await deliver('first');
});

afterEach(() => server.api.close());

let keys = 0;

async function deliver(subject: string): Promise<void> {
  keys += 1;
  const raw = Buffer.from(`Subject: ${subject}\n\nbody\n`).toString('base64');
  const body = JSON.stringify({ messages: [{ raw }] });
  const headers = { 'idempotency-key': `key-${keys}` };
  const target = `${ACCOUNT_PATH}/messages`;
  await server.answer({ method: 'POST', target, headers, body, bytes: Buffer.from(body) });
}

const erase = (argv: readonly string[], options: CliOptions = {}): Promise<CliResult> =>
  runCli(['user', 'delete', server.user, '--no-wait', '--local', local, ...argv], options);

const deletions = (): SeenRequest[] =>
  server.api.requests.filter(
    ({ method, target }) => method === 'DELETE' && !target.includes('dryRun'),
  );

describe('W1: user delete --export', () => {
  test('exports, looks once more right before the request, and says what is not promised', async () => {
    const result = await erase(['--yes', '--export', out]);
    expect({ code: result.exitCode, stderr: result.stderr }).toMatchObject({ code: 0 });
    expect((await manifestOf(out)).at(-1)).toMatchObject({ complete: true, messages: 1 });
    expect(deletions()).toHaveLength(1);
    expect(deletions()[0]?.target).toContain(`accountId=${accountId}`);
    const asked = server.api.requests.map(({ method, target }) => `${method} ${target}`);
    const last = asked.findLastIndex((one) => one.includes(`${ADMIN_PATH}/messages?`));
    const fetched = asked.findIndex((one) => one.includes(`${ADMIN_PATH}/messages/1`));
    const erased = asked.findIndex((one) => /^DELETE (?!.*dryRun)/.test(one));
    expect([fetched < last, last < erased]).toEqual([true, true]);
    expect(result.stderr).toMatch(
      /Exported at \S+: 1 message\. What comes between this look and the moment at which the user is disabled is erased, and not exported\./,
    );
    expect(result.stdout).toContain('operationId=op1\n');
  });

  test('a no leaves the export, and nothing erased; the same again goes on', async () => {
    const result = await erase(['--export', out], { typed: 'no\n' });
    expect(result.exitCode).toBe(64);
    expect((await manifestOf(out)).at(-1)).toMatchObject({ complete: true, messages: 1 });
    expect(deletions()).toEqual([]);
    await deliver('second');
    const again = await erase(['--export', out], { typed: `${server.user}\n` });
    expect(again.exitCode).toBe(0);
    expect(again.stderr).toContain(`Exported to ${out}: 2 messages, 43 bytes.`);
    expect((await manifestOf(out)).at(-1)).toMatchObject({ complete: true, messages: 2 });
  });

  test('mail that comes after the first look is brought by the last one', async () => {
    let looks = 0;
    server.api.on(`GET ${ADMIN_PATH}/mailboxes/deleted`, async (request) => {
      // What is not exported is counted after the looks of an export.
      looks += 1;
      const reply = await server.answer(request);
      if (looks === 1) await deliver('late');
      return reply;
    });
    const result = await erase(['--yes', '--export', out]);
    expect(result.exitCode).toBe(0);
    expect(result.stderr).toContain('2 messages, 1 message of them since the first look');
    expect((await manifestOf(out)).at(-1)).toMatchObject({ complete: true, messages: 2 });
  });

  test.each([
    ['a message cannot be fetched', 65, 'not complete: nothing was erased'],
    ['the server refuses', 77, 'nothing was erased'],
    ['the directory holds something else', 73, 'is not empty'],
  ])('erases nothing where %s', async (what, code, said) => {
    const message = `GET ${ADMIN_PATH}/messages/1`;
    const headers = { 'content-type': 'application/problem+json' };
    const lost = { type: 'urn:lethe:internal', status: 500, title: 'fault', detail: 'lost' };
    if (code === 65) server.api.on(message, { status: 500, headers, body: lost });
    if (code === 77) server.api.on(message, { status: 403, body: { message: 'no' } });
    if (code === 73) out = local;
    const result = await erase(['--yes', '--export', out]);
    expect([what, result.exitCode]).toEqual([what, code]);
    expect(result.stderr).toContain(said);
    expect(deletions()).toEqual([]);
  });

  test('erases nothing where the address has become another account meanwhile', async () => {
    server.api.on(`GET ${ACCOUNT_PATH}`, { body: { user: server.user, accountId: 'another' } });
    const result = await erase(['--yes', '--export', out]);
    expect(result.exitCode).toBe(65);
    expect(result.stderr).toContain('has become another account: nothing was erased');
    expect(deletions()).toEqual([]);
  });

  test('Ctrl-C during the export erases nothing', async () => {
    const interruption = new AbortController();
    server.api.on(`GET ${ADMIN_PATH}/messages/1`, async (request) => {
      interruption.abort();
      return await server.answer(request);
    });
    const result = await erase(['--yes', '--export', out], { interruption });
    expect(result.exitCode).toBe(130);
    expect(result.stderr).toContain('interrupted: nothing was erased');
    expect(deletions()).toEqual([]);
  });

  test('O2: contradictory options are refused before anything is asked', async () => {
    for (const argv of [
      ['--export', out, '--dry-run'],
      ['--export-form', 'mbox', '--yes'],
    ]) {
      expect((await erase(argv)).exitCode).toBe(64);
    }
    expect(server.api.requests).toEqual([]);
  });

  test('goes to the form that is asked for', async () => {
    expect((await erase(['--yes', '--export', out, '--export-form', 'mbox'])).exitCode).toBe(0);
    expect(await filesIn(out)).toEqual(['INBOX.mbox']);
  });
});
