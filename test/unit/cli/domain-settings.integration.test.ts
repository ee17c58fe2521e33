import { beforeEach, describe, expect, test } from 'vitest';
import { Doors } from '../handlers/doors.ts';
import type { Reply } from './support/fake-api.ts';
import { type CliOptions, runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const DOMAIN = 'example.com';
const PATH = `/v1/admin/domains/${DOMAIN}/settings`;
const POLICY = 'mailboxes.INBOX.autoexpunge=1h';
const EFFECT = 'in 2 accounts, the next sweep expunges 2 messages of 2 mailboxes';

const fake = useFakeApi();
let doors: Doors;

/** The command over the doors themselves, by HTTP. */
beforeEach(async () => {
  doors = new Doors();
  for (const user of [`a@${DOMAIN}`, `b@${DOMAIN}`]) {
    await doors.addAccount(user);
    const raw = Buffer.from('Subject: x\r\n\r\nx').toString('base64');
    await doors.ask(`POST /v1/accounts/${user}/messages`, { body: { messages: [{ raw }] } });
  }
  doors.world.clock.advance(7_200_000);
  fake.api.otherwise(async ({ method, target, body }): Promise<Reply> => {
    const answer = await doors.ask(`${method} ${target}`, body === '' ? {} : { text: body });
    const type = answer.headers.get('content-type') ?? '';
    return { status: answer.status, body: answer.text, headers: { 'content-type': type } };
  });
});

const set = (words: readonly string[], options: CliOptions = {}) =>
  runCli(['settings', 'set', '-d', DOMAIN, ...words, '--local', fake.local], options);
const isSet = async () => {
  const shown = await runCli(['settings', 'get', '-d', DOMAIN, '--local', fake.local]);
  return shown.stdout.includes('mailboxes.INBOX.autoexpunge');
};

describe('O1: lethe settings set of a domain', () => {
  test('asks where mail would end, with counts over its accounts', async () => {
    const refused = await set([POLICY], { typed: 'yes\n' });
    expect(refused.exitCode).toBe(64);
    expect(refused.stderr).toContain(`effect: ${EFFECT}\n`);
    expect(refused.stderr).toContain('effect: 2 accounts were looked at: all of the domain\n');
    expect(await isSet()).toBe(false);
    expect((await set([POLICY], { typed: `${DOMAIN}\n` })).exitCode).toBe(0);
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
    const shown = await set([POLICY, '--dry-run', '-f', 'json']);
    expect(shown.exitCode).toBe(0);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      dryRun: true,
      effects: [{ kind: 'autoexpunge', accounts: 2, mailboxes: 2, messages: 2 }],
      lookedAt: 2,
    });
    expect(shown.stderr).toContain('nothing was changed\n');
    expect(await isSet()).toBe(false);
  });

  test('does not ask where no mail would end', async () => {
    const done = await set(['lazyExpunge=.EXPUNGED']);
    expect(done.exitCode).toBe(0);
    expect(done.stderr).toContain('in 2 accounts, mail that is expunged');
  });

  test('O1: asks where expunged mail would be kept no more', async () => {
    expect((await set(['lazyExpunge=in-place'])).exitCode).toBe(0);
    const refused = await set(['lazyExpunge=off']);
    expect(refused.exitCode).toBe(64);
    expect(refused.stderr).toContain('expunged mail is gone for good then');
    const shown = await set(['lazyExpunge=off', '--dry-run', '-f', 'json']);
    expect(JSON.parse(shown.stdout).effects).toEqual([
      expect.objectContaining({ kind: 'expunged', accounts: 2, keepsNothing: true }),
    ]);
    expect((await set(['lazyExpunge=off', '--yes'])).exitCode).toBe(0);
  });

  test('W5: what was not looked at is unknown, and asked about', async () => {
    const part = { deployment: {}, domain: {}, account: {}, effective: {}, dryRun: true };
    const pages = ['1', '2', '3', '4'].map((next) => ({
      body: { ...part, effects: [], lookedAt: 50, next },
    }));
    fake.api.on(`PATCH ${PATH}`, ...pages);
    const refused = await set(['lazyExpunge=.E']);
    expect(refused.exitCode).toBe(64);
    const unknown = '200 accounts were looked at: what becomes of mail in the others is unknown';
    expect(refused.stderr).toContain(`effect: ${unknown}\n`);
    expect(fake.api.requests.map(({ target }) => target)).toEqual(
      ['', 'cursor=1&', 'cursor=2&', 'cursor=3&'].map((from) => `${PATH}?${from}dryRun=true`),
    );
  });

  test('O3: pages are summed up', async () => {
    const part = { deployment: {}, domain: {}, account: {}, effective: {}, dryRun: true };
    const sweep = { kind: 'autoexpunge', accounts: 2, mailboxes: 3, messages: 5 };
    const quota = { kind: 'quota', accounts: 1, limitBytes: 10 };
    fake.api.on(
      `PATCH ${PATH}`,
      { body: { ...part, effects: [sweep], lookedAt: 50, next: 'c' } },
      { body: { ...part, effects: [{ ...sweep, atLeast: true }, quota], lookedAt: 1 } },
    );
    const { stderr } = await set(['lazyExpunge=.E', '--dry-run']);
    expect(stderr).toContain(
      'effect: in 4 accounts, the next sweep expunges at least 10 messages of 6 mailboxes\n',
    );
    expect(stderr).toContain('effect: 1 account uses more than 10 bytes');
    expect(stderr).toContain('effect: 51 accounts were looked at: all of the domain\n');
  });
});
