import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SignedCertificate } from '../../../functions/contract/api.ts';
import { type FakeApi, problemReply, startFakeApi } from './support/fake-api.ts';
import { makeLocalDirectory } from './support/local-directory.ts';
import { type CliResult, runCli } from './support/run-cli.ts';
import { temporaryDirectory, useTemporaryDirectories } from './support/temporary-directory.ts';

useTemporaryDirectories();

const FACTS = {
  operationId: 'op1',
  erased: { messages: 3000, objectVersions: 3100, bytes: 50_000_000, byKind: {} },
  remains: [{ what: 'point-in-time recovery', until: '2026-12-27' }, 'nothing else'],
};

let keys: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
let directory: string;

beforeAll(() => {
  keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
});

beforeEach(async () => {
  directory = await temporaryDirectory();
});

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

interface SignOptions {
  readonly header?: object;
  readonly saltLength?: number;
  readonly padding?: number;
  readonly hash?: string;
}

function signed(facts: object, options: SignOptions = {}): SignedCertificate {
  const header = encode(options.header ?? { alg: 'PS256', kid: 'arn:aws:kms:key/1' });
  const payload = encode(facts);
  const padding = options.padding ?? constants.RSA_PKCS1_PSS_PADDING;
  const signature = sign(options.hash ?? 'sha256', Buffer.from(`${header}.${payload}`), {
    key: keys.privateKey,
    padding,
    ...(padding === constants.RSA_PKCS1_PSS_PADDING
      ? { saltLength: options.saltLength ?? 32 }
      : {}),
  });
  return { protected: header, payload, signature: signature.toString('base64url') };
}

const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

/** Runs without API, settings or network. */
async function verify(certificate: object | string, keyPem?: string): Promise<CliResult> {
  const text = typeof certificate === 'string' ? certificate : JSON.stringify(certificate);
  await writeFile(join(directory, 'certificate.json'), text);
  await writeFile(join(directory, 'key.pem'), keyPem ?? pem(keys.publicKey));
  const argv = ['certificate', 'verify', 'certificate.json', '--key', 'key.pem'];
  return runCli(argv, { cwd: directory });
}

