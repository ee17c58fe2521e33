/** IAM users with a policy of the deployment, who send signed requests to the doors. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import { inject } from 'vitest';
import {
  type ApiRequest,
  type Credentials,
  encodeSegment,
  SignedTransport,
} from '../../cli/api/transport.ts';
import { rootOptions, serviceOutput } from './deployed-roles.ts';

/** Makes a user who has one of the managed policies, `ProvisioningCaller` for instance. */
export async function makeCaller(
  policy: string,
  UserName = `test-${policy}`,
): Promise<Credentials> {
  const iam = new IAMClient(rootOptions());
  try {
    await iam.send(new CreateUserCommand({ UserName }));
    const PolicyArn = serviceOutput(`${policy}PolicyArn`);
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
    const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } =
      AccessKey ?? {};
    return { accessKeyId, secretAccessKey };
  } finally {
    iam.destroy();
  }
}

/** A transport that signs with somebody's keys. */
export function transportOf(credentials: Credentials): SignedTransport {
  const { outputs } = inject('lethe');
  return new SignedTransport({
    url: new URL(outputs.apiUrl),
    region: outputs.region,
    ca: readFileSync(outputs.caFile, 'utf8'),
    credentials: async () => credentials,
  });
}

/** The status of the answer to a request without a signature. */
export async function unsignedStatus({ method, path, body }: ApiRequest): Promise<number> {
  const { apiUrl, caFile } = inject('lethe').outputs;
  const agent = new Agent({ ca: readFileSync(caFile) });
  return await new Promise<number>((resolve, reject) => {
    request(`${apiUrl}/${path.map(encodeSegment).join('/')}`, { method, agent }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on('error', reject)
      .end(body);
  });
}
