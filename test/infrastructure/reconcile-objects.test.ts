import { describe, expect, test } from 'vitest';
import { matchesPattern } from '../simulation/stream-pattern.ts';
import { resourceNamed, resourcesOf, synthesize } from './synthesized.ts';

const prod = synthesize('prod').service;
const local = synthesize('local').service;

const mappingOf = (prefix: string) =>
  resourceNamed(prod, 'AWS::Lambda::EventSourceMapping', prefix).Properties;
const variablesOf = (template: typeof prod, name: string) => {
  const { Properties } = resourceNamed(template, 'AWS::Lambda::Function', `${name}Function`);
  return (Properties['Environment'] as { Variables: Record<string, unknown> }).Variables;
};

describe('the stream', () => {
  const stream = mappingOf('ReconcileObjects');
  const { Filters } = stream['FilterCriteria'] as {
    readonly Filters: readonly { readonly Pattern: string }[];
  };
  const wakes = (eventName: string, image: Readonly<Record<string, unknown>>) => {
    const images = eventName === 'REMOVE' ? { OldImage: image } : { NewImage: image };
    const record = { eventName, dynamodb: { Keys: {}, ...images } };
    return Filters.some(({ Pattern }) => matchesPattern(record, JSON.parse(Pattern)));
  };
  const message = (state: string) => ({ type: { S: 'message' }, state: { S: state } });

  test('O3: batches that fail are halved and tried as long as the stream has them, then named', () => {
    expect(stream).toMatchObject({
      BatchSize: 100,
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: -1,
      // The stream drops a record after 24 hours, and tells nobody.
      MaximumRecordAgeInSeconds: 23 * 3600,
      DestinationConfig: {
        OnFailure: {
          Destination: { 'Fn::GetAtt': [expect.stringMatching(/^LostRecordsQueue/), 'Arn'] },
        },
      },
      ParallelizationFactor: 4,
      StartingPosition: 'TRIM_HORIZON',
    });
    // The function answers nothing: with partial answers a batch would count as done in part.
    expect(stream['FunctionResponseTypes']).toBeUndefined();
    expect(JSON.stringify(stream['EventSourceArn'])).toMatch(/DictmapTable\w+StreamArn/);
  });

  test.each(['INSERT', 'MODIFY'])('X2: %s of a row that S3 has to follow invokes', (event) => {
    for (const state of ['expunged', 'purging']) expect(wakes(event, message(state))).toBe(true);
    expect(wakes(event, { type: { S: 'blob' }, state: { S: 'live' } })).toBe(true);
    expect(wakes(event, { type: { S: 'object' }, state: { S: 'purging' } })).toBe(true);
  });

  test('X2: no delivery, flag, move, counter or removal does, by TTL or otherwise', () => {
    for (const state of ['live', 'moved', 'ended']) {
      expect(wakes('INSERT', message(state))).toBe(false);
      expect(wakes('MODIFY', message(state))).toBe(false);
    }
    expect(wakes('MODIFY', { type: { S: 'mailbox' }, state: { S: 'active' } })).toBe(false);
    expect(wakes('INSERT', { type: { S: 'object' } })).toBe(false);
    for (const state of ['expunged', 'purging', 'moved']) {
      expect(wakes('REMOVE', message(state))).toBe(false);
    }
    expect(wakes('REMOVE', { type: { S: 'blob' } })).toBe(false);
  });
});

describe('queues', () => {
  const queues = [...resourcesOf(prod, 'AWS::SQS::Queue')];
  const [retry] = queues.filter(([id]) => id.startsWith('RetryQueue'));

  test('hold what they are given for two weeks, encrypted, by TLS only', () => {
    expect(queues).toHaveLength(3);
    const policies = [...resourcesOf(prod, 'AWS::SQS::QueuePolicy').values()];
    for (const [id, { Properties }] of queues) {
      expect(Properties).toMatchObject({
        SqsManagedSseEnabled: true,
        MessageRetentionPeriod: 14 * 86_400,
      });
      const [policy] = policies.filter((one) =>
        JSON.stringify(one.Properties['Queues']).includes(id),
      );
      expect(policy?.Properties['PolicyDocument']).toMatchObject({
        Statement: [
          {
            Effect: 'Deny',
            Action: 'sqs:*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      });
    }
  });

  test('O3: a row is tried eight times, then it is dead', () => {
    expect(retry?.[1].Properties['RedrivePolicy']).toMatchObject({
      maxReceiveCount: 8,
      deadLetterTargetArn: { 'Fn::GetAtt': [expect.stringMatching(/^DeadLetterQueue/), 'Arn'] },
    });
    expect(variablesOf(prod, 'RetryReconcile')['LETHE_RETRY_FIRST_WAIT_SECONDS']).toBe('60');
    expect(variablesOf(local, 'RetryReconcile')['LETHE_RETRY_FIRST_WAIT_SECONDS']).toBe('0');
  });

  test('O3: a message is hidden for longer than the function can take, and answered by itself', () => {
    const { Properties } = resourceNamed(prod, 'AWS::Lambda::Function', 'RetryReconcileFunction');
    const timeout = Number(Properties['Timeout']);
    expect(retry?.[1].Properties['VisibilityTimeout']).toBe(6 * timeout);
    expect(mappingOf('RetryReconcile')).toMatchObject({
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
      EventSourceArn: { 'Fn::GetAtt': [retry?.[0], 'Arn'] },
    });
  });

  test.each(['RetryQueueArn', 'DeadLetterQueueArn', 'LostRecordsQueueArn'])(
    '%s is an output',
    (name) => {
      prod.hasOutput(name, {});
    },
  );
});
