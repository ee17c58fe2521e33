/**
 * Every route of every door, as they are: a route that is added is held to this without anybody
 * remembering.
 */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { repeatedMember } from '../../../functions/contract/repeated-member.ts';
import type { RequestForm } from '../../../functions/contract/requests/form.ts';
import { makeAddressApi } from '../../../functions/handlers/address-api.ts';
import { makeDoctorDoor } from '../../../functions/handlers/doctor.ts';
import { makeMailApi } from '../../../functions/handlers/mail-api.ts';
import { makeProvisioningApi } from '../../../functions/handlers/provisioning-api.ts';
import type { Door } from '../../../functions/runtime/door.ts';
import { type Answer, answerOf, expectProblem } from './doors.ts';

/** Ports that nobody may ask. */
let asked = 0;
const never = (): never => {
  asked += 1;
  throw new Error('something was looked at');
};
const DOORS: readonly Door[] = [
  makeMailApi(never),
  makeProvisioningApi(never),
  makeAddressApi(never),
  makeDoctorDoor(never),
];

const ROUTES = DOORS.flatMap((door) =>
  door.forms.map((form) => ({ ...form, door, name: `${form.method} ${form.path}` })),
);
type Known = (typeof ROUTES)[number];

const queryOf = ({ query = {} }: RequestForm): readonly string[] => Object.keys(query);
const membersOf = ({ body }: RequestForm): readonly string[] =>
  body instanceof z.ZodObject ? Object.keys(body.shape) : [];

const NAMES: Readonly<Record<string, string>> = {
  user: 'john@x.org',
  address: 'j@x.org',
  domain: 'x.org',
  id: 'op-000000000000000000000001',
  uid: '1',
};

interface Sent {
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

async function send(
  { door, method, path, body: schema }: Known,
  { query, body, headers = {} }: Sent,
): Promise<Answer> {
  const named = path.replaceAll(/:(\w+)/g, (_, name: string) => NAMES[name] ?? '1');
  const given = body ?? (schema === undefined ? undefined : {});
  return await answerOf(
    await door.request(query === undefined ? named : `${named}?${query}`, {
      method,
      headers,
      ...(given === undefined ? {} : { body: JSON.stringify(given) }),
    }),
  );
}

/** Refused by name, with nothing looked at. */
async function expectRefused(route: Known, field: string, sent: Sent): Promise<void> {
  asked = 0;
  const answer = await send(route, sent);
  const { errors = [] } = expectProblem(answer, 400, 'urn:lethe:invalid-input', expect.anything());
  expect(
    errors.map((error) => error.field),
    `${route.name} ${JSON.stringify(sent)}`,
  ).toContain(field);
  expect(asked, `${route.name} ${JSON.stringify(sent)}`).toBe(0);
}

/** What somebody may write who means this name. */
const misspelt = (name: string): readonly string[] => [
  name.toUpperCase(),
  `${name.charAt(0).toUpperCase()}${name.slice(1)}`,
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).concat('_'),
];

describe.each(ROUTES)('$name', (route) => {
  const query = queryOf(route);
  const members = membersOf(route);

  test('O1, O2: refuses query parameters that it does not know, before anything is looked at', async () => {
    const unknown = ['dryrun', 'DRYRUN', 'dry_run', 'dry-run', 'x', '', '__proto__', 'constructor'];
    for (const name of [...unknown, ...query.flatMap(misspelt)]) {
      await expectRefused(route, name, { query: `${name}=true` });
    }
    if (!query.includes('dryRun')) {
      await expectRefused(route, 'dryRun', { query: 'dryRun=true' });
    }
  });

  test('O1, O2: refuses a query parameter that is given twice', async () => {
    for (const name of query) {
      if (route.query?.[name]?.kind === 'texts') continue;
      await expectRefused(route, name, { query: `${name}=true&${name}=false` });
    }
  });

  test('O1, O2: refuses members of the body in the query', async () => {
    for (const name of members.filter((one) => !query.includes(one))) {
      await expectRefused(route, name, { query: `${name}=true` });
    }
  });

  test('O1, O2: refuses headers that would change what it does', async () => {
    const headers = ['if-match', 'if-unmodified-since', 'dry-run', 'x-dry-run', 'idempotency-key'];
    const taken: readonly string[] = route.headers ?? [];
    for (const name of headers.filter((one) => !taken.includes(one))) {
      await expectRefused(route, name, { headers: { [name]: 'true' } });
    }
    const { errors = [] } = expectProblem(
      await send(route, { headers: { 'x-dry-run': 'true' } }),
      400,
      'urn:lethe:invalid-input',
      expect.anything(),
    );
    const dry = query.includes('dryRun') ? 'it is dryRun of the query' : 'has no dry run';
    expect(errors.find(({ field }) => field === 'x-dry-run')?.message).toContain(dry);
  });

  test('O1, O2: refuses a body that it does not take, and members that it does not know', async () => {
    if (route.method === 'GET') {
      expect(route.body).toBeUndefined();
      return;
    }
    if (route.body === undefined) {
      for (const body of [{}, { dryRun: true }, []]) await expectRefused(route, 'body', { body });
      return;
    }
    const unknown = [
      'dryRun',
      'dryrun',
      'x',
      'constructor',
      ...query,
      ...members.flatMap(misspelt),
    ];
    for (const name of unknown.filter((one) => !members.includes(one))) {
      await expectRefused(route, name, { body: { [name]: true } });
    }
  });
});

test.each([
  ['{"user":"a@x.org","user":"b@x.org"}', 'user'],
  ['{"user":"a@x.org","\\u0075ser" : "b@x.org"}', 'user'],
  ['{"aliases":["a\\\\","b"],"user":"\\"{","aliases":[]}', 'aliases'],
  ['{"deep":[{"x":1},{"x":1,"y":{"z":":"},"x":2}]}', 'x'],
])('O2: %s has a member twice, and is refused', async (text, field) => {
  asked = 0;
  const door = makeProvisioningApi(never);
  const answer = await answerOf(await door.request('/v1/accounts', { method: 'POST', body: text }));
  expectProblem(answer, 400, 'urn:lethe:invalid-input', [field]);
  expect(asked).toBe(0);
});

test('O2: the same name in objects of their own, or as a value, is no repetition', () => {
  const text = '{"a":{"b":"a","c":"b"},"b":[{"a":1},{"a":2}],"c":"{\\"c\\":1}"}';
  expect(repeatedMember(text)).toBeUndefined();
});

test('O1: one place says that a request is a dry run', () => {
  for (const route of ROUTES) expect(membersOf(route), route.name).not.toContain('dryRun');
  const dry = ROUTES.filter((route) => queryOf(route).includes('dryRun'));
  expect([...new Set(dry.map(({ path }) => path.replace('/admin', '')))].sort()).toEqual([
    '/v1/accounts/:user',
    '/v1/accounts/:user/aliases',
    '/v1/accounts/:user/holds',
    '/v1/accounts/:user/holds/release',
    '/v1/accounts/:user/mailboxes/delete',
    '/v1/accounts/:user/mailboxes/undelete',
    '/v1/accounts/:user/messages/expunge',
    '/v1/accounts/:user/messages/move',
    '/v1/accounts/:user/messages/purge-expunged',
    '/v1/accounts/:user/messages/restore',
    '/v1/accounts/:user/messages/unexpunge',
    '/v1/accounts/:user/rename',
    '/v1/accounts/:user/settings',
    '/v1/addresses/:address/reservation',
    '/v1/domains/:domain/settings',
    '/v1/mailboxes/purge',
  ]);
});
