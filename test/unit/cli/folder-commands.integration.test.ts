import { beforeEach, describe, expect, test } from 'vitest';
import { Doors } from '../handlers/doors.ts';
import type { Reply } from './support/fake-api.ts';
import { type CliOptions, type CliResult, facts, runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const USER = 'john@example.com';
const ADMIN = '/v1/admin/accounts/john%40example.com';

const fake = useFakeApi();
let doors: Doors;

/** The command over the doors themselves, by HTTP. */
beforeEach(async () => {
  doors = new Doors();
  await doors.addAccount(USER);
  fake.api.otherwise(async ({ method, target, body }): Promise<Reply> => {
    const asked = body === '' ? {} : { text: body };
    const answer = await doors.ask(`${method} ${target}`, asked);
    const type = answer.headers.get('content-type') ?? '';
    return { status: answer.status, body: answer.text, headers: { 'content-type': type } };
  });
});

const mailbox = (argv: readonly string[], options: CliOptions = {}): Promise<CliResult> => {
  const [verb = '', ...rest] = argv;
  return runCli(['mailbox', verb, '-u', USER, ...rest, '--local', fake.local], options);
};
const make = async (...paths: string[]): Promise<void> => {
  for (const path of paths) expect((await mailbox(['create', path])).exitCode).toBe(0);
};
const names = async (): Promise<string[]> => {
  const { stdout } = await mailbox(['list', '*', '-f', 'json']);
  return (JSON.parse(stdout) as { path: string }[]).map(({ path }) => path);
};
const deliver = async (path: string): Promise<void> => {
  const raw = Buffer.from('Subject: x\r\n\r\nx').toString('base64');
  const body = { mailbox: path, messages: [{ raw }] };
  expect((await doors.ask(`POST ${ADMIN}/messages`, { body })).status).toBe(201);
};
const CONTENT = 'messages=1 bytes=15 complete=true';
const COST = 'estimatedCostDollars=0.000018 pricesOf=2026-08-31';
const RECOVERABLE = 'recoverable.messages=1 recoverable.until=2026-11-29T00:00:00.000Z';
const ID = /[0-9A-F]{8}-[0-9a-f]{12}/;
const idIn = (text: string): string => ID.exec(text)?.[0] ?? '';

test('create --parents makes what is missing above', async () => {
  await make('A');
  const { stdout } = await mailbox(['create', 'A/b/c', '--parents']);
  expect(stdout).toContain('path=A/b/c\nmessages=0\n');
  const list = await mailbox(['list', '*']);
  expect(list.stdout).toBe(
    'path=A hasChildren=true\npath=A/b hasChildren=true\npath=A/b/c\npath=INBOX\n',
  );
});

describe('F1: delete', () => {
  beforeEach(async () => {
    await make('Work', 'Work/a', 'Work/a/b');
    await deliver('Work/a');
  });

  test('O1: a dry run names counts, bytes and cost, and changes nothing', async () => {
    const { exitCode, stdout } = await mailbox(['delete', 'Work', '--recursive', '--dry-run']);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      facts(`dryRun=true mode=delayed mailboxes=3 ${CONTENT} ${COST} ${RECOVERABLE}`),
    );
    expect(await names()).toContain('Work/a/b');
  });

  test('asks with what would go; only the address of the user is a yes', async () => {
    const argv = ['delete', 'Work', '--recursive'];
    const refused = await mailbox(argv, { typed: 'yes\n' });
    expect(refused.exitCode).toBe(64);
    expect(refused.stderr).toContain(
      `This sets aside 3 mailboxes, 1 message, 15 bytes, of ${USER}. 1 message can be brought back until 2026-11-29 00:00 UTC (lethe mailbox undelete -u ${USER} Work).`,
    );
    expect(await names()).toContain('Work');
    const done = await mailbox(argv, { typed: `${USER}\n` });
    expect(done.stderr).toContain('3 mailboxes, 1 message, 15 bytes set aside\n');
    const told = `name=DELETED/Work/T mailboxes=3 ${CONTENT} ${RECOVERABLE}`;
    expect(done.stdout.replace(ID, 'ID').replace(/\/[0-9A-F]{8}\n/, '/T\n')).toBe(
      facts(`mode=delayed deletionId=ID ${told}`),
    );
    expect(await names()).toEqual(['INBOX']);
    const none = await mailbox(argv, {});
    expect(none.exitCode).toBe(64);
    expect(none.stderr).toContain('no terminal to ask');
  });

  test('F6: a mailbox with children ends with 65 and names them', async () => {
    const { exitCode, stderr } = await mailbox(['delete', 'Work', '--yes']);
    expect(exitCode).toBe(65);
    expect(stderr).toContain('"Work" has mailboxes below it: "Work/a", "Work/a/b"');
    expect(stderr).toContain('recursive');
  });

  test('--all sets everything aside, INBOX too', async () => {
    const { stdout, stderr } = await mailbox(['delete', '--all', '--yes']);
    expect(stdout).toBe(facts(`mode=delayed deletions=4 mailboxes=4 ${CONTENT} ${RECOVERABLE}`));
    expect(stderr).toContain('4 mailboxes, 1 message, 15 bytes set aside\n1 message can be');
    expect(await names()).toEqual([]);
  });

  test('immediate mode says what cannot be brought back', async () => {
    doors.settings = { deleteMode: 'immediate' };
    const { stderr } = await mailbox(['delete', 'Work/a'], { typed: `${USER}\n` });
    expect(stderr).toContain('This deletes 1 mailbox, 1 message, 15 bytes');
    expect(stderr).toContain(`of ${USER}. 1 message is gone for good.`);
    expect(stderr).toContain('1 mailbox, 1 message, 15 bytes deleted\n');
    expect(await names()).toEqual(['INBOX', 'Work', 'Work/a', 'Work/a/b']);
  });

  test('what time ran out for is asked for again, and added up', async () => {
    const part = { mode: 'immediate', mailboxes: 1, messages: 5, bytes: 50 };
    fake.api.on(
      `POST ${ADMIN}/mailboxes/delete`,
      { body: { ...part, complete: false } },
      { body: { ...part, complete: true } },
    );
    const { stdout, stderr } = await mailbox(['delete', 'Work', '--yes']);
    expect(stdout).toBe(facts('mode=immediate mailboxes=2 messages=10 bytes=100 complete=true'));
    expect(stderr).toBe('2 mailboxes, 10 messages, 100 bytes deleted\n');
  });
});

