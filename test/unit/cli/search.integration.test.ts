/** Searches, and wrong usage of the commands about messages. */
import { expect, test } from 'vitest';
import type { Reply } from './support/fake-api.ts';
import { type CliResult, runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const USER = 'john@example.com';
const ADMIN = '/v1/admin/accounts/john%40example.com/messages';

const fake = useFakeApi();

const message = ([verb = '', ...rest]: readonly string[]): Promise<CliResult> =>
  runCli(['message', verb, '-u', USER, ...rest, '--local', fake.local]);
const json = (body: unknown): Reply => ({ body: JSON.stringify(body) });
const bodies = () => fake.api.requests.map(({ body }) => JSON.parse(body));

test('search prints what was found, and ends with 65 when the list is cut', async () => {
  const items = [{ mailbox: 'A', uid: 4, subject: 'a b' }];
  const answer = { items, count: 1, mailboxesMatched: 1, complete: true };
  fake.api.on(`POST ${ADMIN}/search`, json(answer), json({ ...answer, complete: false }));
  const argv = ['search', '-m', 'A*', '--subject', 'b'];
  const { stdout } = await message(argv);
  expect(stdout).toBe('mailbox=A uid=4 subject="a b"\n');
  expect(bodies()).toEqual([{ query: { mailbox: 'A*', subject: 'b' } }]);
  const cut = await message([...argv, '-f', 'json']);
  expect(JSON.parse(cut.stdout)).toEqual({ ...answer, complete: false });
  expect(cut.exitCode).toBe(65);
});

test('O2: a search in a mailbox that is not there ends with 68', async () => {
  const answer = { items: [], count: 0, mailboxesMatched: 0, complete: true };
  fake.api.on(`POST ${ADMIN}/search`, json(answer));
  const { exitCode, stdout, stderr } = await message(['search', '-m', 'Nope']);
  expect([exitCode, stdout]).toEqual([68, '']);
  expect(stderr).toContain('the query matches no mailbox');
});

test.each([
  [['flag', '--uid', '1'], 'allowed are --add and --remove'],
  [['flag', '--uid', '5-3', '--add', 'x'], '--uid'],
  [['flag', '--uid', '0', '--add', 'x'], '--uid'],
  [['copy', '--from', 'A', '--uid', '1-200000', '--to', 'B'], 'More than 100000 UIDs'],
  [['move', '--from', 'A', '--uid', '1'], "'--to <mailbox>' not specified"],
  [['search'], 'nothing to look for'],
  [['expunge', '--yes'], 'nothing to expunge'],
  [['expunge', '--uid', '1', '--yes'], '--mailbox is missing'],
  [['expunge', '-m', 'A', '--uid', '1', '--all', '--yes'], '--uid and a query'],
  [['expunge', '-m', 'A', '--query', '{"mailbox":"B"}', '--all', '--yes'], '--mailbox is given'],
  [['expunge', '--query', '[1]', '--yes'], '--query'],
  [['search', '--query', '{"subject":"a","subject":"b"}'], 'It has "subject" twice'],
  [['expunge', '-m', 'A', '--saved-before', '1M', '--yes'], '--saved-before'],
  [['expunge', '-m', 'A', '--saved-before', '2026-02-31', '--yes'], '--saved-before'],
  [['expunge', '-m', 'A', '--deleted'], 'no terminal to ask'],
  [['restore', '-m', 'A'], 'nothing to restore'],
  [['restore', '--uid', '1'], '--mailbox is missing'],
  [['restore', '-m', 'A', '--uid', '1', '--origin', 'B'], '--uid and a query'],
])('O2: %j is wrong usage', async (argv, said) => {
  const { exitCode, stderr } = await message(argv);
  expect(exitCode).toBe(64);
  expect(stderr).toContain(said);
  expect(fake.api.requests).toEqual([]);
});
