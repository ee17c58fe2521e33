import { createPublicKey } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { registryKeys } from '../../../functions/contract/row-layout.ts';
import { captureLog } from '../runtime/log-lines.ts';
import { Doors, expectProblem } from './doors.ts';

const VERB = 'delete-account';

let doors: Doors;

beforeEach(() => {
  doors = new Doors();
});

describe('POST /v1/accounts', () => {
  test('makes an account and says where it is', async () => {
    const body = { user: 'A+B@x.org', aliases: ['sales@x.org'], retentionClass: 'r7' };
    const answer = await doors.ask('POST /v1/accounts', { body });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe('/v1/accounts/a%2Bb%40x.org');
    expect(answer.headers.get('content-type')).toContain('application/json');
    expect(answer.body).toEqual({
      accountId: expect.stringMatching(/^[0-9a-f]{24}$/),
      user: 'a+b@x.org',
      aliases: ['sales@x.org'],
      state: 'active',
      retentionClass: 'r7',
      createdAt: '2026-11-22T00:00:00.000Z',
      mailboxes: 1,
      messages: 0,
      bytes: 0,
    });
  });

  test.each([
    [{}, ['user']],
    [{ user: 7 }, ['user']],
    [{ user: 'a@*' }, ['user']],
    [{ user: 'a@x.org', aliases: 'b@x.org' }, ['aliases']],
    [{ user: 'a@x.org', aliases: ['b@x.org', null] }, ['aliases[1]']],
    [{ user: 'a@x.org', aliases: ['b@x.org', 'b@'] }, ['aliases[1]']],
    [{ user: 'a@x.org', retentionClass: 'r14' }, ['retentionClass']],
    [{ user: null, retentionClass: 1 }, ['user', 'retentionClass']],
    [{ user: 'a@x.org', alias: ['b@x.org'], Aliases: [] }, ['alias', 'Aliases']],
    [{ user: 'a@x.org', ['x'.repeat(500)]: 1 }, ['x'.repeat(200)]],
    [[], ['body']],
    ['a@x.org', ['body']],
    [null, ['body']],
  ])('O2: %j is refused, each wrong field named', async (body, fields) => {
    const answer = await doors.ask('POST /v1/accounts', { body });
    expectProblem(answer, 400, 'urn:lethe:invalid-input', fields);
    expect(doors.world.rows.rows()).toEqual([]);
  });

  test.each(['', '{', 'user=a@x.org', '{"user": "a@x.org",}'])(
    'O2: %j is no JSON',
    async (text) => {
      const answer = await doors.ask('POST /v1/accounts', { text });
      const { detail } = expectProblem(answer, 400, 'urn:lethe:invalid-input', ['body']);
      expect(detail).toContain('allowed is a JSON object');
    },
  );

  test('O3: of thousands of wrong members so many are named as help, and no more', async () => {
    const body = { user: 'a@x.org', aliases: Array.from({ length: 50_000 }, () => 7) };
    const many = await doors.ask('POST /v1/accounts', { body });
    const fields = Array.from({ length: 20 }, (_, index) => `aliases[${index}]`);
    expectProblem(many, 400, 'urn:lethe:invalid-input', fields);
    const unknown = Object.fromEntries(
      Array.from({ length: 5000 }, (_, index) => [`k${index}`, 1]),
    );
    const other = await doors.ask('POST /v1/accounts', { body: { user: 'a@x.org', ...unknown } });
    expect(other.body['errors']).toHaveLength(20);
  });

  test('U4: a taken address is a conflict', async () => {
    await doors.addAccount('a@x.org');
    const answer = await doors.ask('POST /v1/accounts', { body: { user: 'A@X.org' } });
    expectProblem(answer, 409, 'urn:lethe:address-taken');
  });

  test('O3: a store that stays busy is 503, with a time to come back', async () => {
    doors.world.rows.conflictNext(10_000);
    const log = captureLog();
    const answer = await doors.ask('POST /v1/accounts', { body: { user: 'a@x.org' } });
    log.release();
    expect(log.lines()).toMatchObject([{ error: 'StoreBusyError', route: '/v1/accounts' }]);
    expectProblem(answer, 503, 'urn:lethe:busy');
    expect(answer.headers.get('retry-after')).toBe('2');
  });
});

