import {
  ChangeMessageVisibilityCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { retryBody } from '../contract/reconcile.ts';
import type { RowKey } from '../contract/row-layout.ts';
import { StoreBusyError } from '../core/errors.ts';
import type { RetryQueue } from '../core/ports/retry-queue.ts';
import { answered } from './store-faults.ts';

/** SendMessageBatch takes at most 10 messages; ten keys of at most 3 KB are far below its 1 MiB. */
const BATCH_MESSAGES = 10;

/** A standard queue of SQS: a row may be in it twice, and is then followed twice. */
export class SqsRetryQueue implements RetryQueue {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor(options: { readonly client: SQSClient; readonly queueUrl: string }) {
    this.#client = options.client;
    this.#queueUrl = options.queueUrl;
  }

  /** A batch of which some messages were refused is a fault: all of them are then added again. */
  async add(keys: readonly RowKey[]): Promise<void> {
    for (let start = 0; start < keys.length; start += BATCH_MESSAGES) {
      const batch = keys.slice(start, start + BATCH_MESSAGES);
      const { Failed = [] } = await answered('queueing rows', () =>
        this.#client.send(
          new SendMessageBatchCommand({
            QueueUrl: this.#queueUrl,
            Entries: batch.map((key, index) => ({
              Id: String(index),
              MessageBody: retryBody(key),
            })),
          }),
        ),
      );
      const [first] = Failed;
      if (first !== undefined) {
        throw new StoreBusyError(`queueing rows: ${Failed.length} refused, ${first.Code}`);
      }
    }
  }

  async postpone(receipt: string, seconds: number): Promise<void> {
    await answered('postponing a row', () =>
      this.#client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: this.#queueUrl,
          ReceiptHandle: receipt,
          VisibilityTimeout: seconds,
        }),
      ),
    );
  }
}
