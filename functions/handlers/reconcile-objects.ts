/** Woken by the dictmap's stream: S3 follows the rows that have changed. */
import type { Context, DynamoDBStreamEvent } from 'aws-lambda';
import { reconcileOrPostpone } from '../core/objects/reconcile-rows.ts';
import { entryPoint } from '../runtime/entry-point.ts';
import {
  logOutcomes,
  reportRow,
  rowsOfRecords,
  untilOf,
  wireRetryQueue,
} from '../runtime/reconciling.ts';
import { once, wireClock, wireObjects, wireRows } from '../runtime/wiring.ts';

type StreamPorts = Parameters<typeof reconcileOrPostpone>[0];

/** Fails, so that the batch comes again, only when rows can be neither followed nor queued. */
export const reconcileHandler =
  (ports: () => StreamPorts) =>
  async (
    event: DynamoDBStreamEvent,
    context: Pick<Context, 'getRemainingTimeInMillis'>,
  ): Promise<void> => {
    const wired = ports();
    const until = untilOf(wired.clock, context);
    logOutcomes(await reconcileOrPostpone(wired, rowsOfRecords(event), until, reportRow));
  };

export const handler = entryPoint(
  reconcileHandler(
    once(() => ({
      rows: wireRows(),
      objects: wireObjects(),
      clock: wireClock(),
      retries: wireRetryQueue(),
    })),
  ),
);