describe('GET /v1/accounts/{user}', () => {
  test.each(['a%2Bb%40x.org', 'a+b@x.org', 'A%2bB@X.ORG', '%61%2Bb%40x%2Eorg'])(
    'finds the account under %s',
    async (user) => {
      const accountId = await doors.addAccount('a+b@x.org');
      const { status, body } = await doors.ask(`GET /v1/accounts/${user}`);
      expect({ status, accountId: body['accountId'] }).toEqual({ status: 200, accountId });
    },
  );

  test('O2: an unknown user is 404', async () => {
    await doors.addAccount('a+b@x.org');
    for (const user of ['b@x.org', 'ab@x.org', 'a@x.org', 'a+b@x.or']) {
      expectProblem(await doors.ask(`GET /v1/accounts/${user}`), 404, 'urn:lethe:unknown-user');
    }
  });

  test.each(['a', 'a%252Bb%40x.org', 'a%20b@x.org', '%E0%A4%A@x.org', 'a%2Fb@x.org', '*@x.org'])(
    'O2: %s is no address',
    async (user) => {
      await doors.addAccount('a+b@x.org');
      const answer = await doors.ask(`GET /v1/accounts/${user}`);
      expectProblem(answer, 400, 'urn:lethe:invalid-input', ['user']);
    },
  );
});

describe('DELETE /v1/accounts/{user}', () => {
  test('U5: answers 202 with the operation and where to look, once and again', async () => {
    const accountId = await doors.addAccount('a+b@x.org');
    const first = await doors.ask('DELETE /v1/accounts/a%2Bb%40x.org');
    const { operationId } = first.body;
    expect(first.status).toBe(202);
    expect(first.headers.get('location')).toBe(`/v1/operations/${operationId}`);
    expect(first.headers.get('retry-after')).toBe('1');
    expect(first.body).toMatchObject({
      operationId: expect.stringMatching(/^op-[0-9a-f]{24}$/),
      verb: VERB,
      state: 'running',
      attempt: 1,
      accountId,
      user: 'a+b@x.org',
      requestedBy: 'unknown',
    });
    const again = await doors.ask('DELETE /v1/accounts/a+b@x.org');
    expect(again.body).toEqual(first.body);
    expect(doors.world.workflows.starts()).toHaveLength(1);
  });

  test('O1: a dry run answers an estimate and begins nothing', async () => {
    const accountId = await doors.addAccount('a@x.org');
    const before = doors.world.rows.rows();
    const answer = await doors.ask('DELETE /v1/accounts/a@x.org?dryRun=true');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      dryRun: true,
      accountId,
      counts: { mailboxes: 1, messages: 0 },
      estimatedCostDollars: expect.any(Number),
      pricesOf: '2026-08-31',
    });
    expect(doors.world.rows.rows()).toEqual(before);
    expect(doors.world.workflows.starts()).toEqual([]);
  });

  test('W7: names the account it means, or is repeated by its key', async () => {
    const accountId = await doors.addAccount('a@x.org');
    const headers = { 'idempotency-key': 'once' };
    const wrong = await doors.ask('DELETE /v1/accounts/a@x.org?accountId=another', { headers });
    expectProblem(wrong, 409, 'urn:lethe:account-mismatch');
    const dry = await doors.ask('DELETE /v1/accounts/a@x.org?dryRun=true', { headers });
    expectProblem(dry, 400, 'urn:lethe:invalid-input', ['idempotency-key']);
    expect(doors.world.workflows.starts()).toEqual([]);
    const request = `DELETE /v1/accounts/a@x.org?accountId=${accountId}`;
    const first = await doors.ask(request, { headers: { 'idempotency-key': 'other' } });
    expect(first).toMatchObject({ status: 202, body: { accountId } });
    expect((await doors.ask(request, { headers: { 'idempotency-key': 'other' } })).body).toEqual(
      first.body,
    );
  });

  test.each([
    ['dryRun=maybe', 'dryRun'],
    ['dryRun=', 'dryRun'],
    ['dryRun=TRUE', 'dryRun'],
    ['dryRun=1', 'dryRun'],
    ['allowUnknownUser=yes', 'allowUnknownUser'],
    ['dryRun=true&allowUnknownUser=0', 'allowUnknownUser'],
  ])('O2: ?%s is refused rather than guessed, and nothing begins', async (query, field) => {
    await doors.addAccount('a@x.org');
    const answer = await doors.ask(`DELETE /v1/accounts/a@x.org?${query}`);
    expectProblem(answer, 400, 'urn:lethe:invalid-input', [field]);
    expect(doors.world.workflows.starts()).toEqual([]);
  });

  test('W6, U2: a held account is 409; one that the userdb does not know must be allowed', async () => {
    const accountId = await doors.addAccount('a@x.org');
    const key = registryKeys.account(accountId);
    const guard = { row: 'present' } as const;
    await doors.world.rows.write({ kind: 'update', key, guard, change: { set: { hold: 'x' } } });
    const held = await doors.ask('DELETE /v1/accounts/a@x.org');
    expectProblem(held, 409, 'urn:lethe:account-held');
    await doors.world.rows.write({ kind: 'update', key, guard, change: { unset: ['hold'] } });
    await doors.world.rows.removeAll([registryKeys.userdb('a@x.org')]);
    const unknown = await doors.ask('DELETE /v1/accounts/a@x.org?allowUnknownUser=false');
    expectProblem(unknown, 404, 'urn:lethe:unknown-user');
    const allowed = await doors.ask('DELETE /v1/accounts/a@x.org?allowUnknownUser=true');
    expect(allowed.status).toBe(202);
  });

  test('W1: an alias, or what only resembles the address, deletes nothing', async () => {
    await doors.ask('POST /v1/accounts', { body: { user: 'a@x.org', aliases: ['b@x.org'] } });
    const alias = await doors.ask('DELETE /v1/accounts/b@x.org');
    expectProblem(alias, 400, 'urn:lethe:invalid-input', ['user']);
    for (const user of ['a@x.or', 'a%2561@x.org', 'a@x.org%23', 'a@x.org%0A', 'a@x.org%20']) {
      expect((await doors.ask(`DELETE /v1/accounts/${user}`)).status).toBeOneOf([400, 404]);
    }
    expect(doors.world.workflows.starts()).toEqual([]);
  });
});

