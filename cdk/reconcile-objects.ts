/**
 * S3 follows the rows: the dictmap's stream wakes one function; what it cannot follow now waits in
 * the retry queue for another, which gives up to the dead-letter queue. These two alone, besides
 * erasure, may remove objects.
 */
import { Duration, Validations } from 'aws-cdk-lib';
import {
  EventSourceMapping,
  type EventSourceMappingOptions,
  FilterCriteria,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { ENV } from '../functions/contract/env.ts';
import { OPAQUE_CLASS } from '../functions/contract/key-layout.ts';
import { STREAM_FILTERS } from '../functions/contract/reconcile.ts';
import { NodeFunction } from './constructs/node-function.ts';
import { STEP_TIMEOUT_SECONDS } from './function-timeouts.ts';
import type { ServiceStackProps } from './service-props.ts';

export interface ObjectsReconciler {
  /** Woken by the stream. */
  readonly reconcile: NodeFunction;
  /** Fed by the retry queue. */
  readonly retry: NodeFunction;
  readonly retryQueue: Queue;
  readonly deadLetterQueue: Queue;
  /** Names the shard and the numbers of records of the stream that were given up. */
  readonly lostRecordsQueue: Queue;
}

/** Receives of a message before it dies: waits of 1, 2, 4 ... 60 minutes, two hours in all. */
const RECEIVES_MAX = 8;
const FIRST_WAIT_SECONDS = 60;

/** SQS keeps messages for two weeks at most: as long as an operator has for a dead one. */
const RETENTION = Duration.days(14);

/** Lambda's documentation asks for six times the function's timeout, for receives it must repeat. */
const HIDDEN_SECONDS = 6 * STEP_TIMEOUT_SECONDS;

/**
 * A shard takes the writes of some 1,000 expunges a second. A batch of 100 rows, 16 at a time, takes
 * a third of a second: four batches of a shard at a time keep up.
 */
const STREAM: EventSourceMappingOptions = {
  batchSize: 100,
  parallelizationFactor: 4,
  // A mailbox that is emptied becomes a few invocations, and a marker may come a second later.
  maxBatchingWindow: Duration.seconds(1),
  // What was written while nothing read the stream is read too.
  startingPosition: StartingPosition.TRIM_HORIZON,
  // A batch fails only while the retry queue cannot be written: then by halves, as long as the
  // stream has it. It keeps records for 24 hours; an hour before that what could not be read is
  // named in a queue of its own, for a record that the stream has dropped is named nowhere.
  bisectBatchOnError: true,
  retryAttempts: -1,
  maxRecordAge: Duration.hours(23),
  filters: STREAM_FILTERS.map((pattern) => FilterCriteria.filter(pattern)),
};

/** Retries must not take the place of what is new; two is the least that Lambda takes. */
const RETRIES: EventSourceMappingOptions = {
  batchSize: 10,
  maxConcurrency: 2,
  reportBatchItemFailures: true,
};

const NO_DEAD_LETTERS =
  'Invoked by an event source mapping, never asynchronously: what fails goes to the retry queue ' +
  'by the key of its row, and from there to the dead-letter queue.';

const NAMES_RECORDS =
  'The end of the line of the stream: an alarm rings, and an operator looks for the records.';

export function addReconcileObjects(scope: Construct, props: ServiceStackProps): ObjectsReconciler {
  const deadLetterQueue = addEndQueue(
    scope,
    'DeadLetterQueue',
    'It is the end of the line: an alarm rings, and an operator redrives it.',
  );
  const retryQueue = addQueue(scope, 'RetryQueue', deadLetterQueue);
  const reconcile = addFunction(scope, 'ReconcileObjects', props, {
    handler: 'reconcile-objects',
    description: 'Stream of the dictmap: S3 follows the rows',
  });
  reconcile.bindQueue(retryQueue, ENV.retryQueueUrl, ['send']);
  const lostRecordsQueue = addEndQueue(scope, 'LostRecordsQueue', NAMES_RECORDS);
  Validations.of(lostRecordsQueue).acknowledge({
    id: 'AwsSolutions::AwsSolutions-SQS3',
    reason: NAMES_RECORDS,
  });
  // Lambda sends in the name of the role.
  reconcile.allow([lostRecordsQueue.queueArn], ['sqs:SendMessage']);
  readStream(reconcile, props, lostRecordsQueue);
  const retry = addFunction(scope, 'RetryReconcile', props, {
    handler: 'retry-reconcile',
    description: 'Retry queue: rows that S3 could not follow before',
  });
  // Lambda receives, deletes and looks in the name of the role; the function itself postpones.
  retry.bindQueue(retryQueue, ENV.retryQueueUrl, ['receive', 'remove', 'attributes', 'postpone']);
  // Nobody's mail waits in an ephemeral stage: what fails there is tried again at once.
  const firstWait = props.settings.ephemeral ? 0 : FIRST_WAIT_SECONDS;
  retry.setVariable(ENV.retryFirstWaitSeconds, String(firstWait));
  mapEvents(retry, 'Retries', retryQueue.queueArn, RETRIES);
  return { reconcile, retry, retryQueue, deadLetterQueue, lostRecordsQueue };
}

/** A queue that no function reads. */
function addEndQueue(scope: Construct, id: string, reason: string): Queue {
  const queue = addQueue(scope, id);
  Validations.of(queue).acknowledge({ id: 'Serverless-SQSRedrivePolicy', reason });
  return queue;
}

function addQueue(scope: Construct, id: string, deadLetterQueue?: Queue): Queue {
  return new Queue(scope, id, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: RETENTION,
    ...(deadLetterQueue === undefined
      ? {}
      : {
          visibilityTimeout: Duration.seconds(HIDDEN_SECONDS),
          deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: RECEIVES_MAX },
        }),
  });
}

