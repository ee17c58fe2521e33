import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  childEnvironment,
  clientOptions,
  LOCAL_ACCOUNT,
  LOCAL_REGION,
  ROOT_CREDENTIALS,
} from './aws-environment.ts';
import { type InstanceFiles, readRecord, writeRecord } from './instance-files.ts';
import { MARKER_VARIABLES } from './processes.ts';
import { BIN_DIRECTORY, PROJECT_ROOT } from './project-paths.ts';
import { lastLines, runCommand } from './run-command.ts';

/** What the deployed application is made from: a change in any of them means to deploy again. */
const SOURCES = ['cdk', 'functions', 'statemachines', 'cdk.json', 'package-lock.json'];
/** Bootstrapping takes 8 s and deploying 10 to 20 s on two idle cores. */
const CDK_DEADLINE_SECONDS = 600;
const SETTLED = /^(CREATE|UPDATE)_COMPLETE$/;

interface DeployedRecord {
  readonly sourceHash: string;
  readonly stackNames: readonly string[];
}

/** Stack name to output name to value: what `cdk deploy --outputs-file` writes. */
export type StackOutputs = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface DeployOptions {
  readonly files: InstanceFiles;
  readonly endpoint: string;
  /** Where cdk.json is. */
  readonly appDirectory: string;
  readonly log: (line: string) => void;
}

/**
 * Deploys the CDK application to the instance, or does nothing when what is deployed was made from
 * the same sources.
 *
 * @returns The outputs of all stacks.
 */
export async function deployApplication(options: DeployOptions): Promise<StackOutputs> {
  const { files, endpoint, log } = options;
  const cloudFormation = new CloudFormationClient(clientOptions(files, endpoint, ROOT_CREDENTIALS));
  try {
    const sourceHash = hashSources(options.appDirectory);
    const deployed = readRecord<DeployedRecord>(files.deployed);
    const recorded = readRecord<StackOutputs>(files.stackOutputs);
    if (
      recorded !== undefined &&
      deployed?.sourceHash === sourceHash &&
      (await stacksAreSettled(cloudFormation, deployed.stackNames))
    ) {
      log('The application is deployed and unchanged.');
      return recorded;
    }
    // Its absence says that a deployment is under way, or was when the instance ended.
    rmSync(files.deployed, { force: true });
    if (!(await stacksAreSettled(cloudFormation, ['CDKToolkit']))) {
      log('Bootstrapping the account for CDK (once, about 10 s) ...');
      await runCdk(options, ['bootstrap', `aws://${LOCAL_ACCOUNT}/${LOCAL_REGION}`], true);
    }
    log('Deploying the application (about 20 s) ...');
    await runCdk(options, deployArguments(files), false);
    const outputs = readRecord<StackOutputs>(files.stackOutputs);
    if (outputs === undefined) {
      throw new Error(`cdk deploy wrote no outputs; see ${files.deployLog}.`);
    }
    const record: DeployedRecord = { sourceHash, stackNames: Object.keys(outputs) };
    writeRecord(files.deployed, record);
    return outputs;
  } finally {
    cloudFormation.destroy();
  }
}

function deployArguments(files: InstanceFiles): string[] {
  return [
    ...['deploy', '--all', '--require-approval', 'never', '--context', 'stage=local'],
    ...['--method', 'direct', '--progress', 'events'],
    ...['--outputs-file', files.stackOutputs, '--output', files.cdkOut],
  ];
}

async function runCdk(
  options: DeployOptions,
  args: readonly string[],
  withoutApplication: boolean,
): Promise<void> {
  const { files, endpoint } = options;
  const result = await runCommand(
    join(BIN_DIRECTORY, 'cdk'),
    [...args, '--no-notices', '--no-color', '--ci'],
    {
      // Bootstrapping from a directory without cdk.json does not synthesize the application.
      cwd: withoutApplication ? files.directory : options.appDirectory,
      env: {
        ...childEnvironment(files, endpoint, ROOT_CREDENTIALS),
        [MARKER_VARIABLES.deployment]: files.directory,
        CDK_DISABLE_VERSION_CHECK: '1',
        CDK_DISABLE_CLI_TELEMETRY: 'true',
      },
      deadlineSeconds: CDK_DEADLINE_SECONDS,
    },
  );
  writeFileSync(files.deployLog, `$ cdk ${args.join(' ')}\n${result.output}`);
  if (result.code !== 0) {
    throw new Error(
      `cdk ${args[0]} failed (${result.startError?.message ?? result.code}); all of it is in ${files.deployLog}:\n${lastLines(result.output, 30)}\n  If the application is not the cause: npm run local -- reset makes a new, empty instance.`,
    );
  }
}

async function stacksAreSettled(
  cloudFormation: CloudFormationClient,
  names: readonly string[],
): Promise<boolean> {
  for (const name of names) {
    try {
      const answer = await cloudFormation.send(new DescribeStacksCommand({ StackName: name }));
      if (!SETTLED.test(answer.Stacks?.[0]?.StackStatus ?? '')) {
        return false;
      }
    } catch (error) {
      // "Stack with id ... does not exist" is a ValidationError, on AWS too.
      if ((error as Error).name === 'ValidationError') {
        return false;
      }
      throw error;
    }
  }
  return names.length > 0;
}

/** A hash over the paths and contents of everything that goes into the deployment. */
export function hashSources(appDirectory: string): string {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    for (const path of filesUnder(join(appDirectory, source))) {
      const content = readFileSync(path);
      hash.update(`${relative(appDirectory, path)}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest('hex');
}

function filesUnder(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isFile()) {
    return found === undefined ? [] : [path];
  }
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The folder with this project's cdk.json. */
export const PROJECT_APPLICATION = PROJECT_ROOT;