describe('operations and certificates', () => {
  const begin = async () => {
    await doors.addAccount('a@x.org');
    return String((await doors.ask('DELETE /v1/accounts/a@x.org')).body['operationId']);
  };

  test('GET /v1/operations/{id} shows one', async () => {
    const id = await begin();
    const answer = await doors.ask(`GET /v1/operations/${id}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ operationId: id, state: 'running', certificate: false });
  });

  test('U5: POST /v1/operations/{id}/resume starts the next attempt of one that stopped', async () => {
    const id = await begin();
    doors.world.workflows.setStatus(VERB, `${id}-1`, 'failed');
    const answer = await doors.ask(`POST /v1/operations/${id}/resume`);
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(`/v1/operations/${id}`);
    expect(answer.body).toMatchObject({ operationId: id, state: 'running', attempt: 2 });
  });

  test('U7: when one has ended: its certificate, no address, and nothing to resume', async () => {
    const id = await begin();
    const missing = await doors.ask(`GET /v1/operations/${id}/certificate`);
    expectProblem(missing, 404, 'urn:lethe:certificate-missing');
    await doors.world.run({ operationId: id, attempt: 1 }, { execution: `${id}-1` });
    const shown = await doors.ask(`GET /v1/operations/${id}`);
    expect(shown.body).toMatchObject({ state: 'succeeded', certificate: true });
    expect(shown.text).not.toContain('x.org');
    const certificate = await doors.ask(`GET /v1/operations/${id}/certificate`);
    expect(certificate.status).toBe(200);
    expect(Object.keys(certificate.body).sort()).toEqual(['payload', 'protected', 'signature']);
    const resumed = await doors.ask(`POST /v1/operations/${id}/resume`);
    expectProblem(resumed, 409, 'urn:lethe:operation-finished');
    const gone = await doors.ask('GET /v1/accounts/a@x.org');
    expectProblem(gone, 404, 'urn:lethe:unknown-user');
  });

  test.each([
    'GET /v1/operations/op-0',
    'POST /v1/operations/op-0/resume',
    'GET /v1/operations/op-0/certificate',
  ])('O2: %s is unknown', async (request) => {
    expectProblem(await doors.ask(request), 404, 'urn:lethe:unknown-operation');
  });

  test('U7: GET /v1/certificate-key gives the key in PEM', async () => {
    const { status, body } = await doors.ask('GET /v1/certificate-key');
    expect(status).toBe(200);
    expect(createPublicKey(String(body['publicKeyPem'])).asymmetricKeyType).toBe('rsa');
  });
});

test.each([
  'GET /',
  'GET /v1',
  'GET /v2/accounts/a@x.org',
  'GET /v1/accounts',
  'GET /v1/accounts/',
  'POST /v1/accounts/',
  'PUT /v1/accounts/a@x.org',
  'DELETE /v1/operations/op-0',
  'GET /v1/operations/op-0/',
  'POST /v1/certificate-key',
  'GET /V1/certificate-key',
])('O2: %s is on no path, and the answer says so as a problem', async (request) => {
  const { detail } = expectProblem(await doors.ask(request), 404, 'urn:lethe:not-found');
  expect(detail).toContain(request.split(' ')[0] ?? '');
});
