/** What a set of UIDs means, and options that contradict each other. */
import { describe, expect, test } from 'vitest';
import { parseUidSet, withUids } from '../../../cli/commands/uid-set.ts';
import type { Reply } from './support/fake-api.ts';
import { type CliResult, runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const USER = 'john@example.com';
const MESSAGES = '/v1/admin/accounts/john%40example.com/messages';

const fake = useFakeApi();
const lethe = (...argv: string[]): Promise<CliResult> =>
  runCli([...argv, '-u', USER, '--local', fake.local]);
const json = (body: unknown): Reply => ({ body: JSON.stringify(body) });
const listed = (...uids: number[]) => json({ items: uids.map((uid) => ({ uid })) });
const sent = () => fake.api.requests.filter(({ method }) => method === 'POST');

async function* pages(...all: (readonly number[])[]) {
  for (const uids of all) yield uids.map((uid) => ({ uid }));
}
const never = () => {
  throw new Error('the list was asked for');
};

describe('a set of UIDs', () => {
  test.each([
    ['7', [7]],
    ['4,1,3-5', [1, 3, 4, 5]],
    ['3:5, 5', [3, 4, 5]],
    ['4294967294', [4_294_967_294]],
  ])('O2: %s needs no look at what is there', async (text, uids) => {
    expect((await withUids({ uid: parseUidSet(text) }, never)).uid).toEqual(uids);
  });

  test.each([
    ['1:*', [2, 5, 9, 12]],
    ['9:*', [9, 12]],
    ['9-*', [9, 12]],
    ['13:*', []],
    ['*', [12]],
    ['3,*', [3, 12]],
    ['*,9:*', [9, 12]],
    ['1-2,12:*', [1, 2, 12]],
  ])('O2, W1: %s means what is there, and nothing below it', async (text, uids) => {
    const there = () => pages([2, 5], [], [9, 12]);
    expect((await withUids({ uid: parseUidSet(text) }, there)).uid).toEqual(uids);
  });

  test('O2, W1: in an empty mailbox no set with an end of * means anything', async () => {
    for (const text of ['*', '1:*']) {
      expect((await withUids({ uid: parseUidSet(text) }, () => pages())).uid).toEqual([]);
    }
  });

  test.each(['', '0', '0:*', '5-3', '*:3', '1-', 'a', '1;2', '4294967295', '-1', '1:**', '1..3'])(
    'O2: %j is refused',
    (text) => {
      expect(() => parseUidSet(text)).toThrow('allowed are');
    },
  );

  test('O2: more than 100,000 by number are refused, and named what is meant instead', () => {
    expect(() => parseUidSet('1-100001')).toThrow('With an end of * only those that are there');
    expect(parseUidSet('1-100000')).toHaveLength(1);
  });
});

describe('sets with an end of * on the command line', () => {
  test.each([
    [['message', 'flag', '-m', 'M', '--add', 'x'], 'flags', { changed: [2, 9] }],
    [
      ['message', 'move', '-m', 'M', '--to', 'T'],
      'move',
      { uidValidity: 1, uids: [2, 9], newUids: [1, 2], complete: true },
    ],
    [
      ['message', 'expunge', '-m', 'M', '--yes'],
      'expunge',
      {
        expunged: [2, 9].map((uid) => ({ mailbox: 'M', uid })),
        bytes: 1,
        mailboxesMatched: 1,
        complete: true,
      },
    ],
  ])('O2: %j asks for those that are there, by number', async (argv, path, answer) => {
    fake.api.on(`GET ${MESSAGES}`, listed(2, 9));
    fake.api.on(`POST ${MESSAGES}/${path}`, json(answer));
    expect(await lethe(...argv, '--uid', '1:*')).toMatchObject({ exitCode: 0 });
    expect(fake.api.requests[0]?.target).toContain('mailbox=M');
    expect(sent().map(({ body }) => JSON.parse(body).uids)).toEqual([[2, 9]]);
  });

  test('O2, W1: an expunge of what is not there asks for nothing', async () => {
    fake.api.on(`GET ${MESSAGES}`, listed(2, 9));
    const { exitCode, stderr } = await lethe(
      ...['message', 'expunge', '-m', 'M', '--yes', '--uid', '10:*'],
    );
    expect([exitCode, stderr]).toEqual([0, '0 messages, 0 bytes expunged\n']);
    expect(sent()).toEqual([]);
  });

  test('O2: in place, those that were expunged there', async () => {
    fake.api.on(`GET ${MESSAGES}/expunged`, listed(4));
    fake.api.on(
      `POST ${MESSAGES}/unexpunge`,
      json({ restored: [[4, 10]], count: 1, bytes: 1, complete: true }),
    );
    expect((await lethe('message', 'unexpunge', '-m', 'M', '--uid', '*')).exitCode).toBe(0);
    expect(sent().map(({ body }) => JSON.parse(body).uids)).toEqual([[4]]);
  });

  test('O2: UIDs without a mailbox are refused before anything is asked', async () => {
    for (const verb of ['expunge', 'restore']) {
      const { exitCode, stderr } = await lethe('message', verb, '--uid', '1:*');
      expect([exitCode, stderr]).toEqual([64, expect.stringContaining('--mailbox is missing')]);
    }
    expect(fake.api.requests).toEqual([]);
  });
});

describe('options that contradict each other are refused with 64, before anything is asked', () => {
  test.each([
    [['message', 'flag', '--uid', '1', '--add', 'x', '--remove', 'x'], '--add and --remove of x'],
    [
      ['message', 'flag', '--uid', '1', '--add', '\\Seen', '--remove', '\\seen'],
      '--add and --remove of \\Seen',
    ],
    [['message', 'flag', '--uid', '1', '--add', 'seen'], 'got seen: the flag is \\Seen'],
    [['message', 'search', '--subject', 'a', '--subject', 'b'], '--subject is given twice'],
    [['message', 'expunge', '-m', 'A', '--mailbox', 'B', '--all'], '--mailbox is given twice'],
    [['message', 'list', '-f', 'json', '--format', 'flow'], '--format is given twice'],
    [
      ['message', 'copy', '-m', 'A', '--from', 'B', '--uid', '1', '--to', 'C'],
      "cannot be used with option '-m",
    ],
    [['settings', 'set', 'quota=1G', '--unset', 'quota'], 'quota is set and unset'],
    [
      ['settings', 'set', 'mailboxes.Work.autoexpunge=3d', '--unset-mailbox', 'Work'],
      'mailboxes.Work is set and unset',
    ],
    [['message', 'list', '--url', 'https://x.example.com'], '--url and --local'],
  ])('O2: %j', async (argv, said) => {
    const { exitCode, stderr } = await lethe(...argv);
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining(said)]);
    expect(fake.api.requests).toEqual([]);
  });

  test('O2: --wait and --no-wait', async () => {
    const argv = ['user', 'delete', USER, '--yes', '--wait', '--no-wait', '--local', fake.local];
    const { exitCode, stderr } = await runCli(argv);
    expect([exitCode, stderr]).toEqual([
      64,
      expect.stringContaining('--wait and --no-wait: allowed is one of them'),
    ]);
    expect(fake.api.requests).toEqual([]);
  });
});
