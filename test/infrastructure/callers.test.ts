import { describe, expect, test } from 'vitest';
import { policiesOf, synthesize } from './synthesized.ts';

const prod = synthesize('prod').service;

describe('policies for callers', () => {
  const paths = (name: string, wanted: 'Allow' | 'Deny') => {
    const found = [...policiesOf(prod)].find(([id]) => id.startsWith(`Callers${name}`))?.[1] ?? [];
    expect(
      found.flatMap(({ actions }) => actions).every((action) => action === 'execute-api:Invoke'),
    ).toBe(true);
    return found
      .filter(({ effect }) => effect === wanted)
      .flatMap(({ resources }) => resources.map((one) => one.replace(/^.*\/\$default\//, '')));
  };

  test('a provisioning system reaches accounts and settings and is kept from their mail', () => {
    expect(paths('ProvisioningCaller', 'Allow')).toEqual([
      '*/v1/admin/accounts/*/quota',
      '*/v1/admin/accounts/*/settings',
      '*/v1/admin/domains/*/settings',
      '*/v1/admin/domains/*/settings/apply',
      'DELETE/v1/accounts/*',
      'DELETE/v1/accounts/*/aliases',
      'GET/v1/accounts/*',
      'GET/v1/addresses/*',
      'GET/v1/certificate-key',
      'GET/v1/operations/*',
      'GET/v1/operations/*/certificate',
      'POST/v1/accounts',
      'POST/v1/accounts/*/aliases',
      'POST/v1/accounts/*/rename',
      ...['disable', 'enable', 'undelete'].map((verb) => `POST/v1/admin/accounts/*/${verb}-user`),
      'POST/v1/operations/*/resume',
    ]);
    // In IAM a * matches slashes too.
    expect(paths('ProvisioningCaller', 'Deny')).toEqual(paths('MailBackendCaller', 'Allow'));
  });

  test('a mail backend reaches mail as its owners do, nothing as an administrator', () => {
    expect(paths('MailBackendCaller', 'Allow')).toEqual([
      '*/v1/accounts/*/mailboxes',
      '*/v1/accounts/*/mailboxes/*',
      '*/v1/accounts/*/messages',
      '*/v1/accounts/*/messages/*',
      '*/v1/accounts/*/quota',
      '*/v1/accounts/*/settings',
      '*/v1/accounts/*/subscriptions',
      '*/v1/accounts/*/uploads',
    ]);
    expect(paths('MailBackendCaller', 'Deny')).toEqual([]);
  });

  test('an operator reaches everything under /v1', () => {
    expect(paths('OperatorCaller', 'Allow')).toEqual(['*/v1/*']);
  });

  test.each(['ProvisioningCaller', 'MailBackendCaller', 'OperatorCaller'])(
    '%s is an output',
    (name) => {
      prod.hasOutput(`${name}PolicyArn`, {});
    },
  );
});
