import { describe, expect, test } from 'vitest';
import type { MailboxSettings, MailSettings } from '../../../functions/contract/mail-settings.ts';
import { timeInSeconds } from '../../../functions/contract/seed-mail-settings.ts';
import { problemReply, type Reply } from './support/fake-api.ts';
import { type CliResult, facts, runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const USER = 'john@example.com';
const ADMIN = '/v1/admin/accounts/john%40example.com';
const OWN = '/v1/accounts/john%40example.com';
const DOMAIN = '/v1/admin/domains/example.com/settings';
const TRASH = {
  mailboxId: 'a.1',
  path: 'Trash',
  uidValidity: 9,
  uidNext: 4,
  messages: 3,
  bytes: 4200,
  specialUse: '\\Trash',
};

const fake = useFakeApi();

const lethe = (...argv: string[]): Promise<CliResult> => runCli([...argv, '--local', fake.local]);
const json = (body: unknown, status = 200): Reply => ({ status, body: JSON.stringify(body) });
const sent = () =>
  fake.api.requests.map(({ method, target, body }) => [
    `${method} ${target}`,
    body === '' ? undefined : JSON.parse(body),
  ]);

describe('mailbox', () => {
  test('list acts as an administrator, or as the user that is named', async () => {
    fake.api.on(`GET ${ADMIN}/mailboxes`, json({ items: [TRASH] }));
    fake.api.on(`GET ${OWN}/mailboxes`, json({ items: [] }));
    const { stdout } = await lethe('mailbox', 'list', '-u', USER);
    expect(stdout).toBe(
      'path=Trash messages=3 bytes=4200 uidNext=4 uidValidity=9 specialUse=\\Trash\n',
    );
    await lethe('mailbox', 'list', '-u', USER, '--as', 'anna@example.com');
    expect(fake.api.requests[1]?.target).toContain(`${OWN}/mailboxes?as=anna%40example.com`);
  });

  test('list with a pattern gives names, and tells those that only have children', async () => {
    fake.api.on(
      `GET ${ADMIN}/mailboxes`,
      json({ items: [{ path: 'P', placeholder: true }, { path: 'P/a' }] }),
    );
    const { stdout } = await lethe('mailbox', 'list', '-u', USER, 'P*');
    expect(stdout).toBe('path=P placeholder=true\npath=P/a\n');
    expect(fake.api.requests[0]?.target).toContain('pattern=P%2A');
  });

  test('create and rename print the mailbox, exactly with -f json', async () => {
    fake.api.on(`POST ${ADMIN}/mailboxes`, json(TRASH, 201));
    fake.api.on(`POST ${ADMIN}/mailboxes/rename`, json({ ...TRASH, path: 'Bin' }));
    await lethe('mailbox', 'create', '-u', USER, 'Trash', '--special-use', '\\Trash');
    const { stdout } = await lethe('mailbox', 'rename', '-u', USER, 'Trash', 'Bin', '-f', 'json');
    expect(JSON.parse(stdout)).toEqual({ ...TRASH, path: 'Bin' });
    expect(sent()).toEqual([
      [`POST ${ADMIN}/mailboxes`, { path: 'Trash', specialUse: '\\Trash' }],
      [`POST ${ADMIN}/mailboxes/rename`, { from: 'Trash', to: 'Bin' }],
    ]);
  });

  test.each([
    ['urn:lethe:mailbox-exists', 409, 65],
    ['urn:lethe:mailbox-not-empty', 409, 65],
    ['urn:lethe:has-children', 409, 65],
    ['urn:lethe:not-allowed', 403, 77],
    ['urn:lethe:unknown-mailbox', 404, 68],
  ] as const)('O2: %s ends with doveadm exit codes', async (type, status, exitCode) => {
    fake.api.on(`POST ${ADMIN}/mailboxes/rename`, problemReply(type, status, 'no'));
    expect((await lethe('mailbox', 'rename', '-u', USER, 'a', 'b')).exitCode).toBe(exitCode);
  });
});

describe('quota', () => {
  test('get shows use, limit and how full it is', async () => {
    fake.api.on(`GET ${ADMIN}/quota`, json({ bytes: 999, messages: 7, limitBytes: 1000 }));
    const { stdout } = await lethe('quota', 'get', '-u', USER);
    expect(stdout).toBe(facts('messages=7 bytes=999 limitBytes=1000 percent=99'));
  });

  test.each([
    ['500M', 500 * 1024 ** 2],
    ['2GB', 2 * 1024 ** 3],
    ['1000', 1000],
    ['none', null],
  ])('set %s', async (limit, limitBytes) => {
    fake.api.on(`PUT ${ADMIN}/quota`, json({ bytes: 0, messages: 0 }));
    expect((await lethe('quota', 'set', '-u', USER, limit)).exitCode).toBe(0);
    expect(sent()).toEqual([[`PUT ${ADMIN}/quota`, { limitBytes }]]);
  });

  test('O2: set takes sizes only', async () => {
    const { exitCode, stderr } = await lethe('quota', 'set', '-u', USER, 'much');
    expect(exitCode).toBe(64);
    expect(stderr).toContain('got "much", allowed are none, or a size such as 500M');
    expect(fake.api.requests).toEqual([]);
  });

  test('recount goes on to the end, and says what it corrected', async () => {
    const drift = [{ mailbox: 'INBOX', messages: 2, bytes: -10 }];
    fake.api.on(
      `POST ${ADMIN}/quota/recount`,
      json({ bytes: 1, messages: 1, drift, next: 'a.1' }),
      json({ bytes: 5, messages: 2, drift: [] }),
    );
    const { stdout, stderr } = await lethe('quota', 'recount', '-u', USER);
    expect(stdout).toBe(facts('messages=2 bytes=5'));
    expect(stderr).toBe('corrected INBOX: it counted 2 too many messages, 10 too few bytes\n');
    expect(fake.api.requests[1]?.target).toBe(`${ADMIN}/quota/recount?cursor=a.1`);
  });
});

describe('settings', () => {
  const ANSWER = {
    deployment: { lazyExpunge: '.EXPUNGED' },
    domain: { quotaBytes: 10 },
    account: { mailboxes: { Trash: { autoexpunge: { afterSeconds: 2_592_000 } } } },
    effective: {
      lazyExpunge: '.EXPUNGED',
      quotaBytes: 10,
      mailboxes: { Trash: { autoexpunge: { afterSeconds: 2_592_000 } } },
    },
  };

  test('get shows what holds and which level says it', async () => {
    fake.api.on(`GET ${ADMIN}/settings`, json(ANSWER));
    const { stdout } = await lethe('settings', 'get', '-u', USER);
    expect(stdout).toBe(
      'setting=lazyExpunge value=.EXPUNGED level=deployment\n' +
        'setting=quotaBytes value=10 level=domain\n' +
        'setting=lazyExpungeOnlyLastInstance value=false level=default\n' +
        'setting=lazyExpungeExclude value=none level=default\n' +
        'setting=lazyExpungeOwnerAccess value=listed level=default\n' +
        'setting=quotaExempt value=none level=default\n' +
        'setting=deleteMode value=delayed level=default\n' +
        'setting=deletedPrefix value=DELETED level=default\n' +
        'setting=deletedRetentionDays value=7 level=default\n' +
        'setting=mailboxes.Trash.autoexpunge value=30d level=account\n',
    );
    expect(JSON.parse((await lethe('settings', 'get', '-u', USER, '-f', 'json')).stdout)).toEqual(
      ANSWER,
    );
  });

  test.each([
    [{ afterSeconds: 7200 }, '2h'],
    [{ afterSeconds: 90 }, '90s'],
    [{ afterSeconds: 120 }, '2m'],
    [{ maxMails: 5 }, '"{\\"maxMails\\":5}"'],
    [null, 'off'],
  ])('get shows the policy %j as %s, as it is typed', async (autoexpunge, text) => {
    const account = { mailboxes: { Trash: { autoexpunge } } };
    fake.api.on(`GET ${ADMIN}/settings`, json({ ...ANSWER, account, effective: account }));
    const { stdout } = await lethe('settings', 'get', '-u', USER);
    expect(stdout).toContain(`setting=mailboxes.Trash.autoexpunge value=${text} level=account\n`);
    const seconds = timeInSeconds(text);
    if (seconds !== undefined) expect(autoexpunge).toEqual({ afterSeconds: seconds });
  });

  test('set sends values in the form of the API', async () => {
    fake.api.on(`PATCH ${ADMIN}/settings`, json(ANSWER));
    await lethe(
      ...['settings', 'set', '-u', USER, 'lazyExpunge=.EXPUNGED', 'quotaBytes=2K'],
      ...['lazyExpungeExclude=\\Trash', 'lazyExpungeExclude=Tmp/*', 'quotaExempt='],
      ...['lazyExpungeOnlyLastInstance=yes', 'mailboxes..EXPUNGED.autoexpunge=7days'],
      ...['mailboxes..EXPUNGED.autoexpunge_max_mails=100', 'mailboxes.Junk.autoexpunge=off'],
      ...['deletedRetentionDays=30', 'mailboxes.Legal.deletedRetentionDays=never'],
      ...['mailboxes.Tmp.deletedRetentionDays=0', 'deleteMode=immediate'],
      ...['--unset', 'lazyExpungeOwnerAccess', '--unset-mailbox', 'Bin'],
    );
    // The effect is asked for first.
    expect(sent()[0]?.[0]).toBe(`PATCH ${ADMIN}/settings?dryRun=true`);
    expect(sent().slice(1)).toEqual([
      [
        `PATCH ${ADMIN}/settings`,
        {
          set: {
            lazyExpunge: '.EXPUNGED',
            quotaBytes: 2048,
            lazyExpungeExclude: ['\\Trash', 'Tmp/*'],
            quotaExempt: [],
            lazyExpungeOnlyLastInstance: true,
            mailboxes: {
              '.EXPUNGED': { autoexpunge: '7days', autoexpunge_max_mails: '100' },
              Junk: { autoexpunge: null },
              Legal: { deletedRetentionDays: 'never' },
              Tmp: { deletedRetentionDays: 0 },
            },
            deletedRetentionDays: 30,
            deleteMode: 'immediate',
          },
          unset: ['lazyExpungeOwnerAccess'],
          unsetMailboxes: ['Bin'],
        },
      ],
    ]);
  });

  test('O2: the help explains every setting that there is', async () => {
    const names = {
      lazyExpunge: '',
      lazyExpungeOnlyLastInstance: '',
      lazyExpungeExclude: '',
      lazyExpungeOwnerAccess: '',
      quotaBytes: '',
      quotaExempt: '',
      deleteMode: '',
      deletedPrefix: '',
      deletedRetentionDays: '',
    } satisfies Record<Exclude<keyof MailSettings, 'mailboxes'>, string>;
    const inMailbox = {
      autoexpunge: '',
      ownerRights: '',
      specialUse: '',
      deletedRetentionDays: '',
    } satisfies Record<keyof MailboxSettings, string>;
    const { stdout } = await lethe('settings', 'set', '--help');
    for (const name of Object.keys(names)) expect(stdout).toContain(`\n${name}\n`);
    for (const name of Object.keys(inMailbox))
      expect(stdout).toContain(`\nmailboxes.NAME.${name}\n`);
  });

  test('those of a domain are brought to all its mailboxes', async () => {
    fake.api.on(`PATCH ${DOMAIN}`, json(ANSWER));
    fake.api.on(
      `POST ${DOMAIN}/apply`,
      json({ accounts: 20, mailboxes: 1, next: 'c' }),
      json({ accounts: 3, mailboxes: 0 }),
    );
    const { exitCode, stderr } = await lethe(
      'settings',
      'set',
      '-d',
      'example.com',
      'quotaBytes=none',
    );
    expect(exitCode).toBe(0);
    expect(stderr).toContain('23 accounts: 1 mailbox has another policy now\n');
    // The effect is asked for first.
    const body = { set: { quotaBytes: null } };
    expect(sent().slice(0, 2)).toEqual([
      [`PATCH ${DOMAIN}?dryRun=true`, body],
      [`PATCH ${DOMAIN}`, body],
    ]);
  });

  test.each([
    [['get'], 'allowed is one of --user and --domain'],
    [['get', '-u', USER, '-d', 'x.org'], 'allowed is one of --user and --domain'],
    [['set', '-u', USER], 'nothing to set'],
    [['set', '-u', USER, 'quotaBytes'], 'allowed are name=value'],
    [['set', '-u', USER, 'quotaBytes=1', 'quotaBytes=2'], 'quotaBytes is given twice'],
  ])('O2: %j is wrong usage', async (argv, message) => {
    const { exitCode, stderr } = await lethe('settings', ...argv);
    expect(exitCode).toBe(64);
    expect(stderr).toContain(message);
    expect(fake.api.requests).toEqual([]);
  });
});
