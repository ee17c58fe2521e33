import { describe, expect, test } from 'vitest';
import type { Reply } from './support/fake-api.ts';
import { type CliOptions, type CliResult, runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const USER = 'john@example.com';
const ADMIN = '/v1/admin/accounts/john%40example.com/messages';

const fake = useFakeApi();

const message = (argv: readonly string[], options: CliOptions = {}): Promise<CliResult> => {
  const [verb = '', ...rest] = argv;
  return runCli(['message', verb, '-u', USER, ...rest, '--local', fake.local], options);
};
const json = (body: unknown): Reply => ({ body: JSON.stringify(body) });
const bodies = () => fake.api.requests.map(({ body }) => JSON.parse(body));

const back = (uids: readonly number[], more: object = { complete: true }) =>
  json({
    restored: uids.map((uid) => [uid, uid + 50]),
    count: uids.length,
    bytes: 100 * uids.length,
    ...more,
  });

describe('expunged', () => {
  test('O3: lists what there is, page by page', async () => {
    const item = (uid: number) => ({
      uid,
      guid: 'g',
      expungedAt: '2026-11-21T10:00:00.000Z',
      size: 7,
      internalDate: '2026-11-20T10:00:00.000Z',
      flags: ['\\Deleted'],
      keywords: ['k'],
      from: 'a',
      to: 'b',
      subject: `s${uid}`,
    });
    fake.api.on(
      `GET ${ADMIN}/expunged`,
      json({ items: [item(1)], next: '1' }),
      json({ items: [{ ...item(3), expiresAt: '2026-12-21T10:00:00.000Z' }] }),
    );
    const { stdout, exitCode } = await message(['expunged', '-m', 'Work']);
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      expect.stringContaining('uid=1 expungedAt=2026-11-21T10:00:00.000Z expiresAt=never size=7'),
      expect.stringContaining('uid=3 expungedAt=2026-11-21T10:00:00.000Z expiresAt=2026-12-21'),
    ]);
    expect(fake.api.requests.map(({ target }) => target)).toEqual([
      expect.stringContaining('mailbox=Work'),
      expect.stringContaining('cursor=1'),
    ]);
  });
});

describe('unexpunge', () => {
  test('goes on where the answer says, from the same moment', async () => {
    fake.api.on(
      `POST ${ADMIN}/unexpunge`,
      back([1, 2], { complete: false, next: '2' }),
      back([], { complete: false, next: '900' }),
      back([1000]),
    );
    const argv = ['unexpunge', '--expunged-within', '2h', '--add-keyword', 'back'];
    const { stdout, stderr, exitCode } = await message(argv);
    expect(exitCode).toBe(0);
    expect(stdout).toBe('uid=1 newUid=51\nuid=2 newUid=52\nuid=1000 newUid=1050\n');
    expect(stderr).toContain('3 messages, 300 bytes restored to INBOX\n');
    const asked = { mailbox: 'INBOX', expungedWithinSeconds: 7200, addKeyword: 'back' };
    expect(bodies()).toEqual([asked, { ...asked, cursor: '2' }, { ...asked, cursor: '900' }]);
  });

  test('UIDs that time ran out for are sent again, and nothing twice', async () => {
    fake.api.on(`POST ${ADMIN}/unexpunge`, back([1, 2], { complete: false }), back([4]));
    const argv = ['unexpunge', '-m', 'A', '--uid', '1-4', '--keep-deleted', '--over-quota'];
    expect((await message(argv)).exitCode).toBe(0);
    const asked = { mailbox: 'A', clearDeleted: false, overQuota: true };
    expect(bodies()).toEqual([
      { ...asked, uids: [1, 2, 3, 4] },
      { ...asked, uids: [3, 4] },
    ]);
  });

  test('75 when it gets nowhere', async () => {
    const stuck = back([], { complete: false, next: '7' });
    fake.api.on(`POST ${ADMIN}/unexpunge`, stuck, stuck, stuck, stuck);
    const { exitCode, stderr } = await message(['unexpunge', '--all']);
    expect(exitCode).toBe(75);
    expect(stderr).toContain('Give the same command again.');
  });

  test('O1: a dry run says that nothing was changed', async () => {
    const found = { restored: [[3]], count: 1, bytes: 100, dryRun: true, complete: true };
    fake.api.on(`POST ${ADMIN}/unexpunge`, json(found));
    const { stdout, stderr } = await message(['unexpunge', '--all', '--dry-run']);
    expect(fake.api.requests[0]?.target).toBe(`${ADMIN}/unexpunge?dryRun=true`);
    expect(bodies()).toEqual([{ mailbox: 'INBOX', all: true }]);
    expect(stdout).toBe('uid=3\n');
    expect(stderr).toBe('would restore 1 message, 100 bytes; nothing was changed\n');
  });

  test.each([[[]], [['--all', '--uid', '1']], [['--expunged-within', 'soon']]])(
    'O2: %j is refused before anything is asked',
    async (argv) => {
      expect((await message(['unexpunge', ...argv])).exitCode).toBe(64);
      expect(fake.api.requests).toEqual([]);
    },
  );
});

describe('purge-expunged', () => {
  const gone = (removed: number, more: object = { complete: true }) =>
    json({ removed, bytes: 100 * removed, ...more });

  test('part by part, with --yes', async () => {
    fake.api.on(`POST ${ADMIN}/purge-expunged`, gone(5, { complete: false, next: 'abc' }), gone(2));
    const argv = ['purge-expunged', '--older-than-days', '30', '--yes', '-f', 'json'];
    const { stdout, exitCode } = await message(argv);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ removed: 7, bytes: 700, goneForGood: 7, complete: true });
    expect(bodies()).toEqual([{ olderThanDays: 30 }, { olderThanDays: 30, cursor: 'abc' }]);
  });

  test('O1: asks first, with what would go; without a terminal it needs --yes', async () => {
    const argv = ['purge-expunged', '--older-than-days', '0', '-m', 'Work'];
    expect((await message(argv)).exitCode).toBe(64);
    expect(fake.api.requests).toEqual([]);
    fake.api.on(`POST ${ADMIN}/purge-expunged`, gone(5, { complete: true, dryRun: true }));
    const refused = await message(argv, { typed: 'no\n' });
    expect(refused.exitCode).toBe(64);
    expect(refused.stderr).toContain('This ends 5 messages, 500 bytes, expunged in place');
    expect(fake.api.requests[0]?.target).toBe(`${ADMIN}/purge-expunged?dryRun=true`);
    expect(bodies()).toEqual([{ olderThanDays: 0, mailbox: 'Work' }]);
    fake.api.on(`POST ${ADMIN}/purge-expunged`, gone(5, { complete: true, dryRun: true }), gone(5));
    expect((await message(argv, { typed: `${USER}\n` })).exitCode).toBe(0);
    expect(fake.api.requests.at(-1)?.target).toBe(`${ADMIN}/purge-expunged`);
    expect(bodies().at(-1)).toEqual({ olderThanDays: 0, mailbox: 'Work' });
  });

  test('O2: how old has to be said', async () => {
    expect((await message(['purge-expunged', '--yes'])).exitCode).toBe(64);
    expect((await message(['purge-expunged', '--older-than-days', '-1'])).exitCode).toBe(64);
    expect(fake.api.requests).toEqual([]);
  });
});
