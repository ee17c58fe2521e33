/** What commands say, before and after, of mail that ends. */
import { describe, expect, test } from 'vitest';
import { problemReply, type Reply } from './support/fake-api.ts';
import { type CliOptions, type CliResult, runCli } from './support/run-cli.ts';
import { useFakeApi } from './support/use-fake-api.ts';

const USER = 'john@example.com';
const MESSAGES = '/v1/admin/accounts/john%40example.com/messages';
const UNTIL = '2026-12-22T00:00:00.000Z';

const fake = useFakeApi();

const lethe = (argv: readonly string[], options: CliOptions = {}): Promise<CliResult> =>
  runCli([...argv, '--local', fake.local], options);
const json = (body: unknown): Reply => ({ body: JSON.stringify(body) });

describe('O1, L3, L4: lethe message move', () => {
  const move = (...more: string[]) =>
    lethe(['message', 'move', '-u', USER, '--from', 'A', '--uid', '1,2', '--to', 'B', ...more]);
  const moved = (uid: number, complete: boolean, more: object) =>
    json({ uidValidity: 7, uids: [uid], newUids: [uid], complete, ...more });
  const left = { messages: 1, until: UNTIL, by: 'messages/restore' };

  test('says what the storage keeps besides, and sums up answers', async () => {
    fake.api.on(
      `POST ${MESSAGES}/move`,
      moved(1, false, { leftBehind: { ...left, until: '2026-12-23T00:00:00.000Z' } }),
      moved(2, true, { leftBehind: left }),
    );
    const { stdout, stderr } = await move('-f', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ leftBehind: { ...left, messages: 2 } });
    expect(stderr).toContain(
      '2 expunged copies are left behind, until 2026-12-22 00:00 UTC (lethe message restore -u john@example.com --origin A).',
    );
  });

  test('says it before, too, and changes nothing then', async () => {
    const found = { dryRun: true, uids: [1, 2], bytes: 70, complete: true };
    fake.api.on(`POST ${MESSAGES}/move`, json({ ...found, leftBehind: { ...left, messages: 2 } }));
    const { stdout, stderr } = await move('--dry-run', '-f', 'flow');
    expect(fake.api.requests.map(({ target }) => target)).toEqual([`${MESSAGES}/move?dryRun=true`]);
    expect(stdout).toBe('dryRun=true\nmessages=2\nbytes=70\n');
    expect(stderr).toContain('2 expunged copies are left behind, until 2026-12-22 00:00 UTC');
  });

  test('says that mail is out of the storage', async () => {
    fake.api.on(`POST ${MESSAGES}/move`, moved(1, true, { live: { messages: 1, maxMails: 9 } }));
    const { stderr } = await move();
    expect(stderr).toContain(
      '1 message is out of the expunge storage; the autoexpunge of the mailbox ends what is in it beyond 9 messages.',
    );
  });
});

describe('O1: lethe message purge-expunged', () => {
  const purge = (words: readonly string[], options: CliOptions = {}) =>
    lethe(['message', 'purge-expunged', '-u', USER, '--older-than-days', '0', ...words], options);
  const removed = (count: number, more: object = {}) =>
    json({ removed: count, bytes: 100 * count, complete: true, ...more });

  test('asks with what is gone for good then, and says it afterwards', async () => {
    fake.api.on(`POST ${MESSAGES}/purge-expunged`, removed(3), removed(3));
    const { stdout, stderr } = await purge([], { typed: `${USER}\n` });
    expect(stderr).toContain(
      'This ends 3 messages, 300 bytes, expunged in place, of john@example.com. 3 messages are gone for good.',
    );
    expect(stderr).toContain('\n3 messages, 300 bytes. 3 messages are gone for good.\n');
    expect(stdout).toContain('goneForGood=3');
  });

  test('says that there was nothing', async () => {
    fake.api.on(`POST ${MESSAGES}/purge-expunged`, removed(0));
    const { stdout, stderr } = await purge(['--yes']);
    expect(stderr).toBe('Nothing that was expunged in place is that old.\n');
    expect(stdout).not.toContain('goneForGood');
  });
});