describe('F4: deleted and undelete', () => {
  test('by name, by time, by id and in part', async () => {
    await make('Work', 'Work/a');
    await deliver('Work/a');
    await mailbox(['delete', 'Work', '--recursive', '--yes']);
    doors.world.clock.advance(3_600_000);
    await make('Work');
    await mailbox(['delete', 'Work', '--yes']);
    const list = await mailbox(['deleted']);
    const [first = '', second = ''] = list.stdout.split('\n');
    expect(first).toMatch(/ path=Work deletedAt=\S+ state=deleted mailboxes=2 messages=1 /);
    expect(second).toMatch(/ mailboxes=1 messages=0 bytes=0 purgeAfter=2026-\S+$/);
    const inside = await mailbox(['deleted', '--deletion', idIn(first)]);
    expect(inside.stdout).toMatch(/^path=Work messages=0 .*\npath=Work\/a messages=1 .*\n$/);
    const part = ['undelete', '--deletion', idIn(first), '--path', 'Work/a', '--to', 'Found'];
    const dry = await mailbox([...part, '--dry-run']);
    expect(dry.stderr).toBe(
      'would bring back 1 mailbox, 1 message, 15 bytes as Found; nothing was changed\n',
    );
    expect(await names()).toEqual(['INBOX']);
    expect((await mailbox(part)).stderr).toBe('1 mailbox, 1 message, 15 bytes back as Found\n');
    const latest = await mailbox(['undelete', 'Work']);
    expect(latest.stdout).toContain(facts(`deletionId=${idIn(second)} to=Work mailboxes=1`));
    const before = await mailbox(['undelete', 'Work']);
    expect(before.stdout).toContain(`deletionId=${idIn(first)}\nto="Work (restored)"\n`);
    const gone = await mailbox(['undelete', 'Work']);
    expect(gone.exitCode).toBe(68);
    expect(gone.stderr).toContain('there is no deleted folder of the name "Work"');
  });

  test('times are counted from now; over quota is asked for', async () => {
    fake.api.on(`POST ${ADMIN}/mailboxes/undelete`, {
      body: {
        deletionId: '65A1B2C3-0123456789ab',
        to: 'Work',
        mailboxes: 1,
        messages: 2,
        bytes: 3,
        overQuota: true,
      },
    });
    const { stderr } = await mailbox(['undelete', 'Work', '--at', '2d', '--over-quota']);
    expect(stderr).toBe('1 mailbox, 2 messages, 3 bytes back as Work, over quota\n');
    expect(JSON.parse(fake.api.requests[0]?.body ?? '')).toEqual({
      mailbox: 'Work',
      at: '2026-11-20T12:00:00.000Z',
      overQuota: true,
    });
  });
});

test('to another account: what time ran out for ends with 75', async () => {
  const answer = {
    deletionId: '65A1B2C3-0123456789ab',
    to: 'A',
    mailboxes: 1,
    messages: 0,
    bytes: 0,
  };
  fake.api.on(`POST ${ADMIN}/mailboxes/undelete`, { body: { ...answer, complete: false } });
  const argv = ['undelete', 'A', '--to-user', 'anna@example.com'];
  const { exitCode, stdout } = await mailbox(argv);
  expect(exitCode).toBe(75);
  expect(stdout).toContain('complete=false');
  expect(JSON.parse(fake.api.requests[0]?.body ?? '')).toEqual({
    mailbox: 'A',
    toUser: 'anna@example.com',
  });
});

