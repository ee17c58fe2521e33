/** The page of requests says what their forms say: doors validate by the same. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { MESSAGE_TERMS, RESTORE_TERMS } from '../../functions/contract/query-descriptions.ts';
import type { QueryForm, RequestForm } from '../../functions/contract/requests/form.ts';
import { makeAddressApi } from '../../functions/handlers/address-api.ts';
import { makeDoctorDoor } from '../../functions/handlers/doctor.ts';
import { makeMailApi } from '../../functions/handlers/mail-api.ts';
import { makeProvisioningApi } from '../../functions/handlers/provisioning-api.ts';

const never = (): never => {
  throw new Error('nothing is asked here');
};
const FORMS = [
  makeProvisioningApi(never),
  makeAddressApi(never),
  makeMailApi(never),
  makeDoctorDoor(never),
].flatMap((door) => door.forms);

const OWNER = '/v1/accounts/:user/';
const ADMIN = '/v1/admin/accounts/:user/';

/** What can be asked at both doors is shown once. */
const isShown = ({ method, path }: RequestForm): boolean =>
  !path.startsWith(ADMIN) ||
  !FORMS.some((one) => one.method === method && one.path === path.replace(ADMIN, OWNER));

const braces = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

function queryType(form: QueryForm): string {
  switch (form.kind) {
    case 'flag':
      return '`true` or `false`';
    case 'whole':
      return `${form.min} to ${form.max}; ${form.fallback} when missing`;
    case 'texts':
      return 'text, may be repeated';
    case 'text':
      return 'text';
  }
}

interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly format?: string;
  readonly contentEncoding?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

function typeOf(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${String(one)}\``).join(', ');
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ');
  switch (schema.type) {
    case 'array':
      return `list of ${typeOf(schema.items ?? {})}`;
    case 'string':
      return schema.contentEncoding ?? (schema.format === 'date-time' ? 'time' : 'text');
    case 'integer':
      return 'whole number';
    case 'boolean':
      return '`true` or `false`';
    case undefined:
      return '';
    default:
      return schema.type;
  }
}

/** Members of objects in it come after it, `add.flags`. */
function members(schema: JsonSchema, prefix = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const must = schema.required?.includes(name) ? 'yes' : '';
    const list = member.items?.properties === undefined ? '' : '[]';
    return [
      `| \`${prefix}${name}\` | body | ${must} | ${typeOf(member)} | ${member.description ?? ''} |`,
      ...members(member.items ?? member, `${prefix}${name}${list}.`),
    ];
  });
}

function rowsOf({ query = {}, headers = [], body }: RequestForm): string[] {
  const schema =
    body === undefined ? {} : (z.toJSONSchema(body, { unrepresentable: 'any' }) as JsonSchema);
  return [
    ...Object.entries(query).map(
      ([name, form]) => `| \`${name}\` | query | | ${queryType(form)} | ${form.means} |`,
    ),
    ...headers.map(
      (name) => `| \`${name}\` | header | | text | a request that is sent again is done once |`,
    ),
    ...(body !== undefined && schema.properties === undefined
      ? [`| | body | yes | | ${schema.description ?? ''} |`]
      : members(schema)),
  ];
}

function sectionOf(form: RequestForm): string {
  const rows = rowsOf(form);
  const table = ['| name | in | must | is | means |', '|---|---|---|---|---|', ...rows];
  const whom = form.for === undefined ? '' : ` For ${form.for}.`;
  return [
    `### \`${form.method} ${braces(form.path)}\``,
    `${form.does}.${whom}`,
    ...(rows.length === 0 ? [] : [table.join('\n')]),
  ].join('\n\n');
}

const termTable = (terms: typeof MESSAGE_TERMS | typeof RESTORE_TERMS): string =>
  [
    '| member | is | means | `lethe` |',
    '|---|---|---|---|',
    ...Object.entries(terms).map(
      ([name, { form, means, option }]) =>
        `| \`${name}\` | ${form} | ${means} | ${option === undefined ? '' : `\`--${option}\``} |`,
    ),
  ].join('\n');

const PAGE = `# Requests

What each door takes; whatever is not named here is refused by its name, before anything is looked at. This page is
written from \`functions/contract/requests/\`, by which the doors validate; \`npx vitest run -u
test/style/requests-docs.test.ts\` writes it anew. What can be asked below \`/v1/accounts/{user}\` can be asked below
\`/v1/admin/accounts/{user}\` too, by administrators, whom no ACL stops, and without \`as\`.

${FORMS.filter(isShown).map(sectionOf).join('\n\n')}

## Queries

All members of a query must hold. A text is found anywhere in what it is looked for in. A time is
\`{"secondsAgo": 3600}\`, \`{"calendarDaysAgo": 7}\` (the UTC midnight that began that day) or \`{"at": "2026-11-01T00:00:00Z"}\`.
A query that changes something names a mailbox in every branch.

${termTable(MESSAGE_TERMS)}

### Among expunged messages

${termTable(RESTORE_TERMS)}
`;

describe('the page of requests', () => {
  test('says what their forms say', async () => {
    await expect(PAGE).toMatchFileSnapshot('../../docs/requests.md');
  });

  test('says of each what it does and of each part what it means', () => {
    for (const form of FORMS) {
      expect(form.does, form.path).toMatch(/^[A-Z].*[^.]$/s);
      for (const row of rowsOf(form)) expect(row, form.path).not.toMatch(/\|\s*\|$/);
    }
  });
});