describe('O1, U7: lethe user delete', () => {
  const ACCOUNT = '/v1/accounts/john%40example.com';
  const operation = (state: string) => ({
    ...{ operationId: 'op1', verb: 'delete-account', state, step: 'Release address', attempt: 1 },
    ...{ counts: {}, billed: {} },
  });
  const erase = async (certificate: Reply) => {
    const estimate = { dryRun: true, accountId: 'a1', counts: {}, remains: [] };
    fake.api.on(
      `DELETE ${ACCOUNT}`,
      { body: estimate },
      { status: 202, body: operation('running') },
    );
    fake.api.on('GET /v1/operations/op1', { body: operation('succeeded') });
    fake.api.on('GET /v1/operations/op1/certificate', certificate);
    return await lethe(['user', 'delete', USER, '--yes']);
  };
  const GONE = 'Gone for good: nothing can be brought back (lethe certificate show op1).\n';

  test('says in the end what outlives it, and until when', async () => {
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const remains = [
      { where: 'logs', until: UNTIL, note: 'ids' },
      { where: 'copies', note: 'x' },
    ];
    const certificate = {
      protected: encode({}),
      payload: encode({ remains }),
      signature: encode({}),
    };
    const { exitCode, stderr } = await erase(json(certificate));
    expect(exitCode).toBe(0);
    expect(stderr).toContain(`${GONE}  outlives it: logs until ${UNTIL}\n  outlives it: copies\n`);
  });

  test.each([problemReply('urn:lethe:busy', 503, 'busy'), json({ payload: 1 })])(
    'it has ended well, whatever becomes of that',
    async (certificate) => {
      const { exitCode, stderr } = await erase(certificate);
      expect(exitCode).toBe(0);
      expect(stderr).toContain(GONE);
    },
  );
});

describe('L5: who finds nothing is told why', () => {
  const NOT_KEPT = 'what is expunged from Junk is not kept: lazyExpungeExclude says so\n';

  test('by restore', async () => {
    const none = { restored: [], bytes: 0, complete: true, excluded: ['Junk'] };
    fake.api.on(`POST ${MESSAGES}/restore`, json(none));
    const argv = ['message', 'restore', '-u', USER, '--origin', 'Junk', '-f', 'json'];
    const { stdout, stderr } = await lethe(argv);
    expect(JSON.parse(stdout)).toEqual(none);
    expect(stderr).toBe(`${NOT_KEPT}0 messages, 0 bytes restored\n`);
  });

  test('by unexpunge, with where it is to be looked for', async () => {
    const none = { restored: [], count: 0, bytes: 0 };
    const why = { lazyExpunge: 'storage', excluded: ['Junk'] };
    fake.api.on(
      `POST ${MESSAGES}/unexpunge`,
      json({ ...none, complete: false, next: '1' }),
      json({ ...none, complete: true, ...why }),
    );
    const argv = ['message', 'unexpunge', '-u', USER, '-m', 'Junk', '--all', '-f', 'json'];
    const { stdout, stderr } = await lethe(argv);
    expect(JSON.parse(stdout)).toMatchObject(why);
    expect(stderr).toContain(`expunged mail goes to a storage: lethe message restore\n${NOT_KEPT}`);
  });

  test('not where an answer before found something', async () => {
    const one = { restored: [[1, 2]], count: 1, bytes: 7, complete: false, next: '1' };
    const none = { restored: [], count: 0, bytes: 0, complete: true, lazyExpunge: 'off' };
    fake.api.on(`POST ${MESSAGES}/unexpunge`, json(one), json(none));
    const argv = ['message', 'unexpunge', '-u', USER, '-m', 'Junk', '--all', '-f', 'json'];
    expect(JSON.parse((await lethe(argv)).stdout)).not.toHaveProperty('lazyExpunge');
  });
});
