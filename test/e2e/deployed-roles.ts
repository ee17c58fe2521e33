/** The roles that the deployment gave its functions and its state machine. */
import {
  CloudFormationClient,
  paginateListStackResources,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { inject } from 'vitest';
import { clientOptions, LOCAL_ACCOUNT, ROOT_CREDENTIALS } from '../../local/aws-environment.ts';
import { instanceFiles, readRecord } from '../../local/instance-files.ts';
import { type SdkClients, sdkClients } from '../sdk-clients.ts';

const SERVICE_STACK = 'LetheLocalService';

/** Options for an SDK client that is the account's root: it is checked against no policy. */
export function rootOptions() {
  const { directory, outputs } = inject('lethe');
  return clientOptions(instanceFiles(directory), outputs.endpoint, ROOT_CREDENTIALS);
}

/** An output of the deployed service stack. */
export function serviceOutput(name: string): string {
  const files = instanceFiles(inject('lethe').directory);
  const outputs = readRecord<Record<string, Record<string, string>>>(files.stackOutputs);
  const value = outputs?.[SERVICE_STACK]?.[name];
  if (value === undefined) throw new Error(`${SERVICE_STACK} has no output ${name}`);
  return value;
}

/** What the service stack is made of. */
export async function serviceResources(): Promise<readonly StackResourceSummary[]> {
  const client = new CloudFormationClient(rootOptions());
  try {
    const found: StackResourceSummary[] = [];
    for await (const page of paginateListStackResources({ client }, { StackName: SERVICE_STACK })) {
      found.push(...(page.StackResourceSummaries ?? []));
    }
    return found;
  } finally {
    client.destroy();
  }
}

/** Construct, for instance `EraseRange`, to the physical name of its role. */
export async function serviceRoles(): Promise<ReadonlyMap<string, string>> {
  const roles = (await serviceResources()).filter(
    ({ ResourceType }) => ResourceType === 'AWS::IAM::Role',
  );
  return new Map(
    roles.map(({ LogicalResourceId = '', PhysicalResourceId = '' }) => [
      // `EraseRangeRole1A2B3C4D`, and of a machine `DeleteAccountMachineRole1A2B3C4D`.
      LogicalResourceId.replace(/Role[0-9A-F]{8}$/, ''),
      PhysicalResourceId,
    ]),
  );
}

/** Of a session that a test begins under a role: tells its calls from those of the function. */
export const TEST_SESSION = 'end-to-end-test';

/** Clients that act under a role, with exactly its policies. */
export async function clientsAs(roleName: string): Promise<SdkClients> {
  const target = inject('ministack');
  const { requestHandler, ...clientConfig } = rootOptions();
  const provide = fromTemporaryCredentials({
    masterCredentials: ROOT_CREDENTIALS,
    clientConfig: { ...clientConfig, requestHandler },
    params: {
      RoleArn: `arn:aws:iam::${LOCAL_ACCOUNT}:role/${roleName}`,
      RoleSessionName: TEST_SESSION,
    },
  });
  return sdkClients({ ...target, ...(await provide()), tries: 1 });
}

/** What the service answers to a call that a policy does not allow; `allowed` to another. */
export async function answerTo(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'allowed';
  } catch (error) {
    return (error as Error).name.replace(/Exception$/, '');
  }
}
export const DENIED = 'AccessDenied';
