/** What the functions that make S3 follow the rows share: their events, ports and log lines. */

import { SQSClient } from '@aws-sdk/client-sqs';
import type { Context, DynamoDBStreamEvent } from 'aws-lambda';
import { SqsRetryQueue } from '../adapters/sqs-retry-queue.ts';
import { ENV } from '../contract/env.ts';
import { RECONCILED_LOG } from '../contract/metrics.ts';
import type { RowOutcomes } from '../contract/reconcile.ts';
import type { RowKey } from '../contract/row-layout.ts';
import type { ReportRow } from '../core/objects/reconcile-rows.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { RetryQueue } from '../core/ports/retry-queue.ts';
import { readEnvironment } from './environment.ts';
import { logFault, logInfo } from './logger.ts';

/**
 * Kept back from the function's time for what is under way: a request to S3 with all retries of the
 * client, then the queue.
 */
const RESERVE_MS = 20_000;

/** Epoch milliseconds, by the clock that the core asks too, after which no further row is begun. */
export const untilOf = (clock: Clock, context: Pick<Context, 'getRemainingTimeInMillis'>): number =>
  clock.now() + context.getRemainingTimeInMillis() - RESERVE_MS;

/**
 * The rows that records of the dictmap's stream are about, each once.
 * @throws TypeError when a record names none
 */
export function rowsOfRecords(event: DynamoDBStreamEvent): readonly RowKey[] {
  const keys = event.Records.map(({ dynamodb }): RowKey => {
    const pk = dynamodb?.Keys?.['pk']?.S;
    const sk = dynamodb?.Keys?.['sk']?.S;
    if (pk === undefined || sk === undefined) throw new TypeError('a stream record without a key');
    return { table: 'dictmap', pk, sk };
  });
  return [...new Map(keys.map((key) => [JSON.stringify([key.pk, key.sk]), key])).values()];
}

export function wireRetryQueue(): RetryQueue {
  const { [ENV.retryQueueUrl]: queueUrl } = readEnvironment([ENV.retryQueueUrl]);
  // The client's own endpoint, whatever host the queue's URL names: they differ behind a VPC
  // endpoint, and the client would say so in the log each time.
  const client = new SQSClient({ useQueueUrlAsEndpoint: false });
  return new SqsRetryQueue({ client, queueUrl });
}

export const logOutcomes = (outcomes: RowOutcomes): void =>
  logInfo(RECONCILED_LOG.message, { ...outcomes });

/** Keys of the rows that S3 follows are made of ids; other rows are not named. */
const OF_IDS = /^(mailbox|blobs|account)#[0-9a-f.]+(#[0-9a-f]+)?$/;

export const reportRow: ReportRow = (key, fault) => {
  const partition = key !== undefined && OF_IDS.test(key.pk) ? key.pk : undefined;
  if (fault === undefined) logInfo('a row was not begun in time', { partition });
  else logFault('a row could not be followed', fault, { partition });
};
