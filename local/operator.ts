import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  IAMClient,
  ListAccessKeysCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import type { LocalOutputs } from '../functions/contract/outputs.ts';
import { clientOptions, LOCAL_ACCOUNT, LOCAL_REGION, ROOT_CREDENTIALS } from './aws-environment.ts';
import {
  type InstanceFiles,
  type OperatorCredentials,
  readRecord,
  writeRecord,
} from './instance-files.ts';

const USER_NAME = 'lethe-operator';
const POLICY_NAME = 'operate-lethe';

/**
 * Gives the operator of the embedded AWS an IAM user: MiniStack checks signatures and policies of
 * IAM keys only, so with these a call is refused exactly where it would be on AWS. The keys are
 * made once and kept in the instance's directory; the policy is written anew each time.
 */
export async function ensureOperator(
  files: InstanceFiles,
  outputs: LocalOutputs,
): Promise<OperatorCredentials> {
  const iam = new IAMClient(clientOptions(files, outputs.endpoint, ROOT_CREDENTIALS));
  try {
    await createUser(iam);
    await iam.send(
      new PutUserPolicyCommand({
        UserName: USER_NAME,
        PolicyName: POLICY_NAME,
        PolicyDocument: JSON.stringify(operatorPolicy(outputs)),
      }),
    );
    return await ensureAccessKey(iam, files);
  } finally {
    iam.destroy();
  }
}

async function createUser(iam: IAMClient): Promise<void> {
  try {
    await iam.send(new CreateUserCommand({ UserName: USER_NAME }));
  } catch (error) {
    if ((error as Error).name !== 'EntityAlreadyExistsException') {
      throw error;
    }
  }
}

/** The stored keys if the account still knows them; new ones otherwise, and no others besides. */
async function ensureAccessKey(iam: IAMClient, files: InstanceFiles): Promise<OperatorCredentials> {
  const stored = readRecord<OperatorCredentials>(files.credentials);
  // A user has at most two access keys, so there is one page.
  const listed = await iam.send(new ListAccessKeysCommand({ UserName: USER_NAME }));
  const known = (listed.AccessKeyMetadata ?? []).flatMap(({ AccessKeyId }) => AccessKeyId ?? []);
  if (stored !== undefined && known.includes(stored.accessKeyId)) {
    return stored;
  }
  for (const AccessKeyId of known) {
    await iam.send(new DeleteAccessKeyCommand({ UserName: USER_NAME, AccessKeyId }));
  }
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: USER_NAME }));
  if (AccessKey?.AccessKeyId === undefined || AccessKey.SecretAccessKey === undefined) {
    throw new Error(`IAM made no access key for ${USER_NAME}.`);
  }
  const credentials: OperatorCredentials = {
    accessKeyId: AccessKey.AccessKeyId,
    secretAccessKey: AccessKey.SecretAccessKey,
  };
  writeRecord(files.credentials, credentials, 0o600);
  return credentials;
}

/** Calls of the API, starts of its state machines, and reads that show that nothing is left. */
export function operatorPolicy(outputs: LocalOutputs): object {
  const apiId = outputs.apiUrl.split('/').at(-2);
  const buckets = [outputs.mailBucket, outputs.evidenceBucket].map(
    (name) => `arn:aws:s3:::${name}`,
  );
  const tables = [outputs.registryTable, outputs.dictmapTable].flatMap((name) => {
    const arn = `arn:aws:dynamodb:${LOCAL_REGION}:${LOCAL_ACCOUNT}:table/${name}`;
    return [arn, `${arn}/index/*`];
  });
  const machines = Object.values(outputs.stateMachines).flatMap((arn) => [
    arn,
    `${arn.replace(':stateMachine:', ':execution:')}:*`,
    `${arn.replace(':stateMachine:', ':mapRun:')}/*`,
  ]);
  const allow = (Action: string[], Resource: string[]) => ({ Effect: 'Allow', Action, Resource });
  return {
    Version: '2012-10-17',
    Statement: [
      allow(
        ['execute-api:Invoke'],
        [`arn:aws:execute-api:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${apiId}/*`],
      ),
      allow(['s3:List*'], [...buckets, ...buckets.map((arn) => `${arn}/*`)]),
      allow(['dynamodb:Query', 'dynamodb:Scan', 'dynamodb:GetItem'], tables),
      allow(['states:Describe*', 'states:Get*', 'states:List*', 'states:StartExecution'], machines),
    ],
  };
}
