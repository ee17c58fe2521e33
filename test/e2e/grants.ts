/** What the roles of the deployment are allowed, and what was done under them. */
import { readFileSync } from 'node:fs';
import {
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { inject } from 'vitest';
import { LOCAL_ACCOUNT } from '../../local/aws-environment.ts';
import { instanceFiles } from '../../local/instance-files.ts';
import { rootOptions, TEST_SESSION } from './deployed-roles.ts';

/** An action on one resource, as a policy or a call names them. */
export interface Access {
  readonly action: string;
  readonly resource: string;
}

interface PolicyDocument {
  readonly Statement: readonly {
    readonly Effect: string;
    readonly Action: string | readonly string[];
    readonly Resource: string | readonly string[];
  }[];
}

/** Every action on every resource that a role's policies allow. */
export async function grantsOfRole(RoleName: string): Promise<readonly Access[]> {
  const iam = new IAMClient(rootOptions());
  try {
    const attached = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
    const managed = attached.AttachedPolicies ?? [];
    if (managed.length > 0) throw new Error(`${RoleName} has managed policies, which nobody read`);
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    const documents = await Promise.all(
      PolicyNames.map(async (PolicyName) => {
        const answer = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
        return JSON.parse(decodeURIComponent(answer.PolicyDocument ?? '')) as PolicyDocument;
      }),
    );
    return documents.flatMap(({ Statement }) => Statement.flatMap(grantsOfStatement));
  } finally {
    iam.destroy();
  }
}

function grantsOfStatement(statement: PolicyDocument['Statement'][number]): readonly Access[] {
  if (statement.Effect !== 'Allow') return [];
  const resources = [statement.Resource].flat();
  return [statement.Action]
    .flat()
    .flatMap((action) => resources.map((resource) => ({ action, resource })));
}

interface RecordedCall extends Access {
  /** `arn:aws:sts::<account>:assumed-role/<role>/<session>`. */
  readonly session: string;
  readonly allowed: boolean;
}

/** Role name to the calls made under it, other than by tests. */
export function recordedCalls(): ReadonlyMap<string, readonly RecordedCall[]> {
  const { calls } = instanceFiles(inject('lethe').directory);
  const lines = readFileSync(calls, 'utf8').trimEnd().split('\n');
  return Map.groupBy(
    lines
      .map((line) => JSON.parse(line) as RecordedCall)
      .filter(({ session }) => !session.endsWith(`/${TEST_SESSION}`)),
    ({ session }) => session.split('/')[1] ?? '',
  );
}

/** A key has this policy unless it is given one: the account's IAM policies decide. */
const KEY_POLICY = policyOf([{ action: 'kms:*', resource: '*' }], {
  Principal: { AWS: `arn:aws:iam::${LOCAL_ACCOUNT}:root` },
});

/** Whether a role that has these grants, and no other, may make a call. */
export async function allows(
  role: string,
  grants: readonly Access[],
  { action, resource }: Access,
): Promise<boolean> {
  const everything = { name: 'all', policy: policyOf([{ action: '*', resource: '*' }]) };
  const result = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${LOCAL_ACCOUNT}:role/${role}`,
        action,
        resource: { resource, accountId: LOCAL_ACCOUNT },
        contextVariables: {},
      },
      identityPolicies: [{ name: 'granted', policy: policyOf(grants) }],
      serviceControlPolicies: [{ orgIdentifier: 'root', policies: [everything] }],
      resourceControlPolicies: [],
      ...(action.startsWith('kms:') ? { resourcePolicy: KEY_POLICY } : {}),
    },
    {},
  );
  if (result.resultType !== 'error') return result.overallResult === 'Allowed';
  throw new Error(`${action} on ${resource}: ${JSON.stringify(result.errors)}`);
}

function policyOf(grants: readonly Access[], more: object = {}): object {
  return {
    Version: '2012-10-17',
    Statement: grants.map(({ action, resource }) => ({
      Effect: 'Allow',
      Action: action,
      Resource: resource,
      ...more,
    })),
  };
}
