import { describe, expect, test } from 'vitest';
import { certificateName } from '../../functions/core/evidence/certificate.ts';
import { BULK_STEPS, FUNCTIONS, PURGE_STEPS, STEPS, SWEEP_STEPS } from './function-names.ts';
import { actionsOn, grantsOf, policiesOf, type Statement, synthesize } from './synthesized.ts';

const prod = synthesize('prod').service;

const everyGrant = FUNCTIONS.map((name) => ({ name, grants: grantsOf(prod, name) }));
const allActions = (grants: readonly Statement[]) => grants.flatMap(({ actions }) => actions);
const allowed = [...policiesOf(prod)].flatMap(([id, statements]) =>
  statements.filter(({ effect }) => effect === 'Allow').map((statement) => ({ id, ...statement })),
);

describe('least privilege', () => {
  test('only logs delivery and tracing, which know no resources, are granted on *', () => {
    const onAnything = allowed.filter(({ resources }) => resources.includes('*'));
    expect(onAnything.length).toBeGreaterThan(0);
    const known =
      /^(xray:(Put|GetSampling)\w+|logs:\w*(LogDelivery|LogDeliveries|ResourcePolic\w+|LogGroups))$/;
    expect(allActions(onAnything).filter((action) => !known.test(action))).toEqual([]);
  });

  test('no action is granted by a pattern', () => {
    expect(allActions(allowed).filter((action) => action.includes('*'))).toEqual([]);
  });

  test('objects are granted under named prefixes only, never a whole bucket', () => {
    const objects = allowed.filter(({ actions }) => actions.some((one) => /^s3:.*Obj/.test(one)));
    const prefixes = objects.flatMap(({ resources }) =>
      resources.map((resource) => /Bucket\w*"\}\}(.*)$/.exec(resource)?.[1]),
    );
    expect(new Set(prefixes)).toEqual(
      new Set(['/certificates/*', '/keep/*', '/r30/*', '/r365/*', '/r7/*', '/uploads/*', '/x1/*']),
    );
  });

  test('every row is granted on a table, or to be read on one index by its name', () => {
    const rows = allowed.filter(({ actions }) => actions.some((one) => one.startsWith('dynamo')));
    const onTable = /(Registry|Dictmap)Table\w+(Stream)?Arn\w+"\}\}$/;
    const onIndex = /(Registry|Dictmap)Table\w+Arn\w+"\}\}\/index\/(lazy|due|list)$/;
    for (const { actions, resources } of rows) {
      for (const resource of resources) {
        expect(resource).toMatch(onIndex.test(resource) ? onIndex : onTable);
        if (onIndex.test(resource)) expect(actions).toEqual(['dynamodb:Query']);
      }
    }
  });

  test('EraseRange removes versions under every prefix and never reads one', () => {
    const grants = grantsOf(prod, 'EraseRange');
    expect(actionsOn(grants, 'MailBucket')).toEqual([
      's3:AbortMultipartUpload',
      's3:DeleteObject',
      's3:DeleteObjectVersion',
      's3:ListBucketMultipartUploads',
      's3:ListBucketVersions',
    ]);
    const removed = grants.find(({ actions }) => actions.includes('s3:DeleteObjectVersion'));
    expect(removed?.resources).toHaveLength(6);
  });

  test('X3: only erasure and what follows rows remove objects and rows of mail', () => {
    const who = (pattern: RegExp, text: string) =>
      everyGrant
        .filter(({ grants }) => actionsOn(grants, text).some((action) => pattern.test(action)))
        .map(({ name }) => name);
    const following = ['ReconcileObjects', 'RetryReconcile'];
    expect(who(/Delete|Abort/, 'MailBucket')).toEqual(['EraseRange', ...following]);
    expect(who(/Delete|BatchWrite/, 'DictmapTable')).toEqual([
      'EraseRange',
      'EraseAccountRows',
      // Shells: rows of mailboxes that are gone, once nothing lies in their partitions. Like all
      // below: notes about mail that name nothing any more.
      'SweepDue',
      'SweepAccounts',
      // Names of deleted folders, and mailboxes that never held mail.
      'PurgePart',
      'ExpungeByQuery',
      'RestoreByQuery',
      // Names that are given up: a renamed mailbox, a subscription.
      'MailApi',
      ...following,
    ]);
    // What removes many rows at a time is for erasure alone.
    expect(who(/BatchWrite/, 'DictmapTable')).toEqual(['EraseRange', 'EraseAccountRows']);
    expect(who(/Delete|BatchWrite/, 'RegistryTable')).toEqual(['ReleaseAddress', 'AddressApi']);
  });

  test('O3: one queues what another retries, and nobody reaches dead letters', () => {
    const queues = everyGrant.flatMap(({ name, grants }) =>
      grants
        .filter(({ actions }) => actions.some((action) => action.startsWith('sqs:')))
        .map(({ actions, resources }) => ({ name, actions, resources })),
    );
    expect(queues).toEqual([
      {
        // What it queues, and, sent by Lambda in the name of the role, what the stream gives up.
        name: 'ReconcileObjects',
        actions: ['sqs:SendMessage'],
        resources: [
          expect.stringMatching(/"LostRecordsQueue\w+","Arn"/),
          expect.stringMatching(/"RetryQueue\w+","Arn"/),
        ],
      },
      {
        name: 'RetryReconcile',
        actions: [
          'sqs:ChangeMessageVisibility',
          'sqs:DeleteMessage',
          'sqs:GetQueueAttributes',
          'sqs:ReceiveMessage',
        ],
        resources: [expect.stringMatching(/"RetryQueue\w+","Arn"/)],
      },
    ]);
  });

  test('VerifyErasure may only list objects', () => {
    expect(actionsOn(grantsOf(prod, 'VerifyErasure'), 'MailBucket')).toEqual([
      's3:ListBucketMultipartUploads',
      's3:ListBucketVersions',
    ]);
  });

  test('W1: MailApi has no right to delete objects; of rows one at a time, for names given up', () => {
    const actions = allActions(grantsOf(prod, 'MailApi'));
    expect(actions).toContain('s3:PutObject');
    expect(actions.filter((action) => /Delete|Abort|BatchWrite/.test(action))).toEqual([
      'dynamodb:DeleteItem',
    ]);
    expect(actionsOn(grantsOf(prod, 'MailApi'), 'EvidenceBucket')).toEqual([]);
  });

  test('A5: sweeps touch no object; rows, shells and notes, they remove one at a time', () => {
    for (const name of SWEEP_STEPS) {
      const grants = grantsOf(prod, name);
      expect(actionsOn(grants, 'MailBucket')).toEqual([]);
      const removing = allActions(grants).filter((one) => /Delete|BatchWrite/.test(one));
      expect(removing).toEqual(/^Sweep/.test(name) ? ['dynamodb:DeleteItem'] : []);
    }
  });

  test('F5, W6: a purge touches no object, and sees the account in each of its transactions', () => {
    for (const name of PURGE_STEPS) {
      expect(actionsOn(grantsOf(prod, name), 'MailBucket')).toEqual([]);
    }
    const [part, finish] = [grantsOf(prod, 'PurgePart'), grantsOf(prod, 'FinishPurge')];
    expect(actionsOn(part, 'RegistryTable')).toContain('dynamodb:ConditionCheckItem');
    expect(allActions(part)).not.toContain('dynamodb:BatchWriteItem');
    expect(actionsOn(finish, 'DictmapTable')).toEqual([]);
    expect(actionsOn(grantsOf(prod, 'ResolvePurge'), 'DictmapTable')).toEqual([
      'dynamodb:GetItem',
      'dynamodb:Query',
    ]);
  });

  test('W4: by query mail is expunged and restored without a right to remove or read objects', () => {
    for (const name of BULK_STEPS) {
      const actions = allActions(grantsOf(prod, name));
      // Notes about mail, one at a time.
      const notes = name === 'ResolveBulk' ? [] : ['dynamodb:DeleteItem'];
      expect(actions.filter((one) => /Delete|BatchWrite/.test(one))).toEqual(notes);
    }
    expect(actionsOn(grantsOf(prod, 'ExpungeByQuery'), 'MailBucket')).toEqual([]);
    expect(actionsOn(grantsOf(prod, 'RestoreByQuery'), 'MailBucket')).toEqual([
      's3:GetObject',
      's3:GetObjectVersion',
      's3:ListBucket',
      's3:PutObject',
    ]);
  });

  test('ProvisioningApi reaches no mail and deletes nothing by itself', () => {
    const grants = grantsOf(prod, 'ProvisioningApi');
    expect(actionsOn(grants, 'MailBucket')).toEqual([]);
    expect(allActions(grants).filter((action) => /Delete|BatchWrite/.test(action))).toEqual([]);
    expect(actionsOn(grants, 'EvidenceBucket')).toEqual(['s3:GetObject', 's3:ListBucket']);
    expect(allActions(grants)).toEqual(
      expect.arrayContaining(['states:StartExecution', 'states:DescribeExecution']),
    );
  });

  test('U7: only CertifyErasure writes evidence and signs; nobody removes it or its lock', () => {
    const writers = everyGrant.filter(({ grants }) =>
      actionsOn(grants, 'EvidenceBucket').some((action) => /Put|Delete|Bypass/.test(action)),
    );
    expect(writers.map(({ name }) => name)).toEqual(['CertifyErasure']);
    expect(actionsOn(grantsOf(prod, 'CertifyErasure'), 'EvidenceBucket')).toEqual([
      's3:GetObject',
      's3:ListBucket',
      's3:PutObject',
      's3:PutObjectRetention',
    ]);
    const signers = everyGrant.filter(({ grants }) => allActions(grants).includes('kms:Sign'));
    expect(signers.map(({ name }) => name)).toEqual(['CertifyErasure']);
  });

  test.each(['PlanErasure', 'CertifyErasure'])('X3: of mail %s may only list versions', (name) => {
    expect(actionsOn(grantsOf(prod, name), 'MailBucket')).toEqual(['s3:ListBucketVersions']);
  });

  test('certificates are written where CertifyErasure may write', () => {
    expect(certificateName('op-1', 1, 1)).toMatch(/^certificates\//);
  });

  test('only ProvisioningApi, the schedules and the machine itself start executions', () => {
    const starters = allowed.filter(({ actions }) => actions.includes('states:StartExecution'));
    expect(starters.map(({ id }) => id.replace(/Policy.*$/, '')).sort()).toEqual([
      'AutoexpungeMachineEventsRoleDefault',
      'DeleteAccountDistributedMap',
      'ProvisioningApiRoleDefault',
      'PurgeMailboxesMachineEventsRoleDefault',
      'RunDueRoleDefault',
    ]);
  });

  test.each([
    ['DeleteAccount', STEPS],
    ['Autoexpunge', SWEEP_STEPS],
    ['PurgeMailboxes', PURGE_STEPS],
    ['ExpungeMessages', ['ResolveBulk', 'ExpungeByQuery', 'RecordFailure']],
    ['RestoreMessages', ['ResolveBulk', 'RestoreByQuery', 'RecordFailure']],
  ])('the machine %s invokes exactly the functions of its steps', (machine, steps) => {
    const invoked = allowed
      .filter(({ id }) => id.startsWith(machine))
      .filter(({ actions }) => actions.includes('lambda:InvokeFunction'))
      .flatMap(({ resources }) => resources);
    const names = invoked.map((one) => /\["(\w+)Function\w{8}","Arn"\]/.exec(one)?.[1]);
    expect(names.sort()).toEqual([...steps].sort());
  });
});
