import { createHash, createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeSegment, SignedTransport } from '../../../cli/api/transport.ts';
import { type FakeApi, type SeenRequest, startFakeApi } from './support/fake-api.ts';

const CREDENTIALS = {
  accessKeyId: 'AKIAEXAMPLE',
  secretAccessKey: 'secret',
  sessionToken: 'token',
};
const REGION = 'eu-central-1';

let api: FakeApi;
let transport: SignedTransport;

beforeEach(async () => {
  // As the embedded AWS has it: a path with an id and a dollar sign before `/v1`.
  api = await startFakeApi('/_aws/execute-api/abc123/$default');
  transport = new SignedTransport({
    url: new URL(api.url),
    region: REGION,
    credentials: async () => CREDENTIALS,
  });
});

afterEach(async () => {
  transport.close();
  await api.close();
});

describe('signed requests', () => {
  test.each([
    ['john@example.com', undefined],
    ['a+b%41@x.org', undefined],
    ["o'neill!(*)@x.org", undefined],
    ['jürgen@x.org', undefined],
    ['john@example.com', { mailbox: 'Größe & Gewicht/日本語 +%', cursor: 'a=b&c' }],
  ])('are signed so that the server finds the same signature: %s %j', async (user, query) => {
    await transport.send({
      method: 'GET',
      path: ['v1', 'accounts', user],
      ...(query === undefined ? {} : { query }),
    });
    const [request] = api.requests;
    if (request === undefined) throw new Error('nothing was sent');
    expect(request.headers.authorization).toContain(
      `Signature=${expectedSignature(request, CREDENTIALS.secretAccessKey)}`,
    );
    expect(request.headers['x-amz-security-token']).toBe(CREDENTIALS.sessionToken);
    const [path = '', search = ''] = request.target.split('?');
    expect(decodeURIComponent(path.split('/').at(-1) ?? '')).toBe(user);
    expect(Object.fromEntries(new URLSearchParams(search))).toEqual(query ?? {});
  });

  test('cover the body', async () => {
    const body = JSON.stringify({ user: 'jürgen@x.org' });
    await transport.send({ method: 'POST', path: ['v1', 'accounts'], body });
    const [request] = api.requests;
    if (request === undefined) throw new Error('nothing was sent');
    expect(request.body).toBe(body);
    expect(request.headers['x-amz-content-sha256']).toBe(hash(body));
    expect(request.headers['content-type']).toBe('application/json');
    expect(request.headers.authorization).toContain(
      `Signature=${expectedSignature(request, CREDENTIALS.secretAccessKey)}`,
    );
  });

  test('need no base path', async () => {
    const plain = await startFakeApi();
    const other = new SignedTransport({
      url: new URL(plain.url),
      region: REGION,
      credentials: async () => CREDENTIALS,
    });
    await other.send({ method: 'GET', path: ['v1', 'certificate-key'] });
    other.close();
    await plain.close();
    expect(plain.requests.map(({ target }) => target)).toEqual(['/v1/certificate-key']);
  });
});

describe('path segments', () => {
  test.each(['', '.', '..', '\ud800'])(
    'O2: %j is refused, because it would name another path',
    (segment) => {
      expect(() => encodeSegment(segment)).toThrow('cannot name a user or an operation');
    },
  );

  test('keep nothing that has a meaning in a path', () => {
    expect(encodeSegment("a/b?c#d%2F+@!'()*")).toBe('a%2Fb%3Fc%23d%252F%2B%40%21%27%28%29%2A');
  });
});

/** Signature Version 4 from its specification, from what came over the wire alone. */
function expectedSignature({ method, target, headers, body }: SeenRequest, secret: string): string {
  const authorization = headers.authorization ?? '';
  const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1] ?? '';
  const scope = /Credential=[^/]+\/([^,]+)/.exec(authorization)?.[1] ?? '';
  const [date = '', region = '', service = ''] = scope.split('/');
  const [path = '', search = ''] = target.split('?');
  const pairs = search === '' ? [] : search.split('&').sort();
  const canonical = [
    method,
    // Every service but S3 escapes the path as sent once more.
    path.split('/').map(uriEncode).join('/'),
    pairs.join('&'),
    ...names.split(';').map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    names,
    hash(body),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash(canonical)].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<Buffer>(
    (before, part) => createHmac('sha256', before).update(part).digest(),
    Buffer.from(`AWS4${secret}`),
  );
  expect([region, service]).toEqual([REGION, 'execute-api']);
  return createHmac('sha256', key).update(toSign).digest('hex');
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

const uriEncode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
