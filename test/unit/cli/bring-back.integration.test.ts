/** The command that an answer prints brings back what the answer is about: all of it, and no more. */
import { describe, expect, test } from 'vitest';
import type { Reply } from './support/fake-api.ts';
import { type CliOptions, type CliResult, runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const USER = 'john@example.com';
const ADMIN = '/v1/admin/accounts/john%40example.com';
/** The clock of the command says 12:00. Signatures bear five minutes. */
const SINCE = '--expunged-since 2026-11-22T11:55:00Z';

const fake = useFakeApi();

const lethe = (argv: readonly string[], options: CliOptions = {}): Promise<CliResult> => {
  const [noun = '', verb = '', ...rest] = argv;
  return runCli([noun, verb, '-u', USER, ...rest, '--local', fake.local], options);
};
const json = (body: unknown): Reply => ({ body: JSON.stringify(body) });
const printed = ({ stderr }: CliResult) => /UTC \((lethe [^\n]*)\)/.exec(stderr)?.[1];

describe('O1, L3: what message expunge prints', () => {
  const gone = (by: string, expunged: readonly { mailbox: string; uid: number }[]) =>
    json({
      expunged,
      bytes: 100,
      mailboxesMatched: 1,
      complete: true,
      recoverable: { messages: expunged.length, until: '2026-12-22T00:00:00.000Z', by },
    });
  const one = [{ mailbox: 'A', uid: 4 }];
  const restoring: readonly (readonly [readonly string[], string])[] = [
    [['-m', 'A', '--uid', '4'], `--origin A ${SINCE}`],
    [['-m', 'A', '--subject', 'x'], `--origin A ${SINCE}`],
    [['-m', "A's*", '--all'], `--origin 'A'\\''s*' ${SINCE}`],
    [['-m', '100%', '--uid', '4'], `--origin '100\\%' ${SINCE}`],
    [['-m', '*', '--all'], `--origin '*' ${SINCE}`],
    [['--query', '{"or":[{"mailbox":"A"},{"mailbox":"B"}]}'], SINCE],
  ];

  test.each(restoring)('out of a storage: %j', async (words, operand) => {
    fake.api.on(`POST ${ADMIN}/messages/expunge`, gone('messages/restore', one));
    const result = await lethe(['message', 'expunge', ...words, '--yes']);
    expect(printed(result)).toBe(`lethe message restore -u ${USER} ${operand}`);
  });

  test('the question names the same command', async () => {
    fake.api.on(`POST ${ADMIN}/messages/expunge`, gone('messages/restore', one));
    const result = await lethe(['message', 'expunge', '-m', 'A', '--all'], { typed: 'no\n' });
    expect(printed(result)).toBe(`lethe message restore -u ${USER} --origin A ${SINCE}`);
  });

  test('in place: one command for each mailbox, with its UIDs', async () => {
    const found = [9, 5, 6, 7].map((uid) => ({ mailbox: 'My A', uid }));
    const more = [...found, { mailbox: 'B', uid: 1 }];
    fake.api.on(`POST ${ADMIN}/messages/expunge`, gone('messages/unexpunge', more));
    const result = await lethe(['message', 'expunge', '-m', '*', '--all', '--yes']);
    const base = `lethe message unexpunge -u ${USER} -m`;
    expect(printed(result)).toBe(`${base} 'My A' --uid 5-7,9; ${base} B --uid 1`);
  });

  test('in place: scattered UIDs are not all written out', async () => {
    const found = Array.from({ length: 40 }, (_, at) => ({ mailbox: 'A', uid: 1000 + 2 * at }));
    fake.api.on(`POST ${ADMIN}/messages/expunge`, gone('messages/unexpunge', found));
    const result = await lethe(['message', 'expunge', '-m', '*', '--all', '--yes']);
    expect(printed(result)).toBe(`lethe message unexpunge -u ${USER} -m A --all`);
  });

  test('in place: where there are many mailboxes, it says that it is one for each', async () => {
    const found = ['A', 'B', 'C', 'D'].map((mailbox) => ({ mailbox, uid: 1 }));
    fake.api.on(`POST ${ADMIN}/messages/expunge`, gone('messages/unexpunge', found));
    const result = await lethe(['message', 'expunge', '-m', '*', '--all', '--yes']);
    expect(printed(result)).toBe(
      `lethe message unexpunge -u ${USER} -m MAILBOX --all, for each of 4 mailboxes`,
    );
  });
});

describe('O1, L6: what mailbox delete prints', () => {
  const until = '2026-12-22T00:00:00.000Z';
  const counts = { mailboxes: 3, messages: 20, bytes: 100, complete: true };

  test('at once: with everything below it', async () => {
    const recoverable = { messages: 20, until, by: 'messages/restore' };
    fake.api.on(
      `POST ${ADMIN}/mailboxes/delete`,
      json({ mode: 'immediate', ...counts, recoverable }),
    );
    const result = await lethe(['mailbox', 'delete', 'P', '--recursive', '--yes']);
    const base = `lethe message restore -u ${USER}`;
    expect(printed(result)).toBe(`${base} --origin P ${SINCE}; ${base} --origin 'P/*' ${SINCE}`);
  });

  const ids = [1, 2, 3, 4].map((last) => `6922A1B0-4f1c8e02d9a${last}`);
  test.each([
    [2, ids.slice(0, 2).map((id) => `lethe mailbox undelete -u ${USER} --deletion ${id}`)],
    [
      4,
      [
        `lethe mailbox undelete -u ${USER} --deletion ID, for each that "lethe mailbox deleted" lists`,
      ],
    ],
  ])('all: each of %i deletions', async (many, commands) => {
    const recoverable = { messages: 20, until, by: 'mailboxes/undelete' };
    const deletions = ids.slice(0, many).map((deletionId) => ({ deletionId, path: 'P' }));
    const answer = { mode: 'delayed', ...counts, deletions, recoverable };
    fake.api.on(`POST ${ADMIN}/mailboxes/delete`, json(answer));
    const result = await lethe(['mailbox', 'delete', '--all', '--yes']);
    expect(printed(result)).toBe(commands.join('; '));
  });
});

describe('L3, F4: mailbox undelete --to-user', () => {
  const answer = {
    deletionId: '6922A1B0-4f1c8e02d9aa',
    to: 'P',
    mailboxes: 1,
    messages: 2,
    bytes: 9,
  };
  const undelete = (...more: string[]) =>
    lethe(['mailbox', 'undelete', 'P', '--to-user', 'anna@example.com', ...more]);

  test('says before and afterwards what does not come along', async () => {
    fake.api.on(
      `POST ${ADMIN}/mailboxes/undelete`,
      json({ ...answer, dryRun: true }),
      json(answer),
    );
    expect((await undelete('--dry-run')).stderr).toContain(
      'What was expunged in place there would stay behind, out of reach: to keep it, bring the folder back to its own user first.',
    );
    expect((await undelete()).stderr).toContain(
      'back as P\nWhat was expunged in place there has stayed behind, out of reach.\n',
    );
  });
});
