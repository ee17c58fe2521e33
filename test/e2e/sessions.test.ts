/**
 * A stage of its own, deployed beside the other to the same embedded AWS, whose settings name a
 * real Dovecot: the functions reach it over the loopback, the secret over Secrets Manager.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { AccountAnswer, DoctorCheck, OperationAnswer } from '../../functions/contract/api.ts';
import { OUTPUTS } from '../../functions/contract/outputs.ts';
import { childEnvironment, ROOT_CREDENTIALS } from '../../local/aws-environment.ts';
import type { StackOutputs } from '../../local/deploy.ts';
import { instanceFiles } from '../../local/instance-files.ts';
import { apiId } from '../../local/local-outputs.ts';
import { BIN_DIRECTORY, PROJECT_ROOT } from '../../local/project-paths.ts';
import { runCommand } from '../../local/run-command.ts';
import { findDovecot } from '../dovecot/dovecot-installation.ts';
import { type DovecotServer, startDovecot } from '../dovecot/dovecot-server.ts';
import { ImapClient } from '../dovecot/imap-client.ts';
import { awsCli } from './aws-cli.ts';
import { lethe } from './lethe-command.ts';

const API_KEY = 'key of the end-to-end test';
/** The IAM user whose keys the command line has. */
const OPERATOR_NAME = 'lethe-operator';
const SECRET_NAME = 'lethe-sessions';
const USER = 'jane@example.org';
const DEPLOY_SECONDS = 300;

const { found, missing } = findDovecot();
const skipped = missing === undefined ? '' : ` (skipped: ${missing})`;

describe.skipIf(found === undefined)(`a stage with mail servers${skipped}`, () => {
  const directory = mkdtempSync(join(tmpdir(), 'lethe-sessions-'));
  let dovecot: DovecotServer;
  let aws: Awaited<ReturnType<typeof awsCli>>;
  let apiUrl = '';

  beforeAll(async () => {
    if (found === undefined) throw new Error('not installed');
    dovecot = await startDovecot(found, { doveadmApiKey: API_KEY });
    aws = await awsCli();
    const made = (await aws(
      ...['secretsmanager', 'create-secret', '--name', SECRET_NAME],
      ...['--secret-string', 'another key'],
    )) as { readonly ARN: string };
    const service = await deploy({
      backends: [`http://127.0.0.1:${dovecot.doveadmPort}`],
      plainHttp: true,
      secretArn: made.ARN,
      requestTimeoutSeconds: 2,
      sessionDeadlineSeconds: 30,
    });
    const id = apiId(service[OUTPUTS.apiUrl] ?? '');
    apiUrl = `${inject('ministack').endpoint}/_aws/execute-api/${id}/$default`;
    const policy = service['OperatorCallerPolicyArn'] ?? '';
    await aws(
      ...['iam', 'attach-user-policy', '--user-name', OPERATOR_NAME, '--policy-arn', policy],
    );
  });
  afterAll(async () => {
    await dovecot?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Deploys stage `sessions`; answers the outputs of its service stack. */
  async function deploy(mailServers: object): Promise<Readonly<Record<string, string>>> {
    const { context } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'cdk.json'), 'utf8')) as {
      readonly context: object;
    };
    const stage = { ephemeral: true, settleSeconds: 5, logRetentionDays: 7, mailServers };
    const app = `${join(BIN_DIRECTORY, 'tsx')} ${join(PROJECT_ROOT, 'cdk', 'app.ts')}`;
    const cdkJson = { app, context: { ...context, lethe: { stages: { sessions: stage } } } };
    writeFileSync(join(directory, 'cdk.json'), JSON.stringify(cdkJson));
    const { directory: instance } = inject('lethe');
    const outputsFile = join(directory, 'outputs.json');
    const files = ['--outputs-file', outputsFile, '--output', join(directory, 'cdk.out')];
    const result = await runCommand(
      join(BIN_DIRECTORY, 'cdk'),
      [
        ...['deploy', '--all', '--require-approval', 'never', '--method', 'direct'],
        ...['--context', 'stage=sessions', '--no-notices', '--ci', ...files],
      ],
      {
        cwd: directory,
        env: {
          ...childEnvironment(
            instanceFiles(instance),
            inject('ministack').endpoint,
            ROOT_CREDENTIALS,
          ),
          CDK_DISABLE_VERSION_CHECK: '1',
          CDK_DISABLE_CLI_TELEMETRY: 'true',
        },
        deadlineSeconds: DEPLOY_SECONDS,
      },
    );
    if (result.code !== 0) throw new Error(`cdk deploy failed:\n${result.output}`);
    const outputs = JSON.parse(readFileSync(outputsFile, 'utf8')) as StackOutputs;
    return outputs['LetheSessionsService'] ?? {};
  }

  const run = (...words: string[]) => lethe('--url', apiUrl, '-f', 'json', ...words);
  const json = async <T>(...words: string[]): Promise<T> => {
    const { code, stdout, stderr } = await run(...words);
    if (code !== 0) throw new Error(`lethe ${words.join(' ')}: exit code ${code}\n${stderr}`);
    return JSON.parse(stdout) as T;
  };

  test('U1, O2: a wrong key is found by the doctor and stops a deletion; the right one goes on', async () => {
    await json('user', 'add', USER);
    const session = await ImapClient.connect(dovecot.imapPort, USER, dovecot.password);
    const neighbour = await ImapClient.connect(dovecot.imapPort, `x${USER}`, dovecot.password);

    const ill = await run('doctor');
    expect(ill.code).toBe(78);
    expect(JSON.parse(ill.stdout) as DoctorCheck[]).toMatchObject([
      { kind: 'table', ok: true },
      { kind: 'backend', ok: false, error: 'MailServerAuthError' },
    ]);

    const stopped = await run('user', 'delete', USER, '--yes');
    expect(stopped.code).toBe(75);
    const failed = JSON.parse(stopped.stdout) as OperationAnswer;
    expect(failed).toMatchObject({
      state: 'failed',
      step: 'Kick sessions',
      error: { name: 'MailServerAuthError', next: expect.stringContaining('doveadm_api_key') },
    });
    expect(session.ended).toBe(false);
    const account = await json<AccountAnswer>('user', 'show', USER);
    expect(account).toMatchObject({ state: 'disabled', mailboxes: 1 });

    const value = ['--secret-id', SECRET_NAME, '--secret-string', API_KEY];
    await aws('secretsmanager', 'put-secret-value', ...value);
    const well = await run('doctor');
    expect({ code: well.code, stderr: well.stderr }).toMatchObject({ code: 0 });

    const resumed = await json<OperationAnswer>('operation', 'resume', failed.operationId);
    expect(resumed).toMatchObject({ state: 'succeeded', attempt: 2 });
    await expect.poll(() => session.ended, { timeout: 10_000 }).toBe(true);
    expect(neighbour.ended).toBe(false);
    await neighbour.logout();
  });

  test('O2: a mail server that is down stops a deletion before anything is erased', async () => {
    await json('user', 'add', 'john@example.org');
    await dovecot.stop();
    expect((await run('doctor')).code).toBe(78);
    const { code, stdout } = await run('user', 'delete', 'john@example.org', '--yes');
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
