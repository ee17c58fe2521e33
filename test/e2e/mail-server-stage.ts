/**
 * A stage of its own, deployed beside the other to the same embedded AWS, whose settings name a
 * real Dovecot: the functions reach it over the loopback, the secret over Secrets Manager.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { OUTPUTS } from '../../functions/contract/outputs.ts';
import { childEnvironment, ROOT_CREDENTIALS } from '../../local/aws-environment.ts';
import type { StackOutputs } from '../../local/deploy.ts';
import { instanceFiles } from '../../local/instance-files.ts';
import { apiId } from '../../local/local-outputs.ts';
import { BIN_DIRECTORY, PROJECT_ROOT } from '../../local/project-paths.ts';
import { runCommand } from '../../local/run-command.ts';
import type { DovecotInstallation } from '../dovecot/dovecot-installation.ts';
import { type DovecotServer, startDovecot } from '../dovecot/dovecot-server.ts';
import { awsCli } from './aws-cli.ts';
import { type LetheJson, letheAt, type Ran } from './lethe-command.ts';

const API_KEY = 'key of the end-to-end test';
/** The IAM user whose keys the command line has. */
const OPERATOR_NAME = 'lethe-operator';
const SECRET_NAME = 'lethe-sessions';
const DEPLOY_SECONDS = 300;

export interface MailServerStage {
  readonly dovecot: DovecotServer;
  readonly aws: (...words: string[]) => Promise<unknown>;
  /** Of all stacks of the stage, by name. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly run: (...words: string[]) => Promise<Ran>;
  readonly json: LetheJson;
  /** Puts the API key of the Dovecot into the stage's secret, which begins with another one. */
  correctSecret(): Promise<void>;
  stop(): Promise<void>;
}

export async function startMailServerStage(found: DovecotInstallation): Promise<MailServerStage> {
  const directory = mkdtempSync(join(tmpdir(), 'lethe-sessions-'));
  const dovecot = await startDovecot(found, { doveadmApiKey: API_KEY });
  const stop = async (): Promise<void> => {
    await dovecot.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const aws = await awsCli();
    const made = (await aws(
      ...['secretsmanager', 'create-secret', '--name', SECRET_NAME],
      ...['--secret-string', 'another key'],
    )) as { readonly ARN: string };
    const outputs = await deploy(directory, {
      backends: [`http://127.0.0.1:${dovecot.doveadmPort}`],
      plainHttp: true,
      secretArn: made.ARN,
      requestTimeoutSeconds: 2,
      sessionDeadlineSeconds: 30,
    });
    const policy = outputs['OperatorCallerPolicyArn'] ?? '';
    await aws(
      ...['iam', 'attach-user-policy', '--user-name', OPERATOR_NAME, '--policy-arn', policy],
    );
    const id = apiId(outputs[OUTPUTS.apiUrl] ?? '');
    const { endpoint } = inject('ministack');
    const correctSecret = async (): Promise<void> => {
      const value = ['--secret-id', SECRET_NAME, '--secret-string', API_KEY];
      await aws('secretsmanager', 'put-secret-value', ...value);
    };
    const command = letheAt(`${endpoint}/_aws/execute-api/${id}/$default`);
    return { ...command, dovecot, aws, outputs, correctSecret, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Deploys stage `sessions`; answers the outputs of its stacks. */
async function deploy(directory: string, mailServers: object): Promise<Record<string, string>> {
  const { context } = JSON.parse(readFileSync(join(PROJECT_ROOT, 'cdk.json'), 'utf8')) as {
    readonly context: object;
  };
  const stage = { ephemeral: true, settleSeconds: 5, logRetentionDays: 7, mailServers };
  const app = `${join(BIN_DIRECTORY, 'tsx')} ${join(PROJECT_ROOT, 'cdk', 'app.ts')}`;
  const cdkJson = { app, context: { ...context, lethe: { stages: { sessions: stage } } } };
  writeFileSync(join(directory, 'cdk.json'), JSON.stringify(cdkJson));
  const instance = instanceFiles(inject('lethe').directory);
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
        ...childEnvironment(instance, inject('ministack').endpoint, ROOT_CREDENTIALS),
        CDK_DISABLE_VERSION_CHECK: '1',
        CDK_DISABLE_CLI_TELEMETRY: 'true',
      },
      deadlineSeconds: DEPLOY_SECONDS,
    },
  );
  if (result.code !== 0) throw new Error(`cdk deploy failed:\n${result.output}`);
  const outputs = JSON.parse(readFileSync(outputsFile, 'utf8')) as StackOutputs;
  return Object.assign({}, ...Object.values(outputs)) as Record<string, string>;
}