describe('U7: certificate verify, offline', () => {
  test('accepts what the key signed, and prints what it certifies', async () => {
    const { exitCode, stdout } = await verify(signed(FACTS));
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      [
        'valid: signed by the owner of the key, and unchanged since',
        'signing key   arn:aws:kms:key/1',
        'operation id  op1',
        'erased',
        '  messages         3,000',
        '  object versions  3,100',
        '  bytes            50.0 MB (50000000)',
        '  by kind          none',
        'remains',
        '  - what   point-in-time recovery',
        '    until  2026-12-27',
        '  - nothing else',
        '',
      ].join('\n'),
    );
  });

  test('prints header and facts exactly as JSON when asked', async () => {
    await verify(signed(FACTS));
    const argv = ['certificate', 'verify', 'certificate.json', '--key', 'key.pem', '-f', 'json'];
    const { stdout } = await runCli(argv, { cwd: directory });
    expect(JSON.parse(stdout)).toEqual({
      valid: true,
      header: { alg: 'PS256', kid: 'arn:aws:kms:key/1' },
      payload: FACTS,
    });
  });

  const refused: [string, () => object | string, string][] = [
    [
      'a changed payload',
      () => ({ ...signed(FACTS), payload: encode({ ...FACTS, operationId: 'op2' }) }),
      'the signature does not match',
    ],
    [
      'a changed header',
      () => ({ ...signed(FACTS), protected: encode({ alg: 'PS256', kid: 'another' }) }),
      'the signature does not match',
    ],
    [
      'a changed signature',
      () => {
        const certificate = signed(FACTS);
        const bytes = Buffer.from(certificate.signature, 'base64url');
        bytes[10] = (bytes[10] ?? 0) ^ 1;
        return { ...certificate, signature: bytes.toString('base64url') };
      },
      'the signature does not match',
    ],
    ['no signature', () => ({ ...signed(FACTS), signature: '' }), 'the signature does not match'],
    [
      'alg none',
      () => ({ ...signed(FACTS, { header: { alg: 'none' } }), signature: '' }),
      'the header names the algorithm "none", not "PS256"',
    ],
    [
      'RS256, though rightly signed',
      () => signed(FACTS, { header: { alg: 'RS256' }, padding: constants.RSA_PKCS1_PADDING }),
      'the header names the algorithm "RS256"',
    ],
    [
      'PKCS#1 v1.5 under the name of PS256',
      () => signed(FACTS, { padding: constants.RSA_PKCS1_PADDING }),
      'the signature does not match',
    ],
    [
      'another length of salt',
      () => signed(FACTS, { saltLength: 20 }),
      'the signature does not match',
    ],
    ['another hash', () => signed(FACTS, { hash: 'sha512' }), 'the signature does not match'],
    [
      'HMAC with the public key as secret',
      () => {
        const header = encode({ alg: 'HS256' });
        const payload = encode(FACTS);
        const hmac = createHmac('sha256', pem(keys.publicKey)).update(`${header}.${payload}`);
        return { protected: header, payload, signature: hmac.digest('base64url') };
      },
      'the header names the algorithm "HS256"',
    ],
    ['no algorithm', () => signed(FACTS, { header: {} }), 'the header names the algorithm nothing'],
    [
      'critical extensions',
      () => signed(FACTS, { header: { alg: 'PS256', crit: ['b64'], b64: false } }),
      'the header has critical extensions',
    ],
    [
      'parts beside the signed ones',
      () => ({ ...signed(FACTS), header: { note: 'all is well' } }),
      'the file has parts that are not signed: header',
    ],
    [
      'a second spelling of the same bytes',
      () => ({ ...signed(FACTS), payload: `${signed(FACTS).payload}=` }),
      '"payload" is not base64url',
    ],
    ['a missing part', () => ({ payload: 'e30', protected: 'e30' }), 'the file has no "signature"'],
    ['no JSON', () => 'hello', 'the file is not JSON'],
    ['a list', () => '[]', 'the file is not a JSON object'],
  ];

  test.each(refused)('refuses %s with 65', async (_what, make, reason) => {
    const { exitCode, stdout, stderr } = await verify(make());
    expect(exitCode).toBe(65);
    expect(stdout).toBe('');
    expect(stderr).toContain(`invalid certificate: ${reason}`);
  });

  test.each([
    ['another key', () => generateKeyPairSync('rsa', { modulusLength: 2048 }), 'does not match'],
    ['a short key', () => generateKeyPairSync('rsa', { modulusLength: 1024 }), 'rsa of 1024 bits'],
    ['a key of another kind', () => generateKeyPairSync('ed25519'), 'the key is ed25519'],
  ] as const)('refuses %s with 65', async (_what, make, reason) => {
    const { exitCode, stderr } = await verify(signed(FACTS), pem(make().publicKey));
    expect(exitCode).toBe(65);
    expect(stderr).toContain(reason);
  });

  test('O2: a key that is none is refused with 65, a file that is not there with 64', async () => {
    const noKey = await verify(signed(FACTS), 'hello');
    expect(noKey.exitCode).toBe(65);
    expect(noKey.stderr).toContain('holds no public key in PEM');
    const argv = ['certificate', 'verify', 'none.json', '--key', 'key.pem'];
    expect(await runCli(argv, { cwd: directory })).toMatchObject({ exitCode: 64 });
  });
});

describe('certificate show and key', () => {
  let api: FakeApi;
  let local: string;

  beforeEach(async () => {
    api = await startFakeApi();
    local = await makeLocalDirectory(api.url);
    api.on('GET /v1/operations/op1/certificate', { body: signed(FACTS) });
    api.on('GET /v1/certificate-key', { body: { publicKeyPem: pem(keys.publicKey) } });
  });

  afterEach(() => api.close());

  const lethe = (...argv: string[]): Promise<CliResult> =>
    runCli([...argv, '--local', local], { cwd: directory });

  test('what show writes and key prints is what verify takes', async () => {
    const shown = await lethe('certificate', 'show', 'op1', '--out', 'certificate.json');
    expect(shown.exitCode).toBe(0);
    expect(shown.stdout).toMatch(/messages +3,000/);
    expect(shown.stderr).toContain('The signature was not checked');
    const key = await lethe('certificate', 'key');
    await writeFile(join(directory, 'key.pem'), key.stdout);
    const argv = ['certificate', 'verify', 'certificate.json', '--key', 'key.pem'];
    expect((await runCli(argv, { cwd: directory })).exitCode).toBe(0);
    expect(JSON.parse(await readFile(join(directory, 'certificate.json'), 'utf8'))).toEqual(
      JSON.parse((await lethe('certificate', 'show', 'op1', '--raw')).stdout),
    );
  });

  test('a certificate that is not there yet ends with 68', async () => {
    const missing = problemReply('urn:lethe:certificate-missing', 404, 'not finished');
    api.on('GET /v1/operations/op1/certificate', missing);
    expect((await lethe('certificate', 'show', 'op1')).exitCode).toBe(68);
  });
});
