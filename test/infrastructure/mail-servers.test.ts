/** What changes in the templates when mail servers are configured. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { parseDeploymentSettings, SettingsError } from '../../cdk/settings.ts';
import { FUNCTIONS } from './function-names.ts';
import { grantsOf, policiesOf, resourceNamed, resourcesOf, synthesize } from './synthesized.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const TALKING = ['KickSessions', 'WaitForSessions', 'ClearCaches', 'AddressApi', 'Doctor'];

const secretArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:lethe/doveadm-a1B2c3';
const secretKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/0f1e2d3c';
const vpc = {
  subnetIds: ['subnet-0a1b2c3d', 'subnet-1a1b2c3d'],
  securityGroupIds: ['sg-0a1b2c3d'],
};
const servers = {
  proxies: ['https://proxy-1.example.com:8080', 'https://Proxy-2.example.com:8080'],
  backends: ['https://mail-1.example.com:8080'],
  secretArn,
};

const raw = { mailServers: { ...servers, vpc, secretKeyArn } };
const configured = synthesize('prod', { raw }).service;
const plain = synthesize('prod').service;

const functionOf = (name: string, template = configured) =>
  resourceNamed(template, 'AWS::Lambda::Function', `${name}Function`).Properties;
const variablesOf = (name: string, template = configured) =>
  (functionOf(name, template)['Environment'] as { Variables: Record<string, string> }).Variables;

describe('with mail servers configured', () => {
  test.each(TALKING)('%s knows the servers, may read the secret and joins the VPC', (name) => {
    expect(JSON.parse(variablesOf(name)['LETHE_MAIL_SERVERS'] ?? '')).toEqual({
      servers: [
        { url: 'https://proxy-1.example.com:8080', role: 'proxy' },
        { url: 'https://proxy-2.example.com:8080', role: 'proxy' },
        { url: 'https://mail-1.example.com:8080', role: 'backend' },
      ],
      requestTimeoutSeconds: 5,
      sessionDeadlineSeconds: 600,
    });
    expect(variablesOf(name)['LETHE_MAIL_SERVERS_SECRET_ARN']).toBe(secretArn);
    const grants = grantsOf(configured, name);
    expect(grants).toContainEqual({
      effect: 'Allow',
      actions: ['secretsmanager:GetSecretValue'],
      resources: [secretArn],
    });
    expect(grants).toContainEqual({
      effect: 'Allow',
      actions: ['kms:Decrypt'],
      resources: [secretKeyArn],
    });
    expect(functionOf(name)['VpcConfig']).toEqual({
      SubnetIds: vpc.subnetIds,
      SecurityGroupIds: vpc.securityGroupIds,
    });
  });

  test('its own code may not touch network interfaces, which Lambda makes with its role', () => {
    for (const name of TALKING) {
      const allowed = grantsOf(configured, name).flatMap(({ actions }) => actions);
      expect(allowed.filter((action) => action.startsWith('ec2:'))).toHaveLength(6);
      const denial = [...policiesOf(configured)].find(([id]) =>
        id.startsWith(`${name}OwnCodePolicy`),
      )?.[1];
      expect(denial).toMatchObject([{ effect: 'Deny', resources: ['*'] }]);
      const own = allowed.filter((action) => action.startsWith('ec2:'));
      expect(denial?.[0]?.actions).toEqual(own);
      const { PolicyDocument } = resourceNamed(
        configured,
        'AWS::IAM::Policy',
        `${name}OwnCodePolicy`,
      ).Properties;
      expect(JSON.stringify(PolicyDocument)).toContain('lambda:SourceFunctionArn');
    }
  });

  test('no other function joins a VPC, knows the servers or may read a secret', () => {
    for (const name of FUNCTIONS.filter((one) => !TALKING.includes(one))) {
      expect(functionOf(name)['VpcConfig']).toBeUndefined();
      expect(Object.keys(variablesOf(name)).join()).not.toContain('MAIL_SERVERS');
      const actions = grantsOf(configured, name).flatMap((grant) => grant.actions);
      expect(actions.filter((action) => /^(ec2|secretsmanager):/.test(action))).toEqual([]);
    }
  });

  test('without a VPC in the settings none is joined', () => {
    const { service } = synthesize('prod', { raw: { mailServers: servers } });
    expect(functionOf('KickSessions', service)['VpcConfig']).toBeUndefined();
    expect(JSON.stringify(grantsOf(service, 'KickSessions'))).not.toContain('ec2:');
  });
});

test('without mail servers nothing of them is in the template', () => {
  const all = JSON.stringify(plain.toJSON());
  expect(all).not.toMatch(/LETHE_MAIL_SERVERS|secretsmanager|ec2:|VpcConfig/);
  expect(resourcesOf(plain, 'AWS::Lambda::Function').size).toBe(FUNCTIONS.length);
});

describe('O2: settings of mail servers that are wrong name the field', () => {
  const problems = (mailServers: unknown): readonly string[] => {
    try {
      parseDeploymentSettings('prod', { mailServers });
    } catch (error) {
      if (error instanceof SettingsError) return error.problems;
      throw error;
    }
    throw new Error('the settings were accepted');
  };
  const url = 'https://a.example:8080';
  test.each([
    ['proxies', 'https://a', 'given "https://a", allowed: a list of URLs'],
    ['proxies.0', ['a.example:8080'], 'given "a.example:8080", allowed: a list of URLs'],
    ['proxies.0', [`${url}/doveadm/v1`], `given "${url}/doveadm/v1", allowed: a list of URLs`],
    ['proxies.0', ['https://u:p@a.example'], 'allowed: a list of URLs'],
    ['proxies', [url, url], `given ["${url}","${url}"], allowed: a list of URLs`],
    ['proxies', ['http://a.example'], 'allowed: https:// only, or plainHttp: true as well'],
    ['backends', servers.proxies.slice(0, 1), 'allowed: none that is also a proxy'],
    [
      'proxies',
      Array.from({ length: 60 }, (_, at) => `https://${at}.a-long-name.example`),
      'fewer',
    ],
    ['secretArn', 'doveadm', 'given "doveadm", allowed: the complete ARN of a secret'],
    ['secretArn', secretArn.slice(0, -7), 'allowed: the complete ARN of a secret'],
    ['requestTimeoutSeconds', 11, 'given 11, allowed: a whole number from 1 to 10'],
    ['sessionDeadlineSeconds', 0, 'given 0, allowed: a whole number from 1 to 7200'],
    ['plainHttp', 'yes', 'given "yes", allowed: true or false'],
    ['caBundle', '/nowhere.pem', 'given "/nowhere.pem", allowed: the path of a PEM file'],
  ])('%s: %j', (field, given, message) => {
    const [name = ''] = field.split('.');
    expect(problems({ ...servers, [name]: given })).toEqual([
      expect.stringMatching(/^lethe\.stages\.prod\.mailServers\./),
    ]);
    const [problem] = problems({ ...servers, [name]: given });
    expect(problem).toContain(`mailServers.${field}: `);
    expect(problem).toContain(message);
  });

  test('parts that are missing or unknown', () => {
    expect(problems({ proxies: [url] })).toEqual([
      expect.stringContaining('mailServers.secretArn: nothing given, allowed: the complete ARN'),
    ]);
    expect(problems({ secretArn })).toEqual([
      expect.stringContaining('mailServers.proxies: nothing given, allowed: at least one proxy'),
    ]);
    expect(problems({ ...servers, secret: 'x' })).toEqual([
      expect.stringMatching(/mailServers\.secret: unknown, allowed: proxies, backends, secretArn/),
    ]);
    expect(problems({ ...servers, vpc: { ...vpc, subnetIds: ['subnet'] } })).toEqual([
      expect.stringContaining('mailServers.vpc.subnetIds.0: given "subnet", allowed: an object'),
    ]);
    expect(problems({ ...servers, vpc: { ...vpc, vpcId: 'vpc-1' } })).toEqual([
      expect.stringContaining('mailServers.vpc.vpcId: unknown, allowed: an object with subnetIds'),
    ]);
    expect(problems('https://a')).toEqual([
      expect.stringContaining('mailServers: given "https://a", allowed: an object with proxies'),
    ]);
  });

  test('a CA bundle is read at synth', () => {
    const caBundle = join(temporaryDirectory(), 'ca.pem');
    writeFileSync(caBundle, rootCertificates[0] ?? '');
    const { mailServers } = parseDeploymentSettings('prod', {
      mailServers: { ...servers, caBundle },
    });
    expect(mailServers?.caBundle).toBe(caBundle);
  });
});