/** Reads, changes and removes rows of the dictmap; places markers, removes versions, reads no body. */
function addFunction(
  scope: Construct,
  id: string,
  { code, settings, storage, classesEver }: ServiceStackProps,
  { handler, description }: { readonly handler: string; readonly description: string },
): NodeFunction {
  const result = new NodeFunction(scope, id, {
    code: code(handler),
    description,
    timeoutSeconds: STEP_TIMEOUT_SECONDS,
    settings,
    whyNoDeadLetters: NO_DEAD_LETTERS,
  });
  result.bindTable(storage.tables.dictmap, ENV.dictmapTable, ['get', 'update', 'remove']);
  // What has expired by the clock is not ended while its account is held.
  result.bindTable(storage.tables.registry, ENV.registryTable, ['check']);
  result.bindBucket(storage.mailBucket, ENV.mailBucket, {
    // A hold lifts markers, which only a list of versions names.
    bucket: ['tellAbsent', 'listVersions'],
    objects: ['remove', 'removeVersion'],
    prefixes: [...Object.keys(classesEver), OPAQUE_CLASS].map((name) => `${name}/`),
  });
  return result;
}

function readStream(
  target: NodeFunction,
  { storage }: ServiceStackProps,
  lostRecordsQueue: Queue,
): void {
  const { tableStreamArn } = storage.tables.dictmap;
  if (tableStreamArn === undefined) throw new Error('the dictmap has no stream');
  target.allow(
    [tableStreamArn],
    ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'].map(
      (action) => `dynamodb:${action}`,
    ),
  );
  const onFailure = { bind: () => ({ destination: lostRecordsQueue.queueArn }) };
  mapEvents(target, 'Stream', tableStreamArn, { ...STREAM, onFailure });
}

function mapEvents(
  target: NodeFunction,
  id: string,
  eventSourceArn: string,
  options: EventSourceMappingOptions,
): void {
  const mapping = new EventSourceMapping(target, id, {
    ...options,
    target: target.lambda,
    eventSourceArn,
  });
  Validations.of(mapping).acknowledge({
    id: 'Serverless-LambdaEventSourceMappingDestination',
    reason: NO_DEAD_LETTERS,
  });
}
