import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeFailure, readFailure } from '../../../cli/api/failures.ts';
import { parseRetryAfter, TRIES_MAX } from '../../../cli/api/retry.ts';
import { resolveEndpoint } from '../../../cli/settings.ts';
import { PROBLEMS } from '../../../functions/contract/api.ts';
import { LOCAL_DIRECTORY } from '../../../functions/contract/outputs.ts';
import { problemReply } from './support/fake-api.ts';
import { ACCESS_KEY_ID, REGION } from './support/local-directory.ts';
import { type CliResult, runCli } from './support/run-cli.ts';
import { temporaryDirectory, useTemporaryDirectories } from './support/temporary-directory.ts';
import { useFakeApi } from './support/use-fake-api.ts';

useTemporaryDirectories();

const USER = 'john@example.com';
const SHOW = 'GET /v1/accounts/john%40example.com';
const DELETE = 'DELETE /v1/accounts/john%40example.com';
const ACCOUNT = {
  accountId: 'a1',
  user: USER,
  aliases: [],
  state: 'active',
  retentionClass: 'r30',
  createdAt: '2026-11-01T00:00:00.000Z',
  mailboxes: 2,
  messages: 1234,
  bytes: 5_600_000,
};

const fake = useFakeApi();

const lethe = (...argv: string[]): Promise<CliResult> => runCli([`--local=${fake.local}`, ...argv]);

describe('O2: refusals of the API end with the exit code of their type', () => {
  test.each(Object.entries(PROBLEMS))('%s', async (type, { status, exitCode }) => {
    fake.api.on(SHOW, problemReply(type, status, 'what is wrong', { operationId: 'op7' }));
    const result = await lethe('user', 'show', USER);
    expect(result.exitCode).toBe(exitCode);
    expect(result.stderr).toContain('lethe: what is wrong\n');
    expect(result.stderr).toContain('lethe operation show op7');
    expect(result.stdout).toBe('');
  });

  test('every field that was wrong is named', async () => {
    const errors = [{ field: 'aliases[0]', message: 'got "x", allowed is an address' }];
    const problem = problemReply('urn:lethe:invalid-input', 400, 'bad input', { errors });
    fake.api.on('POST /v1/accounts', problem);
    const result = await lethe('user', 'add', USER, '--alias', 'x');
    expect(result.exitCode).toBe(64);
    expect(result.stderr).toContain('  aliases[0]: got "x", allowed is an address\n');
    expect(JSON.parse(fake.api.requests[0]?.body ?? '')).toEqual({ user: USER, aliases: ['x'] });
  });

  test('a field that the detail tells already is not told twice', async () => {
    const errors = [{ field: 'user', message: 'got "x", allowed is y' }];
    const problem = problemReply('urn:lethe:invalid-input', 400, 'user: got "x", allowed is y.', {
      errors,
    });
    fake.api.on(SHOW, problem);
    const { stderr } = await lethe('user', 'show', USER);
    expect(stderr).toBe('lethe: user: got "x", allowed is y.\n');
  });

  test('a type that this version does not know ends by its status', async () => {
    fake.api.on(SHOW, problemReply('urn:lethe:new', 403, 'no'));
    expect((await lethe('user', 'show', USER)).exitCode).toBe(77);
  });

  test('control characters of an answer do not reach the terminal', async () => {
    fake.api.on(SHOW, problemReply('urn:lethe:unknown-user', 404, 'no \u001b[31m user\u202e'));
    const { stderr } = await lethe('user', 'show', USER);
    expect(stderr).toContain('no \\u{1b}[31m user\\u{202e}');
  });
});

