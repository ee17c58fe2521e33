/** Fed by the retry queue: rows that S3 could not follow before. */
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { ENV } from '../contract/env.ts';
import { retryRows } from '../core/objects/reconcile-rows.ts';
import { entryPoint } from '../runtime/entry-point.ts';
import { readNumber } from '../runtime/environment.ts';
import { logOutcomes, reportRow, untilOf, wireRetryQueue } from '../runtime/reconciling.ts';
import { once, wireClock, wireIds, wireObjects, wireRows } from '../runtime/wiring.ts';

type RetryPorts = Parameters<typeof retryRows>[0];

export const retryHandler =
  (ports: () => RetryPorts, firstWaitSeconds: () => number) =>
  async (
    event: Pick<SQSEvent, 'Records'>,
    context: Pick<Context, 'getRemainingTimeInMillis'>,
  ): Promise<SQSBatchResponse> => {
    const messages = event.Records.map(({ messageId, receiptHandle, body, attributes }) => ({
      id: messageId,
      receipt: receiptHandle,
      body,
      receives: Number(attributes.ApproximateReceiveCount),
    }));
    const wired = ports();
    const until = untilOf(wired.clock, context);
    const settings = { firstWaitSeconds: firstWaitSeconds(), until };
    const { outcomes, stay } = await retryRows(wired, messages, settings, reportRow);
    logOutcomes(outcomes);
    return { batchItemFailures: stay.map((itemIdentifier) => ({ itemIdentifier })) };
  };

export const handler = entryPoint(
  retryHandler(
    once(() => ({
      rows: wireRows(),
      objects: wireObjects(),
      clock: wireClock(),
      ids: wireIds(),
      retries: wireRetryQueue(),
    })),
    once(() => readNumber(ENV.retryFirstWaitSeconds)),
  ),
);
