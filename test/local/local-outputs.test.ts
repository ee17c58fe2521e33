import { describe, expect, test } from 'vitest';
import { OUTPUTS } from '../../functions/contract/outputs.ts';
import { apiId, localOutputs } from '../../local/local-outputs.ts';
import { operatorPolicy } from '../../local/operator.ts';

const ENDPOINT = 'https://127.0.0.1:24566';
const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:Delete';
const STACKS = {
  LetheStorage: {
    [OUTPUTS.mailBucket]: 'mail',
    [OUTPUTS.evidenceBucket]: 'evidence',
    [OUTPUTS.registryTable]: 'registry',
    [OUTPUTS.dictmapTable]: 'dictmap',
    [OUTPUTS.certificateKeyId]: 'key',
  },
  LetheService: {
    [OUTPUTS.apiUrl]: 'https://655deecd.execute-api.localhost:24566',
    [OUTPUTS.deleteAccountStateMachineArn]: MACHINE,
    SomethingElse: 'x',
  },
};

describe('outputs', () => {
  test('are gathered from all stacks', () => {
    expect(localOutputs(STACKS, ENDPOINT, '/ca.pem')).toStrictEqual({
      endpoint: ENDPOINT,
      caFile: '/ca.pem',
      region: 'us-east-1',
      apiUrl: `${ENDPOINT}/_aws/execute-api/655deecd/$default`,
      mailBucket: 'mail',
      evidenceBucket: 'evidence',
      registryTable: 'registry',
      dictmapTable: 'dictmap',
      certificateKeyId: 'key',
      stateMachines: { 'delete-account': MACHINE },
    });
  });

  test('that no stack has are named', () => {
    const { LetheService: _without, ...rest } = STACKS;
    expect(() => localOutputs(rest, ENDPOINT, '/ca.pem')).toThrow(
      /lack the outputs ApiUrl, DeleteAccountStateMachineArn/,
    );
  });

  test.each([
    'https://abc123.execute-api.us-east-1.amazonaws.com/',
    'https://abc123.execute-api.x',
  ])('take the id of the API from %s', (url) => expect(apiId(url)).toBe('abc123'));

  test('refuse an address that is not of an HTTP API', () => {
    expect(() => apiId('https://example.com')).toThrow(/"https:\/\/example\.com"/);
  });
});

test('the operator may call the API, start machines and read, and change nothing directly', () => {
  const policy = JSON.parse(JSON.stringify(operatorPolicy(localOutputs(STACKS, ENDPOINT, '/ca'))));
  const statements = policy.Statement as { Action: string[]; Resource: string[] }[];
  expect(statements.flatMap(({ Action }) => Action)).toStrictEqual([
    'execute-api:Invoke',
    's3:List*',
    ...['dynamodb:Query', 'dynamodb:Scan', 'dynamodb:GetItem'],
    ...['states:Describe*', 'states:Get*', 'states:List*', 'states:StartExecution'],
  ]);
  expect(statements.flatMap(({ Resource }) => Resource)).not.toContain('*');
  expect(statements[0]?.Resource).toStrictEqual([
    'arn:aws:execute-api:us-east-1:000000000000:655deecd/*',
  ]);
});