describe('what no part of Lethe answered', () => {
  test.each([
    [403, '{"message":"Forbidden"}', 77, 'the server answered 403: Forbidden'],
    [404, '{"message":"Not Found"}', 78, 'Does --url point to the API of Lethe?'],
    [200, '<html>hello</html>', 78, 'the answer is not JSON'],
  ])('%i %s ends with %i', async (status, body, exitCode, message) => {
    fake.api.on(SHOW, { status, body });
    const result = await lethe('user', 'show', USER);
    expect(result.exitCode).toBe(exitCode);
    expect(result.stderr).toContain(message);
    expect(fake.api.requests).toHaveLength(1);
  });

  test('nothing listens: 69 at once', async () => {
    await fake.api.close();
    const result = await lethe('user', 'show', USER);
    expect(result.exitCode).toBe(69);
    expect(result.stderr).toContain('cannot reach the server');
    expect(result.sleeps).toEqual([]);
  });

  test('an untrusted certificate leads to --ca-file', () => {
    const error = Object.assign(new Error('self-signed certificate'), {
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    const { error: described, transient } = describeFailure(error);
    expect(transient).toBe(false);
    expect(described.exitCode).toBe(69);
    expect(described.hint).toContain('--ca-file');
  });

  test('a gateway that found its function throttled is worth another try', () => {
    const body = Buffer.from('{"message":"Internal Server Error"}');
    expect(readFailure({ status: 500, headers: {}, body }).transient).toBe(true);
  });
});

describe('O3: trying again', () => {
  const busy = problemReply('urn:lethe:busy', 503, 'busy');

  test('waits at least as long as Retry-After says, then gets the answer', async () => {
    const later = { ...busy, headers: { ...busy.headers, 'retry-after': '3' } };
    fake.api.on(SHOW, later, busy, { body: ACCOUNT });
    const result = await lethe('user', 'show', USER, '-f', 'json');
    expect(result.exitCode).toBe(0);
    expect(JSON.parse(result.stdout)).toEqual(ACCOUNT);
    expect(fake.api.requests).toHaveLength(3);
    expect(result.sleeps[0]).toBe(3000);
    expect(result.sleeps[1]).toBeLessThan(1000);
  });

  test('is bounded, and ends with 75', async () => {
    fake.api.on(SHOW, busy);
    const result = await lethe('user', 'show', USER);
    expect(result.exitCode).toBe(75);
    expect(fake.api.requests).toHaveLength(TRIES_MAX);
    expect(result.sleeps).toHaveLength(TRIES_MAX - 1);
    for (const [at, ms] of result.sleeps.entries()) {
      expect(ms).toBeGreaterThanOrEqual(100 * 2 ** at);
      expect(ms).toBeLessThanOrEqual(200 * 2 ** at);
    }
  });

  test('a long Retry-After is told, not waited for', async () => {
    fake.api.on(SHOW, { ...busy, headers: { ...busy.headers, 'retry-after': '600' } });
    const result = await lethe('user', 'show', USER);
    expect(result).toMatchObject({ exitCode: 75, sleeps: [] });
    expect(result.stderr).toContain('Try again in 600 seconds.');
  });

  test('U5: a deletion whose answer was lost is sent again: it is one operation', async () => {
    fake.api.on(
      DELETE,
      { body: { dryRun: true, accountId: 'a1', counts: {}, remains: [] } },
      { hangUp: true },
      { status: 202, body: { operationId: 'op1', counts: {}, billed: {} } },
    );
    const result = await lethe('user', 'delete', USER, '--yes', '--no-wait');
    expect(result.exitCode).toBe(0);
    const queries = fake.api.requests.map(({ target }) => target.split('?')[1]);
    expect(queries).toEqual(['dryRun=true', 'accountId=a1', 'accountId=a1']);
  });

  test('a creation is not sent again: the second would report the first as taken', async () => {
    fake.api.on('POST /v1/accounts', { hangUp: true }, { status: 201, body: ACCOUNT });
    const result = await lethe('user', 'add', USER);
    expect(result.exitCode).toBe(69);
    expect(fake.api.requests).toHaveLength(1);
  });

  test('Retry-After is seconds or a date', () => {
    const now = Date.UTC(2026, 10, 22, 12);
    expect(parseRetryAfter('120', now)).toBe(120_000);
    expect(parseRetryAfter('Sun, 22 Nov 2026 12:00:05 GMT', now)).toBe(5000);
    expect(parseRetryAfter('Sun, 22 Nov 2026 11:00:00 GMT', now)).toBe(0);
    expect(parseRetryAfter('soon', now)).toBeUndefined();
  });
});

describe('settings', () => {
  const io = { env: {}, cwd: '/' };

  test('--local names API, region, certificate and credentials', async () => {
    const endpoint = await resolveEndpoint({ local: fake.local }, io);
    expect(endpoint).toMatchObject({ region: REGION, url: new URL(fake.api.url) });
    expect(endpoint.ca).toContain('BEGIN CERTIFICATE');
    expect(await endpoint.credentials()).toMatchObject({ accessKeyId: ACCESS_KEY_ID });
  });

  const EVERYTHING = { LETHE_URL: 'https://env.example.com', AWS_REGION: 'us-east-1' };

  test('O2: the command line wins over the environment, by --url and by --local', async () => {
    const env = { ...EVERYTHING, LETHE_LOCAL: '/none' };
    const fromLocal = await resolveEndpoint({ local: fake.local }, { ...io, env });
    expect(fromLocal.url.href).toBe(`${fake.api.url}/`);
    const options = { url: 'https://option.example.com', region: 'eu-west-2' };
    const fromOptions = await resolveEndpoint(options, { ...io, env });
    expect(fromOptions.url.host).toBe('option.example.com');
    expect(fromOptions.region).toBe('eu-west-2');
  });

  test('O2: the environment alone says it by either variable; an empty one says nothing', async () => {
    for (const name of ['LETHE_LOCAL', 'LETHE_LOCAL_DIRECTORY']) {
      const env = { LETHE_URL: '', [name]: fake.local };
      expect((await resolveEndpoint({}, { ...io, env })).url.href).toBe(`${fake.api.url}/`);
    }
    const env = { ...EVERYTHING, LETHE_LOCAL: '', LETHE_LOCAL_DIRECTORY: '' };
    expect((await resolveEndpoint({}, { ...io, env })).url.host).toBe('env.example.com');
  });

  test.each([
    [
      { url: 'https://x.example.com', local: true as const },
      {},
      64,
      '--url and --local: allowed is',
    ],
    [{}, { LETHE_LOCAL: '/a' }, 78, 'LETHE_URL is https://env.example.com and an embedded AWS'],
    [{}, { LETHE_LOCAL_DIRECTORY: '/a' }, 78, 'is named, /a: which one is meant is not clear'],
    [
      { local: true as const },
      { LETHE_LOCAL: '/a', LETHE_LOCAL_DIRECTORY: '/b' },
      78,
      'LETHE_LOCAL is /a and LETHE_LOCAL_DIRECTORY is /b: which one',
    ],
  ])(
    'O2: %j with %j names two places and is refused with %i',
    async (options, env, exitCode, message) => {
      const resolving = resolveEndpoint(options, { ...io, env: { ...EVERYTHING, ...env } });
      await expect(resolving).rejects.toMatchObject({
        exitCode,
        message: expect.stringContaining(message),
      });
    },
  );

  test('O2: --local alone means the one that LETHE_LOCAL names, a directory with it another', async () => {
    const env = { LETHE_LOCAL: fake.local, LETHE_URL: 'https://env.example.com' };
    const endpoint = await resolveEndpoint({ local: true }, { ...io, env });
    expect(endpoint.url.href).toBe(`${fake.api.url}/`);
    const elsewhere = resolveEndpoint({ local: '/none' }, { ...io, env });
    await expect(elsewhere).rejects.toThrow('/none/outputs.json');
    const usual = resolveEndpoint({ local: true }, io);
    await expect(usual).rejects.toThrow('/.lethe/local/outputs.json');
  });

  test('the region is read from the address of an API Gateway', async () => {
    const url = 'https://abc.execute-api.ap-southeast-2.amazonaws.com';
    expect((await resolveEndpoint({ url }, io)).region).toBe('ap-southeast-2');
  });

  test.each([
    [{}, 'where the API is, is not known'],
    [{ url: 'https://x.example.com' }, 'which AWS region is not known'],
    [
      { url: 'http://x.example.com', region: 'r' },
      'got "http://x.example.com", allowed is an https',
    ],
    [{ url: 'x', region: 'r' }, 'got "x", allowed is'],
    [{ url: 'https://x', region: 'r', caFile: 'none.pem' }, 'cannot read the CA file at /none.pem'],
    [{ local: '/none' }, 'cannot read the embedded AWS at /none/outputs.json'],
  ])('O2: %j is refused with 78: %s', async (options, message) => {
    await expect(resolveEndpoint(options, io)).rejects.toMatchObject({
      exitCode: 78,
      message: expect.stringContaining(message),
    });
  });

  test('O2: a state file without what is needed is refused, naming it', async () => {
    await writeFile(join(fake.local, 'outputs.json'), '{"caFile":"ca.pem"}');
    const result = await lethe('user', 'show', USER);
    expect(result.exitCode).toBe(78);
    expect(result.stderr).toContain('outputs.json has no "apiUrl"');
  });

  test('a bare --local before a command does not swallow the command', async () => {
    const empty = await temporaryDirectory();
    const result = await runCli(['--local', 'user', 'show', USER], { cwd: empty });
    expect(result.exitCode).toBe(78);
    expect(result.stderr).toContain(join(empty, LOCAL_DIRECTORY, 'outputs.json'));
  });
});
