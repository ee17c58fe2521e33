/** What takes long says how far it is, and Ctrl-C says what was done. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { problemReply, type Reply, type SeenRequest } from './support/fake-api.ts';
import { type CliOptions, type CliResult, runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const USER = 'john@example.com';
const MESSAGES = '/v1/admin/accounts/john%40example.com/messages';

const fake = useFakeApi();

const message = (argv: readonly string[], options: CliOptions = {}): Promise<CliResult> => {
  const [verb = '', ...rest] = argv;
  return runCli(['message', verb, '-u', USER, ...rest, '--local', fake.local], options);
};

const uidsOf = ({ body }: SeenRequest): number[] => (JSON.parse(body) as { uids: number[] }).uids;

/** Longer than a hurried command waits before it shows progress. */
const ANSWER_MS = 40;

const changeAll = async (request: SeenRequest): Promise<Reply> => {
  await sleep(ANSWER_MS);
  return { body: { changed: uidsOf(request) } };
};
const expungeAll = (request: SeenRequest): Reply => {
  const expunged = uidsOf(request).map((uid) => ({ mailbox: 'A', uid }));
  const { length } = expunged;
  return {
    body: { expunged, bytes: length, mailboxesMatched: 1, complete: true, goneForGood: length },
  };
};
const FLAG = ['flag', '-m', 'A', '--uid', '1-1200', '--add', 'x'];
const EXPUNGE = ['expunge', '-m', 'A', '--uid', '1-1200', '--yes'];

/** Presses Ctrl-C while a request is under way. */
function pressedIn(answer: (request: SeenRequest) => Reply | Promise<Reply>, at = 1) {
  const interruption = new AbortController();
  let asked = 0;
  const respond = (request: SeenRequest) => {
    asked += 1;
    if (asked === at) interruption.abort();
    return answer(request);
  };
  return { interruption, respond };
}

describe('O1: progress', () => {
  test('of flags is shown once they take long, in parts of what was asked for', async () => {
    fake.api.on(`POST ${MESSAGES}/flags`, changeAll);
    const { exitCode, stderr } = await message(FLAG, { hurried: true });
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^[\d:]{8} Change flags$/m);
    expect(stderr).toMatch(/ Change flags: (500|1,000) of 1,200 messages, \d\d:\d\d\n/);
    expect(stderr).toMatch(/ Change flags: 1,200 of 1,200 messages, \d\d:\d\d\n/);
  });

  test('of an expunge by query counts what is done', async () => {
    const part = async (uid: number, more: object): Promise<Reply> => {
      await sleep(ANSWER_MS);
      const expunged = [{ mailbox: 'A', uid }];
      return { body: { expunged, bytes: 1, mailboxesMatched: 1, ...more } };
    };
    fake.api.on(
      `POST ${MESSAGES}/expunge`,
      () => part(1, { complete: false, next: 'c' }),
      () => part(2, { complete: true }),
    );
    const argv = ['expunge', '-m', 'A', '--all', '--yes'];
    const { exitCode, stderr } = await message(argv, { hurried: true });
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/ Expunge messages: 2 messages, \d\d:\d\d\n/);
  });

  test('is not shown for what is over at once', async () => {
    fake.api.on(`POST ${MESSAGES}/flags`, changeAll);
    const { stderr } = await message(FLAG);
    expect(stderr).toBe('1,200 messages changed\n');
  });
});

describe('O3: Ctrl-C ends with 130 and tells what was done', () => {
  test('flags', async () => {
    const { interruption, respond } = pressedIn(changeAll, 2);
    fake.api.on(`POST ${MESSAGES}/flags`, respond);
    const { exitCode, stdout, stderr } = await message(FLAG, { interruption });
    expect(exitCode).toBe(130);
    expect(fake.api.requests).toHaveLength(2);
    expect(stdout.trim().split('\n')).toHaveLength(1000);
    expect(stderr).toContain('Interrupted: waiting for the answer to what was asked already');
    expect(stderr).toContain('1,000 messages of 1,200 UIDs changed\n');
  });

  test('an expunge, with what is gone for good', async () => {
    const { interruption, respond } = pressedIn(expungeAll);
    fake.api.on(`POST ${MESSAGES}/expunge`, respond);
    const { exitCode, stdout, stderr } = await message(EXPUNGE, { interruption });
    expect(exitCode).toBe(130);
    expect(fake.api.requests).toHaveLength(1);
    expect(stdout).toContain('expunged=500\n');
    expect(stdout).toContain('complete=false\n');
    expect(stderr).toContain('500 messages, 500 bytes expunged\n');
    expect(stderr).toContain('500 messages are gone for good.');
    expect(stderr).toContain('lethe: interrupted: what is not said to be done is as it was\n');
  });

  test('a command that was done by then ends as it is', async () => {
    const { interruption, respond } = pressedIn(expungeAll);
    fake.api.on(`POST ${MESSAGES}/expunge`, respond);
    const argv = ['expunge', '-m', 'A', '--uid', '1-20', '--yes'];
    expect((await message(argv, { interruption })).exitCode).toBe(0);
  });

  test('pressed while it is counted what to ask about, nothing is asked and nothing done', async () => {
    const { interruption, respond } = pressedIn(() => ({
      body: { removed: 7, bytes: 7, complete: false, next: 'c' },
    }));
    fake.api.on(`POST ${MESSAGES}/purge-expunged`, respond);
    const argv = ['purge-expunged', '--older-than-days', '0'];
    const { exitCode, stderr } = await message(argv, { interruption, typed: `${USER}\n` });
    expect(exitCode).toBe(130);
    expect(stderr).toContain('lethe: interrupted: nothing was changed\n');
    expect(stderr).not.toContain('to go on:');
    expect(fake.api.requests).toHaveLength(1);
  });
});

test('O1: an error in the middle says what was done before it', async () => {
  const refused = problemReply('urn:lethe:not-permitted', 403, 'not any more');
  fake.api.on(`POST ${MESSAGES}/expunge`, expungeAll, refused);
  const { exitCode, stderr } = await message(EXPUNGE);
  expect(exitCode).toBe(77);
  expect(stderr).toBe('Expunge messages: 500 messages done before that.\nlethe: not any more\n');
});
