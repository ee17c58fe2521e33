/** The doors as functions behind API Gateway: events in, answers out, logs. */
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { handler as wiredMailApi } from '../../../functions/handlers/mail-api.ts';
import { handler as wiredProvisioningApi } from '../../../functions/handlers/provisioning-api.ts';
import { Door, doorHandler } from '../../../functions/runtime/door.ts';
import { captureLog, type LogLines } from '../runtime/log-lines.ts';
import { Doors } from './doors.ts';

const CALLER = 'arn:aws:iam::123456789012:user/provisioning';

type Handler = ReturnType<typeof doorHandler>;
type Event = Parameters<Handler>[0];

const context = (leftMs = 29_000) =>
  ({ getRemainingTimeInMillis: () => leftMs }) as unknown as Context;

/** What an HTTP API sends (payload format 2.0): the path comes with its escapes undone. */
function eventOf(request: string, rest: Partial<APIGatewayProxyEventV2> = {}): Event {
  const [method = '', path = ''] = request.split(' ', 2);
  const [rawPath = '', rawQueryString = ''] = path.split('?');
  const event = {
    version: '2.0',
    routeKey: '$default',
    rawPath: decodeURIComponent(rawPath),
    rawQueryString,
    headers: { host: 'api.example.org', 'content-type': 'application/json' },
    isBase64Encoded: false,
    requestContext: {
      accountId: '123456789012',
      apiId: 'api',
      domainName: 'api.example.org',
      domainPrefix: 'api',
      requestId: 'request-1',
      routeKey: '$default',
      stage: '$default',
      time: '',
      timeEpoch: 0,
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '', userAgent: '' },
      authorizer: { iam: { userArn: CALLER } },
    },
    ...rest,
  };
  return event as unknown as Event;
}

let doors: Doors;
let provisioning: Handler;
let mailApi: Handler;
let log: LogLines;

beforeEach(async () => {
  doors = new Doors();
  provisioning = doorHandler(doors.provisioning);
  mailApi = doorHandler(doors.mail);
  await doors.addAccount('a+b@x.org');
  log = captureLog();
});
afterEach(() => {
  log.release();
});

describe('a request', () => {
  test('O1: is recorded under the caller that IAM authenticated', async () => {
    const answer = await provisioning(eventOf('DELETE /v1/accounts/a%2Bb%40x.org'), context());
    expect(answer).toMatchObject({ statusCode: 202, isBase64Encoded: false });
    expect(JSON.parse(answer.body)).toMatchObject({ requestedBy: CALLER, user: 'a+b@x.org' });
  });

  test('has its query', async () => {
    const request = 'DELETE /v1/accounts/a%2Bb%40x.org?dryRun=true';
    const answer = await provisioning(eventOf(request), context());
    expect(JSON.parse(answer.body)).toMatchObject({ dryRun: true });
    expect(doors.world.workflows.starts()).toEqual([]);
  });

  test.each(['GET', 'HEAD'])('O1, O2: %s with a body is refused', async (method) => {
    const event = eventOf(`${method} /v1/accounts/a%2Bb%40x.org`, { body: '{"dryRun":true}' });
    const answer = await provisioning(event, context());
    expect(answer).toMatchObject({
      statusCode: 400,
      headers: { 'content-type': 'application/problem+json' },
    });
    if (method === 'GET') expect(answer.body).toContain('no body is allowed');
    expect(log.text()).toBe('');
  });

  test('O1, O2: a DELETE with a body, or with a misspelt dry run, deletes nothing', async () => {
    for (const [query, body] of [
      ['', '{"dryRun":true}'],
      ['?dryrun=true', undefined],
      ['?dryRun=true&dryRun=false', undefined],
      ['?dryRun', undefined],
    ] as const) {
      const request = `DELETE /v1/accounts/a%2Bb%40x.org${query}`;
      const event = eventOf(request, body === undefined ? {} : { body });
      expect(await provisioning(event, context())).toMatchObject({ statusCode: 400 });
    }
    expect(doors.world.workflows.starts()).toEqual([]);
  });

  test.each(['%23', '%23b', '%3FdryRun=true', '%0A', '%20', '%09', '%5C', '%25', '%2520', '%252E'])(
    'W1: for the address followed by %s deletes nothing',
    async (suffix) => {
      const request = `DELETE /v1/accounts/a%2Bb%40x.org${suffix}`;
      const answer = await provisioning(eventOf(request), context());
      expect(answer.statusCode).toBe(400);
      expect(JSON.parse(answer.body)).toMatchObject({ errors: [{ field: 'user' }] });
      expect(doors.world.workflows.starts()).toEqual([]);
    },
  );

  test.each([
    'zz%2F..%2Fa%2Bb%40x.org',
    'zz%40x.org/aliases/..%2F..%2Fa%2Bb%40x.org',
    'zz%40x.org/%2E%2E/a%2Bb%40x.org',
    '.%2Fa%2Bb%40x.org',
  ])('W1, O2: for the path %s, which leads elsewhere, deletes nothing', async (path) => {
    const answer = await provisioning(eventOf(`DELETE /v1/accounts/${path}`), context());
    expect([400, 404]).toContain(answer.statusCode);
    expect(doors.world.workflows.starts()).toEqual([]);
  });

  test('O1, O2: whose query holds a # loses nothing of what follows it', async () => {
    const request = 'DELETE /v1/accounts/a%2Bb%40x.org?allowUnknownUser=true#&dryRun=true';
    expect(await provisioning(eventOf(request), context())).toMatchObject({ statusCode: 400 });
    expect(doors.world.workflows.starts()).toEqual([]);
  });

  test.each(['#', 'ü', '&', '=', '+', "'", '~', '^', '{', '|'])(
    'W7: of a user with %s in the address finds that user',
    async (character) => {
      const user = `a${character}c@x.org`;
      const accountId = await doors.addAccount(user);
      const request = `GET /v1/accounts/${encodeURIComponent(user)}`;
      const answer = await provisioning(eventOf(request), context());
      expect(JSON.parse(answer.body)).toMatchObject({ accountId, user });
    },
  );

  test('W1: carries mail as base64 either way, byte for byte', async () => {
    const raw = Buffer.from(Uint8Array.from({ length: 256 }, (_, index) => index));
    const json = JSON.stringify({ messages: [{ raw: raw.toString('base64') }] });
    const body = Buffer.from(json).toString('base64');
    const posted = eventOf('POST /v1/accounts/a%2Bb%40x.org/messages', {
      body,
      isBase64Encoded: true,
    });
    expect(await mailApi(posted, context())).toMatchObject({ statusCode: 201 });
    const fetched = await mailApi(eventOf('GET /v1/accounts/a%2Bb%40x.org/messages/1'), context());
    expect(fetched).toMatchObject({ statusCode: 200, isBase64Encoded: true });
    expect(Buffer.from(fetched.body, 'base64').equals(raw)).toBe(true);
  });

  test('O3: stops retrying two seconds before its function is stopped', async () => {
    doors.world.rows.conflictNext(10_000);
    const body = JSON.stringify({ messages: [{ raw: 'eA==' }] });
    const event = eventOf('POST /v1/accounts/a%2Bb%40x.org/messages', { body });
    const begun = doors.world.clock.now();
    const answer = await mailApi(event, context(10_000));
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '2' } });
    const tookMs = doors.world.clock.now() - begun;
    expect(tookMs).toBeLessThanOrEqual(8000);
    expect(tookMs).toBeGreaterThan(4000);
  });
});

