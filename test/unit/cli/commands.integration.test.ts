import { describe, expect, test } from 'vitest';
import { problemReply, type Reply } from './support/fake-api.ts';
import { type CliOptions, type CliResult, facts, runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const USER = 'john@example.com';
const ACCOUNT_PATH = '/v1/accounts/john%40example.com';
const ADMIN_PATH = '/v1/admin/accounts/john%40example.com';
const ACCOUNT = {
  accountId: 'a1',
  user: USER,
  aliases: ['j@example.com'],
  state: 'active',
  retentionClass: 'r30',
  createdAt: '2026-11-01T00:00:00.000Z',
  mailboxes: 2,
  messages: 1234,
  bytes: 5_600_000,
};

const fake = useFakeApi();

const lethe = (argv: readonly string[], options: CliOptions = {}): Promise<CliResult> =>
  runCli([...argv, '--local', fake.local], options);

const targets = (): string[] =>
  fake.api.requests.map(({ method, target }) => `${method} ${target}`);

describe('wrong usage ends with 64 and says what is allowed', () => {
  test.each([
    [['nonsense'], "unknown command 'nonsense'"],
    [['user', 'show'], "missing required argument 'user'"],
    [['user', 'show', 'a', 'b'], 'Expected 1 argument but got 2'],
    [['user', 'show', USER, '--format', 'xml'], 'Allowed choices are flow, table, json'],
    [['message', 'list'], "required option '-u, --user <user>' not specified"],
    [['message', 'fetch', '-u', USER, '--uid', '0'], 'Allowed are whole numbers from 1'],
    [['user', 'show', '..'], 'cannot name a user or an operation'],
    [[], 'Usage: lethe'],
  ])('%j', async (argv, message) => {
    const result = await lethe(argv);
    expect(result.exitCode).toBe(64);
    expect(result.stderr).toContain(message);
    expect(result.stdout).toBe('');
    expect(fake.api.requests).toEqual([]);
  });

  test('help that was asked for is data, and ends with 0', async () => {
    for (const argv of [['--help'], ['user', 'delete', '--help'], ['import', '--help']]) {
      const result = await runCli(argv);
      expect(result).toMatchObject({ exitCode: 0, stderr: '' });
      expect(result.stdout).toContain('Usage: lethe');
    }
  });
});

describe('user', () => {
  test('add sends aliases and class', async () => {
    fake.api.on('POST /v1/accounts', { status: 201, body: ACCOUNT });
    const result = await lethe([
      ...['user', 'add', USER, '--alias', 'j@example.com', '--alias', 'jj@example.com'],
      ...['--class', 'r30'],
    ]);
    expect(result.exitCode).toBe(0);
    expect(JSON.parse(fake.api.requests[0]?.body ?? '')).toEqual({
      user: USER,
      aliases: ['j@example.com', 'jj@example.com'],
      retentionClass: 'r30',
    });
  });

  test('show prints a fact a line when piped, a table and exact JSON when asked', async () => {
    fake.api.on(`GET ${ACCOUNT_PATH}`, { body: ACCOUNT });
    expect((await lethe(['user', 'show', USER])).stdout).toBe(
      facts(
        'user=john@example.com aliases=j@example.com accountId=a1 state=active retentionClass=r30 ' +
          'createdAt=2026-11-01T00:00:00.000Z mailboxes=2 messages=1234 bytes=5600000',
      ),
    );
    const table = (await lethe(['user', 'show', USER, '-f', 'table'])).stdout;
    expect(table).toContain('messages    1,234\n');
    expect(table).toContain('bytes       5.6 MB\n');
    const json = (await lethe(['user', 'show', USER, '-f', 'json'])).stdout;
    expect(JSON.parse(json)).toEqual(ACCOUNT);
  });
});

describe('O1: user delete', () => {
  const started: Reply = {
    status: 202,
    body: { operationId: 'op1', verb: 'delete-account', state: 'running', counts: {}, billed: {} },
  };

  const estimate = {
    dryRun: true,
    accountId: ACCOUNT.accountId,
    counts: { messages: 3000, mailboxes: 2, objectVersions: 3100, bytes: 50_000_000 },
    goneForGood: 3010,
    remains: [
      { where: 'point-in-time recovery of the tables', days: 35, note: 'rows can be restored' },
      { where: 'records in other accounts', note: 'the account id' },
    ],
    freedAddresses: [USER, 'j@example.com'],
    estimatedCostDollars: 0.0123,
    pricesOf: '2026-08-31',
  };
  const OUTLIVES = [
    'What outlives it elsewhere:',
    '  point-in-time recovery of the tables for 35 days: rows can be restored',
    '  records in other accounts: the account id',
    'Once it has ended, john@example.com, j@example.com are free: no address is reserved.\n',
  ].join('\n');
  const ESTIMATED = `DELETE ${ACCOUNT_PATH}?dryRun=true`;

  test('--dry-run names counts, bytes and cost, and starts nothing', async () => {
    fake.api.on(`DELETE ${ACCOUNT_PATH}`, { body: estimate });
    const result = await lethe(['user', 'delete', USER, '--dry-run', '-f', 'table']);
    expect(result.exitCode).toBe(0);
    expect(targets()).toEqual([ESTIMATED]);
    expect(result.stderr).toBe(OUTLIVES);
    expect(result.stdout).toMatch(/gone for good +3010\n/);
    expect(result.stdout).toMatch(/object versions +3,100\n/);
    expect(result.stdout).toMatch(/bytes +50\.0 MB\n/);
    expect(result.stdout).toMatch(/estimated cost dollars +\$0\.012300\n/);
  });

  test('without a terminal it needs --yes, and asks the API nothing', async () => {
    const result = await lethe(['user', 'delete', USER]);
    expect(result.exitCode).toBe(64);
    expect(result.stderr).toContain('give --yes');
    expect(fake.api.requests).toEqual([]);
  });

  test('at a terminal it names messages and bytes, and goes on when the address is typed', async () => {
    fake.api.on(`DELETE ${ACCOUNT_PATH}`, { body: estimate }, started);
    const result = await lethe(['user', 'delete', USER, '--no-wait'], { typed: `${USER}\n` });
    expect(result.exitCode).toBe(0);
    expect(result.stderr).toContain(OUTLIVES);
    expect(result.stderr).toContain(
      'This erases john@example.com: 3,000 messages in 2 mailboxes, 50.0 MB. 3,010 messages are gone for good. Deleted folders, expunged mail and older versions go with the rest: nothing can be brought back. It cannot be undone.',
    );
    expect(targets()).toEqual([ESTIMATED, `DELETE ${ACCOUNT_PATH}?accountId=${ACCOUNT.accountId}`]);
    expect(result.stdout).toContain('operationId=op1\n');
  });

  test('W7: without being asked it names the account that has the address', async () => {
    const mismatch = problemReply('urn:lethe:account-mismatch', 409, 'another account');
    fake.api.on(`DELETE ${ACCOUNT_PATH}`, { body: estimate }, mismatch);
    const result = await lethe(['user', 'delete', USER, '--yes']);
    expect(result.exitCode).toBe(65);
    expect(targets()).toEqual([ESTIMATED, `DELETE ${ACCOUNT_PATH}?accountId=${ACCOUNT.accountId}`]);
  });

  test.each(['yes\n', '\n', '\u0004'])('W1: %j is no confirmation', async (typed) => {
    fake.api.on(`DELETE ${ACCOUNT_PATH}`, { body: estimate });
    const result = await lethe(['user', 'delete', USER, '--no-wait'], { typed });
    expect(result.exitCode).toBe(64);
    expect(result.stderr).toContain('not confirmed: nothing was changed');
    expect(targets()).toEqual([ESTIMATED]);
  });

  test('W1: Ctrl-C is no confirmation, and ends with 130', async () => {
    fake.api.on(`DELETE ${ACCOUNT_PATH}`, { body: estimate });
    const result = await lethe(['user', 'delete', USER, '--no-wait'], { typed: '\u0003' });
    expect(result.exitCode).toBe(130);
    expect(result.stderr).toMatch(/\n.*lethe: interrupted: nothing was changed\n$/);
    expect(targets()).toEqual([ESTIMATED]);
  });

  test('U2: an unknown user is erased only when that is said', async () => {
    const unknown = problemReply('urn:lethe:unknown-user', 404, 'unknown');
    const found = { body: { ...estimate, accountId: 'a2' } };
    fake.api.on(`DELETE ${ACCOUNT_PATH}`, unknown, found, started);
    const typed = `${USER}\n`;
    expect((await lethe(['user', 'delete', USER], { typed })).exitCode).toBe(67);
    const allowed = ['user', 'delete', USER, '--allow-unknown-user', '--no-wait'];
    expect((await lethe(allowed, { typed })).exitCode).toBe(0);
    expect(targets().at(-1)).toBe(`DELETE ${ACCOUNT_PATH}?accountId=a2&allowUnknownUser=true`);
  });
});

describe('mailboxes and messages', () => {
  const mailbox = (path: string, messages: number): object => ({
    mailboxId: `a1.${path}`,
    path,
    uidValidity: 1,
    uidNext: messages + 1,
    messages,
    bytes: messages * 1000,
  });

  test('O3: lists follow the cursor to the end, INBOX first, in each format', async () => {
    const pages: Reply[] = [
      { body: { items: [mailbox('INBOX', 12), mailbox('日本語', 3)], next: 'c1' } },
      { body: { items: [mailbox('Größe & Gewicht', 1)] } },
    ];
    const list = `GET ${ADMIN_PATH}/mailboxes`;
    fake.api.on(list, ...pages);
    const json = await lethe(['mailbox', 'list', '-u', USER, '-f', 'json']);
    expect(JSON.parse(json.stdout).map(({ path }: { path: string }) => path)).toEqual([
      'INBOX',
      'Größe & Gewicht',
      '日本語',
    ]);
    expect(targets()).toEqual([`${list}?limit=500`, `${list}?cursor=c1&limit=500`]);
    fake.api.on(list, ...pages);
    const flow = await lethe(['mailbox', 'list', '-u', USER, '-f', 'flow']);
    expect(flow.stdout.split('\n')[1]).toBe(
      'path="Größe & Gewicht" messages=1 bytes=1000 uidNext=2 uidValidity=1',
    );
    fake.api.on(list, ...pages);
    const table = await lethe(['mailbox', 'list', '-u', USER, '-f', 'table']);
    expect(table.stdout.split('\n').slice(0, 4)).toEqual([
      'mailbox          messages    bytes  uid next  uid validity',
      'INBOX                  12  12.0 kB        13             1',
      'Größe & Gewicht         1   1.0 kB         2             1',
      '日本語                  3   3.0 kB         4             1',
    ]);
  });

  test('O3: a server that repeats its cursor does not keep the command forever', async () => {
    fake.api.on(`GET ${ADMIN_PATH}/mailboxes`, { body: { items: [], next: 'c' } });
    const result = await lethe(['mailbox', 'list', '-u', USER]);
    expect(result.exitCode).toBe(70);
    expect(result.stderr).toContain('does not come to an end');
    expect(fake.api.requests).toHaveLength(2);
  });

  test('an empty list is valid JSON', async () => {
    fake.api.on(`GET ${ADMIN_PATH}/mailboxes`, { body: { items: [] } });
    expect((await lethe(['mailbox', 'list', '-u', USER, '-f', 'json'])).stdout).toBe('[]\n');
  });

  test('a hostile subject reaches the terminal as text only', async () => {
    const message = {
      uid: 1,
      guid: 'g',
      size: 100,
      internalDate: '2026-01-01T00:00:00Z',
      saveDate: '2026-01-01T00:00:00Z',
      flags: ['\\Seen'],
      keywords: ['$Work'],
      from: 'a@x.org',
      to: USER,
      subject: 'pay\u001b[2J\r\nuid=2 now',
      messageId: '<1@x>',
    };
    fake.api.on(`GET ${ADMIN_PATH}/messages`, { body: { items: [message] } });
    const result = await lethe(['message', 'list', '-u', USER, '-m', 'Größe & +%']);
    expect(result.stdout).toContain('subject="pay\\u001b[2J\\r\\nuid=2 now"');
    expect(result.stdout.trim().split('\n')).toHaveLength(1);
    const [, query = ''] = (fake.api.requests[0]?.target ?? '').split('?');
    expect(new URLSearchParams(query).get('mailbox')).toBe('Größe & +%');
  });

  test('W1: fetch writes the message byte for byte', async () => {
    const raw = Buffer.from([0, 13, 10, 255, 0xc3, 0x28, 10, 13]);
    fake.api.on(`GET ${ADMIN_PATH}/messages/17`, {
      body: raw,
      headers: { 'content-type': 'message/rfc822' },
    });
    const result = await lethe(['message', 'fetch', '-u', USER, '--uid', '17']);
    expect(result.exitCode).toBe(0);
    expect(result.stdoutBytes.equals(raw)).toBe(true);
    expect(targets()).toEqual([`GET ${ADMIN_PATH}/messages/17?mailbox=INBOX`]);
  });

  test('W1: fetch with a UID that is not there writes nothing and ends with 68', async () => {
    const missing = problemReply('urn:lethe:unknown-message', 404, 'no such message');
    fake.api.on(`GET ${ADMIN_PATH}/messages/17`, missing);
    const result = await lethe(['message', 'fetch', '-u', USER, '--uid', '17']);
    expect(result).toMatchObject({ exitCode: 68, stdout: '' });
  });
});
