import { describe, expect, test } from 'vitest';
import type { Reply } from './support/fake-api.ts';
import { type CliOptions, type CliResult, facts, runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const USER = 'john@example.com';
const ADMIN = '/v1/admin/accounts/john%40example.com/messages';
const OWN = '/v1/accounts/john%40example.com/messages';

const fake = useFakeApi();

const message = (argv: readonly string[], options: CliOptions = {}): Promise<CliResult> => {
  const [verb = '', ...rest] = argv;
  return runCli(['message', verb, '-u', USER, ...rest, '--local', fake.local], options);
};
const json = (body: unknown): Reply => ({ body: JSON.stringify(body) });
const bodies = () => fake.api.requests.map(({ body }) => JSON.parse(body));
const names = (...uids: number[]) => uids.map((uid) => ({ mailbox: 'INBOX', uid }));
const gone = (uids: number[], complete = true, mailboxesMatched = 1, more = {}) =>
  json({ expunged: names(...uids), bytes: 100 * uids.length, mailboxesMatched, complete, ...more });
const back = (uids: number[], complete = true, more = {}) =>
  json({
    restored: uids.map((uid) => ({ mailbox: '.EXPUNGED', uid, to: 'INBOX', newUid: uid + 50 })),
    bytes: 100 * uids.length,
    complete,
    ...more,
  });

describe('flag', () => {
  test('words with a backslash are flags, others keywords', async () => {
    fake.api.on(`POST ${ADMIN}/flags`, json({ changed: [1, 3, 4] }));
    const { stdout, stderr } = await message([
      ...['flag', '--mailbox', 'M', '--uid', '4,1,3-5', '--add', '\\Seen', '--add', 'todo'],
      ...['--remove', '\\Deleted'],
    ]);
    expect(bodies()).toEqual([
      {
        mailbox: 'M',
        uids: [1, 3, 4, 5],
        add: { flags: ['\\Seen'], keywords: ['todo'] },
        remove: { flags: ['\\Deleted'] },
      },
    ]);
    expect(stdout).toBe('uid=1\nuid=3\nuid=4\n');
    expect(stderr).toBe('3 messages of 4 UIDs changed\n');
  });

  test('more UIDs than a request takes are asked for in several, as another user', async () => {
    fake.api.on(`POST ${OWN}/flags`, json({ changed: [1] }), json({ changed: [600] }));
    const argv = ['flag', '--uid', '1-600', '--add', 'x', '--as', 'anna@example.com'];
    const { stdout } = await message([...argv, '-f', 'json']);
    expect(JSON.parse(stdout)).toEqual({ changed: [1, 600] });
    expect(bodies().map(({ uids }) => uids.length)).toEqual([500, 100]);
    expect(fake.api.requests[1]?.target).toBe(`${OWN}/flags?as=anna%40example.com`);
  });
});

describe('copy and move', () => {
  test('what time ran out for is asked for again, and nothing twice', async () => {
    fake.api.on(
      `POST ${ADMIN}/copy`,
      json({ uidValidity: 7, uids: [1, 2], newUids: [11, 12], complete: false }),
      json({ uidValidity: 7, uids: [4], newUids: [13], complete: true }),
    );
    const argv = ['copy', '--from', 'A', '--uid', '1-4', '--to', 'B', '-f', 'json'];
    const { exitCode, stdout, stderr } = await message(argv);
    expect(exitCode).toBe(0);
    expect(bodies().map(({ uids }) => uids)).toEqual([
      [1, 2, 3, 4],
      [3, 4],
    ]);
    expect(JSON.parse(stdout)).toEqual({
      uidValidity: 7,
      uids: [1, 2, 4],
      newUids: [11, 12, 13],
      complete: true,
    });
    expect(stderr).toBe('3 messages of 4 UIDs copied to B\n');
  });

  test('a move that gets nowhere ends with 75 after three tries', async () => {
    fake.api.on(
      `POST ${ADMIN}/move`,
      json({ uidValidity: 7, uids: [], newUids: [], complete: false }),
    );
    const { exitCode, stderr } = await message(['move', '--from', 'A', '--uid', '1', '--to', 'B']);
    expect(exitCode).toBe(75);
    expect(stderr).toContain('Give the UIDs that are left once more');
    expect(fake.api.requests).toHaveLength(3);
  });

  test('a copy whose answer is lost is not sent again', async () => {
    fake.api.on(`POST ${ADMIN}/copy`, { hangUp: true });
    const { exitCode } = await message(['copy', '--from', 'A', '--uid', '1', '--to', 'B']);
    expect(exitCode).toBe(69);
    expect(fake.api.requests).toHaveLength(1);
  });
});

describe('expunge', () => {
  test('by UIDs, and those of them with \\Deleted', async () => {
    fake.api.on(`POST ${ADMIN}/expunge`, gone([2]));
    const argv = ['expunge', '-m', 'INBOX', '--uid', '1-2', '--deleted', '--yes'];
    const { stdout, stderr } = await message(argv);
    expect(bodies()).toEqual([{ mailbox: 'INBOX', uids: [1, 2], deletedOnly: true }]);
    expect(stdout).toBe(facts('expunged=1 bytes=100 mailboxesMatched=1 complete=true'));
    expect(stderr).toBe('1 message, 100 bytes expunged\n');
  });

  test('options build the query, together with the one in JSON', async () => {
    fake.api.on(`POST ${ADMIN}/expunge`, gone([]));
    await message([
      ...['expunge', '-m', '.EXPUNGED', '--query', '{"from": "spam"}', '--saved-before', '1d'],
      ...['--since', '2026-11-01', '--bypass-expunge-storage', '--yes'],
    ]);
    expect(bodies()).toEqual([
      {
        query: {
          from: 'spam',
          mailbox: '.EXPUNGED',
          savedBefore: { secondsAgo: 86_400 },
          since: { at: '2026-11-01T00:00:00Z' },
        },
        bypassExpungeStorage: true,
      },
    ]);
  });

  test('L3: asked again, a query leaves alone what the first request stored', async () => {
    fake.api.on(`POST ${ADMIN}/expunge`, gone([1, 2], false, 1, { next: 'c' }), gone([3]));
    const query = { mailbox: '*' };
    const argv = ['expunge', '--query', JSON.stringify(query), '--yes', '-f', 'json'];
    const { stdout, stderr } = await message(argv);
    expect(bodies()).toEqual([
      { query },
      { query: { or: [query], savedBefore: { secondsAgo: 60 } }, cursor: 'c' },
    ]);
    expect(JSON.parse(stdout)).toEqual({
      expunged: names(1, 2, 3),
      bytes: 300,
      mailboxesMatched: 1,
      complete: true,
    });
    expect(stderr).toBe('3 messages, 300 bytes expunged\n');
  });

  test('L3: an answer that does not say where to go on is not asked again', async () => {
    fake.api.on(`POST ${ADMIN}/expunge`, gone([1, 2], false), gone([3]));
    const { exitCode, stdout } = await message(['expunge', '-m', '*', '--all', '--yes']);
    expect(exitCode).toBe(75);
    expect(stdout).toContain('expunged=2\n');
    expect(fake.api.requests).toHaveLength(1);
  });

  test('L3: a query whose answer is lost is not sent again, a list of UIDs is', async () => {
    fake.api.on(`POST ${ADMIN}/expunge`, { hangUp: true }, gone([1]));
    expect((await message(['expunge', '-m', '*', '--all', '--yes'])).exitCode).toBe(69);
    fake.api.on(`POST ${ADMIN}/expunge`, { hangUp: true }, gone([1]));
    expect((await message(['expunge', '-m', 'A', '--uid', '1', '--yes'])).exitCode).toBe(0);
    expect(fake.api.requests).toHaveLength(3);
  });

  test('a dry run is one request, changes nothing and warns when no mailbox matches', async () => {
    fake.api.on(
      `POST ${ADMIN}/expunge`,
      json({ ...JSON.parse(String(gone([], false, 0).body)), dryRun: true }),
    );
    const { exitCode, stdout, stderr } = await message([
      'expunge',
      '-m',
      'X*',
      '--all',
      '--dry-run',
    ]);
    expect(exitCode).toBe(0);
    expect(fake.api.requests[0]?.target).toBe(`${ADMIN}/expunge?dryRun=true`);
    expect(bodies()).toEqual([{ query: { mailbox: 'X*', all: true } }]);
    expect(stdout).toBe(facts('dryRun=true expunged=0 bytes=0 mailboxesMatched=0 complete=false'));
    expect(stderr).toContain('warning: the query matches no mailbox');
  });

  test('W5: names what stays because of its row, once, however often it was asked', async () => {
    const passedOver = [{ mailbox: 'X', uid: 7 }];
    const answer = (uids: number[], complete: boolean) =>
      gone(uids, complete, 1, { passedOver, ...(complete ? {} : { next: 'c' }) });
    fake.api.on(`POST ${ADMIN}/expunge`, answer([1], false), answer([2], true));
    const { exitCode, stderr } = await message(['expunge', '-m', 'X', '--all', '--yes']);
    expect(exitCode).toBe(0);
    expect(stderr.match(/warning: message 7 of "X" stays/g)).toHaveLength(1);
  });

  test('asks with what would go; only the address of the user is a yes', async () => {
    fake.api.on(`POST ${ADMIN}/expunge`, gone([1, 2]));
    const argv = ['expunge', '-m', 'Trash', '--deleted'];
    const refused = await message(argv, { typed: 'yes\n' });
    expect(refused.exitCode).toBe(64);
    expect(refused.stderr).toContain(`This expunges 2 messages, 200 bytes, of ${USER}`);
    expect(fake.api.requests[0]?.target).toBe(`${ADMIN}/expunge?dryRun=true`);
    expect(bodies()).toEqual([{ mailbox: 'Trash' }]);
    expect((await message(argv, { typed: `${USER}\n` })).exitCode).toBe(0);
    expect(fake.api.requests.at(-1)?.target).toBe(`${ADMIN}/expunge`);
    expect(bodies().at(-1)).toEqual({ mailbox: 'Trash' });
  });
});

describe('restore', () => {
  test('by UIDs, to a mailbox, over quota', async () => {
    fake.api.on(`POST ${ADMIN}/restore`, back([1, 3], true, { overQuota: true }));
    const { stdout, stderr } = await message([
      ...['restore', '-m', '.EXPUNGED', '--uid', '1,3', '--to', 'INBOX', '--over-quota'],
    ]);
    expect(bodies()).toEqual([
      { mailbox: '.EXPUNGED', uids: [1, 3], to: 'INBOX', overQuota: true },
    ]);
    expect(stdout).toBe(
      'mailbox=.EXPUNGED uid=1 to=INBOX newUid=51\nmailbox=.EXPUNGED uid=3 to=INBOX newUid=53\n',
    );
    expect(stderr).toBe('2 messages, 200 bytes restored, over quota\n');
  });

  test('O3: by query, gone on with where each answer says until all is back', async () => {
    fake.api.on(`POST ${ADMIN}/restore`, back([1], false, { next: 'c' }), back([2]));
    const { stdout } = await message([
      ...['restore', '--origin', 'Work', '--from', 'a', '--to-address', 'b', '--subject', 'c'],
      ...['--expunged-since', '2d', '-f', 'json'],
    ]);
    expect(bodies()[1]).toEqual({
      query: {
        origin: 'Work',
        from: 'a',
        to: 'b',
        subject: 'c',
        expungedSince: { secondsAgo: 172_800 },
      },
      cursor: 'c',
    });
    expect(JSON.parse(stdout)).toMatchObject({ bytes: 200, complete: true });
  });

  test('L3: with --keep, a query goes on behind what was restored', async () => {
    fake.api.on(`POST ${ADMIN}/restore`, back([1], false, { next: 'c' }), back([2]));
    const { exitCode } = await message(['restore', '--query', '{}', '--keep']);
    expect(exitCode).toBe(0);
    expect(bodies()).toEqual([
      { query: {}, keep: true },
      { query: {}, keep: true, cursor: 'c' },
    ]);
  });

  test('L3: with --keep, a query is not asked again: it would restore the same twice', async () => {
    fake.api.on(`POST ${ADMIN}/restore`, back([1], false));
    const { exitCode, stdout } = await message(['restore', '--query', '{}', '--keep']);
    expect(exitCode).toBe(75);
    expect(stdout).toContain('uid=1');
    expect(fake.api.requests).toHaveLength(1);
  });
});
