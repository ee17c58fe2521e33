import { readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { delimiter } from 'node:path';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { InstanceFiles, OperatorCredentials } from './instance-files.ts';
import { BIN_DIRECTORY } from './project-paths.ts';

export const LOCAL_REGION = 'us-east-1';
export const LOCAL_ACCOUNT = '000000000000';

/**
 * Keys that MiniStack takes for the account's root: it checks neither their signature nor any
 * policy. Deploying uses them, as an administrator deploys to AWS; everything else has IAM keys.
 */
export const ROOT_CREDENTIALS: OperatorCredentials = {
  accessKeyId: 'test',
  secretAccessKey: 'test',
};

/** Enough for the parallel requests of tests and demo; more would wait on two cores anyway. */
const MAX_SOCKETS = 64;

/** A PATH on which the project's own node and cdk come first. */
function pathWithProjectNode(): string {
  return [BIN_DIRECTORY, process.env['PATH'] ?? ''].join(delimiter);
}

/**
 * The environment for a child process (the CLI, `cdk`, `aws`) that is to talk to the instance:
 * this process's own, without anything that could lead it to a real account, and with the
 * endpoint, the certificate authority, the region and the keys of the instance.
 */
export function childEnvironment(
  files: InstanceFiles,
  endpoint: string,
  credentials: OperatorCredentials,
): NodeJS.ProcessEnv {
  // Profiles, session tokens and service-specific endpoints of the user all begin with AWS_.
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  return { ...Object.fromEntries(kept), ...awsVariables(files, endpoint, credentials) };
}

/** The variables that lead an SDK or a command line to the instance and nowhere else. */
export function awsVariables(
  files: InstanceFiles,
  endpoint: string,
  credentials: OperatorCredentials,
): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_CA_BUNDLE: files.caFile,
    NODE_EXTRA_CA_CERTS: files.caFile,
    AWS_REGION: LOCAL_REGION,
    AWS_DEFAULT_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    // The user's own profiles must not be read: they may name another endpoint or account.
    AWS_CONFIG_FILE: `${files.directory}/no-aws-config`,
    AWS_SHARED_CREDENTIALS_FILE: `${files.directory}/no-aws-credentials`,
    AWS_EC2_METADATA_DISABLED: 'true',
    PATH: pathWithProjectNode(),
  };
}

export interface SdkOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: OperatorCredentials;
  readonly requestHandler: NodeHttpHandler;
}

/**
 * Options for any AWS SDK client in this process. NODE_EXTRA_CA_CERTS is read only when Node
 * starts, hence the request handler that trusts the instance's authority (and nothing else). The
 * endpoint is an IP address, for which the S3 client addresses buckets by path by itself.
 */
export function clientOptions(
  files: InstanceFiles,
  endpoint: string,
  credentials: OperatorCredentials,
): SdkOptions {
  const httpsAgent = new Agent({
    ca: readFileSync(files.caFile),
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
  });
  return {
    endpoint,
    region: LOCAL_REGION,
    credentials,
    requestHandler: new NodeHttpHandler({ httpsAgent }),
  };
}