describe('a fault', () => {
  const failing = () => {
    const door = new Door();
    door.route({ method: 'GET', path: '/v1/fault/:user', does: 'Fails' }, () => {
      throw new TypeError('the secret inside');
    });
    return doorHandler(door);
  };

  test('U7: is 500 without its message or stack; the log has both, and no path with an address', async () => {
    const answer = await failing()(eventOf('GET /v1/fault/john%40example.org'), context());
    expect(answer).toMatchObject({
      statusCode: 500,
      headers: { 'content-type': 'application/problem+json' },
    });
    expect(JSON.parse(answer.body)).toEqual({
      type: 'urn:lethe:fault',
      title: 'Fault',
      status: 500,
      detail: 'Something failed inside. Try again later.',
    });
    expect(log.lines()).toEqual([
      expect.objectContaining({
        message: 'request failed',
        cause: 'the secret inside',
        route: '/v1/fault/:user',
        requestId: 'request-1',
        stack: expect.stringContaining('gateway.test.ts'),
      }),
    ]);
    expect(log.text()).not.toContain('john');
  });

  test('of the store is told to nobody but the log', async () => {
    doors.world.rows.get = () => Promise.reject(new Error('AccessDenied on table lethe-registry'));
    const answer = await provisioning(eventOf('GET /v1/accounts/a%2Bb%40x.org'), context());
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toMatch(/AccessDenied|lethe-registry|at /);
    expect(log.text()).toContain('AccessDenied on table lethe-registry');
  });

  test('of the environment, too: names of variables are for the log', async () => {
    const door = [
      await wiredProvisioningApi(eventOf('GET /v1/accounts/a@x.org'), context()),
      await wiredMailApi(eventOf('GET /v1/accounts/a@x.org/mailboxes'), context()),
    ];
    for (const answer of door) {
      expect(answer.statusCode).toBe(500);
      expect(answer.body).not.toContain('LETHE_');
    }
    expect(log.lines().map(({ cause }) => cause)).toEqual([
      expect.stringContaining('LETHE_REGISTRY_TABLE'),
      expect.stringContaining('LETHE_REGISTRY_TABLE'),
    ]);
  });

  test('O2: bad input is no fault: nothing is logged', async () => {
    const body = JSON.stringify({ user: 'john@*' });
    const answer = await provisioning(eventOf('POST /v1/accounts', { body }), context());
    expect(answer.statusCode).toBe(400);
    expect(log.text()).toBe('');
  });
});
