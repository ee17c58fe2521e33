import { describe, expect, test } from 'vitest';
import { problemReply } from './support/fake-api.ts';
import { facts, runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const USER = 'john@example.org';
const RUNNING = {
  operationId: 'op-1',
  verb: 'purge-mailboxes',
  state: 'running',
  step: 'Purge parts',
  attempt: 1,
  accountId: '*',
  requestedBy: 'anna',
  createdAt: '2026-11-22T00:00:00.000Z',
  updatedAt: '2026-11-22T00:00:00.000Z',
  counts: {},
  billed: {},
  costDollars: 0,
  pricesOf: '2026-08-31',
};
const DONE = {
  ...RUNNING,
  state: 'succeeded',
  step: 'Finish purge',
  counts: { trees: 2, mailboxes: 3, messages: 18, bytes: 2048 },
};

const fake = useFakeApi();

const purge = (...words: readonly string[]) =>
  runCli(['mailbox', 'purge', ...words, '--local', fake.local]);

const started = () => {
  fake.api.on('POST /v1/mailboxes/purge', { status: 202, body: RUNNING });
  fake.api.on('GET /v1/operations/op-1', { body: DONE });
};

const FOLDERS = 'GET /v1/mailboxes/purge/op-1/folders';
const COPIES_STAY = 'A copy in another mailbox stays, and so does all mail of an account on hold.';
const folder = (path: string, more: object = {}) => ({
  ...{ accountId: 'a1', user: USER, deletionId: `6922A1B0-${path}`, path },
  ...{ deletedAt: '2026-11-01T00:00:00.000Z', mailboxes: 1, messages: 6, bytes: 700, ...more },
});
const found = (expected: object) => ({
  body: { ...DONE, counts: {}, dryRun: true, expected, goneForGood: 18 },
});

describe('O1: lethe mailbox purge names what goes for good', () => {
  const FOUND = { trees: 2, mailboxes: 3, messages: 18, bytes: 2048 };

  test('before it asks, by a dry run of its own; and afterwards how much', async () => {
    fake.api.on('POST /v1/mailboxes/purge', { status: 202, body: RUNNING });
    fake.api.on('GET /v1/operations/op-1', found(FOUND), { body: { ...DONE, goneForGood: 18 } });
    fake.api.on(FOLDERS, {
      body: { items: [folder('Old'), folder('X\u001b[2J', { user: undefined })] },
    });
    const { exitCode, stderr, stdout } = await runCli(
      ['mailbox', 'purge', '--all', '--local', fake.local],
      { typed: 'all\n' },
    );
    expect(exitCode).toBe(0);
    expect(fake.api.requests.map(({ method, target }) => `${method} ${target}`)).toEqual([
      'POST /v1/mailboxes/purge?dryRun=true',
      'GET /v1/operations/op-1',
      `${FOLDERS}?limit=500`,
      'POST /v1/mailboxes/purge',
      'GET /v1/operations/op-1',
    ]);
    expect(stderr).toContain(`  ${USER}  Old  6 messages, 700 bytes\n`);
    expect(stderr).toContain('  a1  X\\u{1b}[2J  6 messages, 700 bytes\n');
    expect(stderr).toContain(
      `of all accounts: 2 deleted folders, 18 messages, 2.0 kB. All of it is gone for good, and what was expunged in place there cannot be brought back any more. ${COPIES_STAY}`,
    );
    expect(stderr).toContain(`2 deleted folders. 18 messages are gone for good. ${COPIES_STAY}\n`);
    expect(stdout).toContain('goneForGood=18');
  });

  test('of more than it shows, how many there are', async () => {
    const items = Array.from({ length: 25 }, (_, n) => folder(`F${n}`));
    fake.api.on('POST /v1/mailboxes/purge', { status: 202, body: RUNNING });
    fake.api.on('GET /v1/operations/op-1', found({ ...FOUND, trees: 30 }));
    fake.api.on(FOLDERS, { body: { items } });
    const asked = await runCli(['mailbox', 'purge', '-u', USER, '--local', fake.local], {
      typed: 'no\n',
    });
    expect(asked.exitCode).toBe(64);
    expect(asked.stderr).toContain('  and 10 more (--dry-run names them)\n');
    expect(asked.stderr).not.toContain('F20 ');
  });

  test('where there is nothing, it says so and asks nobody', async () => {
    fake.api.on('POST /v1/mailboxes/purge', { status: 202, body: RUNNING });
    fake.api.on('GET /v1/operations/op-1', found({ ...FOUND, trees: 0 }));
    const options = { typed: '' };
    const none = await runCli(['mailbox', 'purge', '--all', '--local', fake.local], options);
    expect(none).toMatchObject({ exitCode: 0, stdout: '' });
    expect(none.stderr).toContain('There is no deleted folder that may go.\n');
    expect(fake.api.requests).toHaveLength(2);
  });

  test.each(['json', 'flow'])('in a dry run, each of them: %s', async (format) => {
    fake.api.on('POST /v1/mailboxes/purge', { status: 202, body: RUNNING });
    fake.api.on('GET /v1/operations/op-1', found(FOUND));
    fake.api.on(
      FOLDERS,
      { body: { items: [folder('Old')], next: 'c' } },
      { body: { items: [folder('Z')] } },
    );
    const { exitCode, stdout } = await purge('--all', '--dry-run', '-f', format);
    expect(exitCode).toBe(0);
    if (format === 'json') {
      expect(JSON.parse(stdout)).toMatchObject({
        goneForGood: 18,
        folders: [folder('Old'), folder('Z')],
      });
      return;
    }
    expect(stdout.match(/^user=.*(?=\n)/gm)).toEqual([
      `user=${USER} path=Old deletedAt=2026-11-01T00:00:00.000Z deletionId=6922A1B0-Old mailboxes=1 messages=6 bytes=700`,
      `user=${USER} path=Z deletedAt=2026-11-01T00:00:00.000Z deletionId=6922A1B0-Z mailboxes=1 messages=6 bytes=700`,
    ]);
  });
});

describe('lethe mailbox purge', () => {
  test.each([
    [['--all'], {}],
    [['-d', 'example.org', '--older-than-days', '0'], { domain: 'example.org', olderThanDays: 0 }],
    [
      ['-u', USER, '--older-than-days', '30', '--ignore-own-retention'],
      { user: USER, olderThanDays: 30, ignoreOwnRetention: true },
    ],
    [['-u', USER, '--deletion', '6922A1B0-4f'], { user: USER, deletionId: '6922A1B0-4f' }],
  ])('O1: %j asks for that, waits, and says what went', async (words, body) => {
    started();
    const { exitCode, stdout, stderr } = await purge(...words, '--yes');
    expect(exitCode).toBe(0);
    expect(JSON.parse(fake.api.requests[0]?.body ?? '')).toEqual(body);
    expect(stdout).toContain(
      facts('counts.trees=2 counts.mailboxes=3 counts.messages=18 counts.bytes=2048'),
    );
    expect(stderr).toContain('Purging deleted folders: operation op-1');
  });

  test('O1: a dry run asks nobody, and names counts and cost', async () => {
    const expected = { trees: 2, mailboxes: 3, messages: 18, bytes: 2048 };
    fake.api.on('POST /v1/mailboxes/purge', { status: 202, body: { ...RUNNING, dryRun: true } });
    const counted = { ...DONE, counts: {}, dryRun: true, expected, estimatedCostDollars: 0.0123 };
    fake.api.on('GET /v1/operations/op-1', { body: counted });
    fake.api.on(FOLDERS, { body: { items: [] } });
    const { exitCode, stdout } = await purge('--all', '--dry-run');
    expect(exitCode).toBe(0);
    expect(fake.api.requests[0]?.target).toBe('/v1/mailboxes/purge?dryRun=true');
    expect(JSON.parse(fake.api.requests[0]?.body ?? '')).toEqual({});
    expect(stdout).toContain('estimatedCostDollars=0.0123');
  });

  test('O1: what could not be purged is said, with what to do', async () => {
    started();
    const error = { name: 'PurgeIncompleteError', message: '1 could not', next: 'Look at it.' };
    fake.api.on('GET /v1/operations/op-1', { body: { ...DONE, state: 'failed', error } });
    const { exitCode, stderr } = await purge('--all', '--yes');
    expect(exitCode).toBe(75);
    expect(stderr).toContain('PurgeIncompleteError: 1 could not');
    expect(stderr).toContain('lethe operation resume op-1');
  });

  test('without waiting it returns as soon as it has begun', async () => {
    started();
    const { exitCode, stdout } = await purge('--all', '--yes', '--no-wait');
    expect([exitCode, fake.api.requests.length]).toEqual([0, 1]);
    expect(stdout).toContain('state=running');
  });

  test.each([
    [[], 'whose deleted folders?'],
    [['--all', '-u', USER], 'too much is said about whose'],
    [['--all', '--deletion', 'x'], 'a deletion is one of a user'],
    [['-u', USER, '--deletion', 'x', '--older-than-days', '1'], 'goes at any age'],
    [['--all', '--older-than-days', 'never'], 'deletedRetentionDays'],
    [['--all', '--older-than-days', '-1'], 'whole numbers from 0'],
    [['--all', '--older-than-days', '1.5'], 'whole numbers from 0'],
    [['--all'], 'no terminal to ask'],
  ])('O2: %j is refused: %s', async (words, message) => {
    const { exitCode, stderr } = await purge(...words);
    expect(exitCode).toBe(64);
    expect(stderr).toContain(message);
    expect(fake.api.requests).toEqual([]);
  });

  test('W6: the hold of an account is told', async () => {
    fake.api.on('POST /v1/mailboxes/purge', problemReply('urn:lethe:account-held', 409, 'held'));
    expect(await purge('-u', USER, '--yes')).toMatchObject({ exitCode: 77 });
  });
});
