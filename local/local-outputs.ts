import { type LocalOutputs, OUTPUTS } from '../functions/contract/outputs.ts';
import { LOCAL_REGION } from './aws-environment.ts';
import type { StackOutputs } from './deploy.ts';

const STATE_MACHINE_SUFFIX = 'StateMachineArn';

/**
 * What `npm run local -- outputs` prints, from the outputs of the deployed stacks.
 *
 * @throws Error naming the outputs that no stack has.
 */
export function localOutputs(
  stackOutputs: StackOutputs,
  endpoint: string,
  caFile: string,
): LocalOutputs {
  const values = new Map(Object.values(stackOutputs).flatMap((outputs) => Object.entries(outputs)));
  const missing = Object.values(OUTPUTS).filter((name) => !values.has(name));
  if (missing.length > 0) {
    throw new Error(
      `The stacks ${Object.keys(stackOutputs).join(', ')} lack the outputs ${missing.join(', ')}; they have ${[...values.keys()].join(', ')}.`,
    );
  }
  const value = (name: string) => values.get(name) ?? '';
  return {
    endpoint,
    caFile,
    region: LOCAL_REGION,
    apiUrl: `${endpoint}/_aws/execute-api/${apiId(value(OUTPUTS.apiUrl))}/$default`,
    mailBucket: value(OUTPUTS.mailBucket),
    evidenceBucket: value(OUTPUTS.evidenceBucket),
    registryTable: value(OUTPUTS.registryTable),
    dictmapTable: value(OUTPUTS.dictmapTable),
    certificateKeyId: value(OUTPUTS.certificateKeyId),
    stateMachines: Object.fromEntries(
      [...values]
        .filter(([name]) => name.endsWith(STATE_MACHINE_SUFFIX))
        .map(([name, arn]) => [verbOf(name), arn]),
    ),
  };
}

/**
 * The id of an HTTP API, from its URL on AWS: `https://<id>.execute-api.<region>.amazonaws.com`.
 *
 * @throws Error when the URL is not of that form.
 */
export function apiId(url: string): string {
  const id = /^https?:\/\/([a-z0-9]+)\.execute-api\./.exec(url)?.[1];
  if (id === undefined) {
    throw new Error(
      `The stack output ${OUTPUTS.apiUrl} is "${url}"; expected https://<id>.execute-api.<region>...`,
    );
  }
  return id;
}

/** `DeleteAccountStateMachineArn` is the machine of the verb `delete-account`. */
function verbOf(outputName: string): string {
  return outputName
    .slice(0, -STATE_MACHINE_SUFFIX.length)
    .replace(/(?<=.)[A-Z]/g, '-$&')
    .toLowerCase();
}
