/**
 * Mail that moves from a real Dovecot to Lethe and goes with its account, while the user is still
 * connected; and what stops such a deletion. All in a stage that names this Dovecot.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AccountAnswer, DoctorCheck, OperationAnswer } from '../../functions/contract/api.ts';
import { OUTPUTS } from '../../functions/contract/outputs.ts';
import { findDovecot } from '../dovecot/dovecot-installation.ts';
import { ImapClient } from '../dovecot/imap-client.ts';
import { FOLDERS, fillMailbox, left } from '../dovecot/imap-mailbox.ts';
import { SOAK } from '../soak-sizes.ts';
import { expectKept, expectSame, type Report } from './imported-mailbox.ts';
import { letheOffline } from './lethe-command.ts';
import { type MailServerStage, startMailServerStage } from './mail-server-stage.ts';

const MESSAGES = SOAK.wholeLifeMessages;

const { found, missing } = findDovecot();
const skipped = missing === undefined ? '' : ` (skipped: ${missing})`;

describe.skipIf(found === undefined)(`a stage with mail servers${skipped}`, () => {
  let stage: MailServerStage;

  beforeAll(async () => {
    if (found === undefined) throw new Error('not installed');
    stage = await startMailServerStage(found);
  });
  afterAll(async () => await stage?.stop());

  const connect = (user: string): Promise<ImapClient> =>
    ImapClient.connect(stage.dovecot.imapPort, user, stage.dovecot.password);

  test('U1, O2: a wrong key is found by the doctor and stops a deletion; the right one goes on', async () => {
    const { run, json } = stage;
    const user = 'jane@example.org';
    await json('user', 'add', user);
    const session = await connect(user);
    const neighbour = await connect(`x${user}`);

    const ill = await run('-f', 'json', 'doctor');
    expect(ill.code).toBe(78);
    expect(JSON.parse(ill.stdout) as DoctorCheck[]).toMatchObject([
      { kind: 'table', ok: true },
      { kind: 'backend', ok: false, error: 'MailServerAuthError' },
    ]);

    const stopped = await run('-f', 'json', 'user', 'delete', user, '--yes');
    expect(stopped.code).toBe(75);
    const failed = JSON.parse(stopped.stdout) as OperationAnswer;
    expect(failed).toMatchObject({
      state: 'failed',
      step: 'Kick sessions',
      error: { name: 'MailServerAuthError', next: expect.stringContaining('doveadm_api_key') },
    });
    expect(session.ended).toBe(false);
    const account = await json<AccountAnswer>('user', 'show', user);
    expect(account).toMatchObject({ state: 'disabled', mailboxes: 1 });

    await stage.correctSecret();
    const well = await run('doctor');
    expect({ code: well.code, stderr: well.stderr }).toMatchObject({ code: 0 });

    const resumed = await json<OperationAnswer>('operation', 'resume', failed.operationId);
    expect(resumed).toMatchObject({ state: 'succeeded', attempt: 2 });
    await expect.poll(() => session.ended, { timeout: 10_000 }).toBe(true);
    expect(neighbour.ended).toBe(false);
    await neighbour.logout();
  });

  test(`W1, U1, U3, U7, X3: ${MESSAGES} messages made over IMAP are imported as they are and deleted with their account, its session kicked, the certificate verified offline`, async () => {
    const { json, dovecot } = stage;
    const user = 'maria.m@example.org';
    const neighbour = 'maria.m@example.org.uk';
    await stage.correctSecret();
    const imap = await connect(user);
    await fillMailbox(imap, MESSAGES);
    const maildir = join(dovecot.home(user), 'Maildir');
    await json('user', 'add', user);
    await json('user', 'add', neighbour);

    expectKept(await json<Report>('import', '-u', user, maildir), left(MESSAGES));
    await expectSame(imap, json, user);
    const { accountId, messages, bytes } = await json<AccountAnswer>('user', 'show', user);
    expect(messages).toBe(left(MESSAGES));
    expect(await keysOf(accountId)).toHaveLength(left(MESSAGES));

    await imap.select('INBOX');
    const idle = expect(imap.command('IDLE')).rejects.toThrow(/hung up/);
    const other = await connect(neighbour);
    const deleted = await json<OperationAnswer>('user', 'delete', user, '--yes');
    expect(deleted).toMatchObject({
      state: 'succeeded',
      attempt: 1,
      counts: {
        messageRows: left(MESSAGES),
        mailboxRows: FOLDERS.length,
        objectVersions: left(MESSAGES),
        objectBytes: bytes,
      },
    });
    await idle;
    expect(other.ended).toBe(false);
    await other.logout();

    expect(await keysOf(accountId)).toEqual([]);
    expect((await stage.run('user', 'show', user)).code).toBe(67);
    expect(await json('user', 'show', neighbour)).toMatchObject({ state: 'active' });
    await expectVerified(deleted.operationId, user);
  });

  /** Keys of an account's versions, as the AWS CLI lists the bucket. */
  async function keysOf(accountId: string): Promise<readonly string[]> {
    const bucket = stage.outputs[OUTPUTS.mailBucket] ?? '';
    const { Versions = [] } = (await stage.aws(
      ...['s3api', 'list-object-versions', '--bucket', bucket],
    )) as { readonly Versions?: readonly { readonly Key: string }[] };
    return Versions.map(({ Key }) => Key).filter((key) => key.includes(accountId));
  }

  /** The certificate holds for whoever has it and the public key, and names nobody. */
  async function expectVerified(operationId: string, user: string): Promise<void> {
    const directory = await mkdtemp(join(tmpdir(), 'lethe-e2e-'));
    try {
      const certificate = join(directory, 'certificate.json');
      const key = join(directory, 'key.pem');
      await writeFile(key, (await stage.run('certificate', 'key')).stdout);
      await stage.run('certificate', 'show', operationId, '--out', certificate);
      const verified = await letheOffline('certificate', 'verify', certificate, '--key', key);
      expect(verified).toMatchObject({ code: 0, stdout: expect.stringContaining(operationId) });
      expect(verified.stdout).not.toContain(user);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  test('O2: a mail server that is down stops a deletion before anything is erased', async () => {
    const { run, json } = stage;
    await json('user', 'add', 'john@example.org');
    await stage.dovecot.stop();
    expect((await run('doctor')).code).toBe(78);
    const { code, stdout } = await run('-f', 'json', 'user', 'delete', 'john@example.org', '--yes');
    expect(code).toBe(75);
    expect(JSON.parse(stdout) as OperationAnswer).toMatchObject({
      step: 'Kick sessions',
      error: { name: 'MailServerUnreachableError' },
    });
    expect(await json<AccountAnswer>('user', 'show', 'john@example.org')).toMatchObject({
      state: 'disabled',
      mailboxes: 1,
    });
  });
});