test('message expunge --delete-emptied deletes what is empty then', async () => {
  await make('Work', 'Kept');
  await deliver('Work');
  const argv = ['message', 'expunge', '-u', USER, '-m', 'Work', '--all', '--delete-emptied'];
  const dry = await runCli([...argv, '--dry-run', '--local', fake.local]);
  expect(dry.stdout).toContain(facts('expunged=1 bytes=15 mailboxesMatched=1 deleted=1'));
  expect(await names()).toEqual(['INBOX', 'Kept', 'Work']);
  const done = await runCli([...argv, '--yes', '--local', fake.local]);
  expect(done.stdout).toContain('\ndeleted=1\n');
  expect(await names()).toEqual(['INBOX', 'Kept']);
  const wrong = ['message', 'expunge', '-u', USER, '-m', 'A', '--deleted', '--delete-emptied'];
  const { exitCode, stderr } = await runCli([...wrong, '--yes', '--local', fake.local]);
  expect({ exitCode, stderr: stderr.includes('needs a query') }).toEqual({
    exitCode: 64,
    stderr: true,
  });
});

test.each([
  [['delete'], 'one of a mailbox and --all'],
  [['delete', 'Work', '--all'], 'one of a mailbox and --all'],
  [['delete', '--all', '--require-empty'], '--all and --require-empty'],
  [['undelete'], 'one of a mailbox and --deletion'],
  [['undelete', 'Work', '--deletion', '65A1B2C3-0123456789ab'], 'one of a mailbox and --deletion'],
  [['undelete', '--deletion', 'x'], 'Allowed are ids'],
  [['undelete', '--deletion', '65A1B2C3-0123456789ab', '--at', '1d'], '--at and --deletion'],
  [['undelete', 'Work', '--path', 'Work/a'], '--path needs --deletion'],
  [['undelete', 'Work', '--at', 'yesterday'], 'Allowed are a time ago'],
])('O2: %j is wrong usage', async (argv, said) => {
  const { exitCode, stderr } = await mailbox([...argv, ...(argv[0] === 'delete' ? ['--yes'] : [])]);
  expect(exitCode).toBe(64);
  expect(stderr).toContain(said);
  expect(fake.api.requests).toEqual([]);
});

test('F3: administrators list, fetch and copy what is in a deleted folder', async () => {
  await make('Work', 'Work/a');
  await deliver('Work/a');
  const deletion = idIn((await mailbox(['delete', 'Work', '--recursive', '--yes'])).stdout);
  const message = (...argv: string[]) =>
    runCli(['message', ...argv, '-u', USER, '--deletion', deletion, '--local', fake.local]);
  expect((await message('list')).stdout).toBe('');
  expect((await message('list', '-m', 'Work/a')).stdout).toContain('uid=1');
  expect((await message('fetch', '-m', 'Work/a', '--uid', '1')).stdout).toContain('Subject: x');
  const copied = await message('copy', '--from', 'Work/a', '--uid', '1', '--to', 'INBOX');
  expect(copied.stderr).toContain('1 message copied to INBOX');
  const moved = await message('move', '--from', 'Work/a', '--uid', '1', '--to', 'INBOX');
  expect(moved).toMatchObject({ exitCode: 64 });
  expect(moved.stderr).toContain("unknown option '--deletion'");
});

describe('A1, O1: settings set', () => {
  const set = (argv: readonly string[], options: CliOptions = {}): Promise<CliResult> =>
    runCli(['settings', 'set', '-u', USER, ...argv, '--local', fake.local], options);
  const POLICY = 'mailboxes.Work.autoexpunge=1h';
  const EFFECT = 'the next sweep expunges 1 message of Work';
  const isSet = async () => {
    const argv = ['settings', 'get', '-u', USER, '--local', fake.local];
    return (await runCli(argv)).stdout.includes('mailboxes.Work.autoexpunge');
  };

  beforeEach(async () => {
    await make('Work');
    await deliver('Work');
    doors.world.clock.advance(7_200_000);
  });

  test('asks where mail would end, and tells the effect', async () => {
    const refused = await set([POLICY], { typed: 'yes\n' });
    expect(refused.exitCode).toBe(64);
    expect(refused.stderr).toContain(`effect: ${EFFECT}\n`);
    expect(await isSet()).toBe(false);
    expect((await set([POLICY], { typed: `${USER}\n` })).exitCode).toBe(0);
    expect(await isSet()).toBe(true);
  });

  test('says how to go on where nobody can be asked', async () => {
    const refused = await set([POLICY]);
    expect(refused.exitCode).toBe(64);
    expect(refused.stderr).toContain('give --yes');
    expect(await isSet()).toBe(false);
    expect((await set([POLICY, '--yes'])).exitCode).toBe(0);
    expect(await isSet()).toBe(true);
  });

  test('--dry-run only shows', async () => {
    const shown = await set([POLICY, '--dry-run']);
    expect(shown.exitCode).toBe(0);
    expect(shown.stderr).toContain(`effect: ${EFFECT}\n`);
    expect(shown.stderr).toContain('nothing was changed\n');
    expect(await isSet()).toBe(false);
  });

  test('does not ask where no mail would end', async () => {
    const done = await set(['lazyExpunge=.EXPUNGED']);
    expect(done.exitCode).toBe(0);
    expect(done.stderr).toContain(
      'lazyExpunge .EXPUNGED, deleteMode delayed; before: lazyExpunge off',
    );
  });
});
