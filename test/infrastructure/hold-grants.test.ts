import { describe, expect, test } from 'vitest';
import { HOLD_STEPS } from './function-names.ts';
import { actionsOn, grantsOf, policiesOf, synthesize } from './synthesized.ts';

const prod = synthesize('prod').service;

describe('least privilege of holds', () => {
  test('W6: steps of holds remove nothing, and of mail may only list versions', () => {
    for (const name of HOLD_STEPS) {
      const grants = grantsOf(prod, name);
      expect(
        grants.flatMap(({ actions }) => actions).filter((one) => /Delete|BatchWrite/.test(one)),
      ).toEqual([]);
      const listed = name === 'VerifyHold' ? ['s3:ListBucketVersions'] : [];
      expect(actionsOn(grants, 'MailBucket')).toEqual(listed);
    }
  });

  test.each(['ReconcileObjects', 'RetryReconcile'])(
    '%s reads no body and no registry, and sees holds',
    (name) => {
      const grants = grantsOf(prod, name);
      expect(actionsOn(grants, 'MailBucket')).toEqual([
        's3:DeleteObject',
        's3:DeleteObjectVersion',
        's3:ListBucket',
        's3:ListBucketVersions',
      ]);
      const removed = grants.find(({ actions }) => actions.includes('s3:DeleteObject'));
      const prefixes = removed?.resources.map(
        (resource) => /Bucket\w*"\}\}(.*)$/.exec(resource)?.[1],
      );
      expect(prefixes?.sort()).toEqual(['/keep/*', '/r30/*', '/r365/*', '/r7/*', '/x1/*']);
      expect(actionsOn(grants, 'RegistryTable')).toEqual(['dynamodb:ConditionCheckItem']);
      const rows = actionsOn(grants, 'DictmapTable').filter((one) => one.endsWith('Item'));
      expect(rows).toEqual(['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:UpdateItem']);
    },
  );

  test.each([
    ['HoldAccount', ['ResolveHold', 'ProtectMail', 'VerifyHold', 'RecordFailure']],
    ['ReleaseHold', ['ResolveHold', 'RestartClocks', 'RecordFailure']],
  ])('the machine %s invokes exactly the functions of its steps', (machine, steps) => {
    const invoked = [...policiesOf(prod)]
      .filter(([id]) => id.startsWith(machine))
      .flatMap(([, statements]) => statements)
      .filter(({ actions }) => actions.includes('lambda:InvokeFunction'))
      .flatMap(({ resources }) => resources);
    const names = invoked.map((one) => /\["(\w+)Function\w{8}","Arn"\]/.exec(one)?.[1]);
    expect(names.sort()).toEqual([...steps].sort());
  });
});
