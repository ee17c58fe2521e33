import type { DynamoDBStreamEvent, SQSRecord } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RECONCILED_LOG } from '../../../functions/contract/metrics.ts';
import type { RowKey } from '../../../functions/contract/row-layout.ts';
import type { RetryQueue } from '../../../functions/core/ports/retry-queue.ts';
import { reconcileHandler } from '../../../functions/handlers/reconcile-objects.ts';
import { retryHandler } from '../../../functions/handlers/retry-reconcile.ts';
import { MemoryRetryQueue } from '../../models/memory-retry-queue.ts';
import {
  MESSAGE,
  OBJECT_KEY,
  OPAQUE_KEY,
  OPAQUE_ROW,
  SmallStore,
} from '../core/objects/reconciled-rows.ts';
import { captureLog, type LogLines } from '../runtime/log-lines.ts';

let store: SmallStore;
let retries: MemoryRetryQueue;
let log: LogLines;
beforeEach(async () => {
  log = captureLog();
  store = await SmallStore.make();
  retries = new MemoryRetryQueue(store.clock, { receivesMax: 3 });
});
afterEach(() => log.release());

const outcomes = () => log.lines().filter(({ message }) => message === RECONCILED_LOG.message);

const invocation = (seconds = 60) => ({ getRemainingTimeInMillis: () => seconds * 1000 });
const portsOf = (queue: RetryQueue = retries) => ({
  rows: store.rows,
  objects: store.objects,
  ids: store.ids,
  clock: store.clock,
  retries: queue,
});

const records = (...keys: readonly RowKey[]): DynamoDBStreamEvent => ({
  Records: keys.map(({ pk, sk }) => ({
    eventName: 'MODIFY',
    dynamodb: { Keys: { pk: { S: pk }, sk: { S: sk } } },
  })),
});
const bodyOf = ({ pk, sk }: RowKey) => JSON.stringify({ pk, sk });

describe('the stream', () => {
  const run = (event: DynamoDBStreamEvent, queue?: RetryQueue, seconds?: number) =>
    reconcileHandler(() => portsOf(queue))(event, invocation(seconds));

  test('X2: each row of a batch is followed once, and counted', async () => {
    await store.message('expunged');
    await store.opaque();
    await run(records(MESSAGE, OPAQUE_ROW, MESSAGE, MESSAGE));
    const [line, second] = outcomes();
    expect(line).toMatchObject({ marked: 1, removed: 1, nothing: 0, postponed: 0 });
    expect(second).toBeUndefined();
    expect(store.under(OBJECT_KEY)).toBe('mv');
    expect(store.under(OPAQUE_KEY)).toBe('');
  });

  test('O3: what cannot be followed is queued by its key alone, and delays nothing', async () => {
    await store.message('expunged');
    await store.opaque();
    store.objects.failKey(OBJECT_KEY, 'AccessDenied');
    await run(records(MESSAGE, OPAQUE_ROW));
    expect(store.under(OPAQUE_KEY)).toBe('');
    expect(retries.waiting()).toEqual([bodyOf(MESSAGE)]);
    expect(log.lines()).toContainEqual(
      expect.objectContaining({
        message: 'a row could not be followed',
        error: 'AccessDenied',
        partition: MESSAGE.pk,
      }),
    );
    expect(log.lines()).toContainEqual(expect.objectContaining({ removed: 1, postponed: 1 }));
  });

  test('O3: with a row that is damaged, the rest goes on', async () => {
    await store.message('purging', { class: '../..' });
    await store.opaque();
    await run(records(MESSAGE, OPAQUE_ROW));
    expect(store.under(OPAQUE_KEY)).toBe('');
    expect(retries.waiting()).toEqual([bodyOf(MESSAGE)]);
  });

  test('O3: the batch fails when the queue cannot be written, and only then', async () => {
    await store.message('expunged');
    store.objects.failKey(OBJECT_KEY, 'AccessDenied', 1);
    const broken: RetryQueue = {
      add: async () => {
        throw new Error('no queue');
      },
      postpone: async () => {},
    };
    await expect(run(records(MESSAGE), broken)).rejects.toThrow('no queue');
    await run(records(MESSAGE), broken);
    expect(store.under(OBJECT_KEY)).toBe('mv');
  });

  test('O3: rows that are not begun in time are queued, not tried', async () => {
    await store.message('expunged');
    await run(records(MESSAGE), retries, 19);
    const [line] = outcomes();
    expect(line).toMatchObject({ postponed: 1, marked: 0 });
    expect(store.under(OBJECT_KEY)).toBe('v');
    expect(retries.waiting()).toEqual([bodyOf(MESSAGE)]);
  });

  test('logs name no row but by ids', async () => {
    const odd = { table: 'dictmap', pk: 'mailbox#john@example.org', sk: 'john' } as const;
    await store.row(odd, { state: 'purging' });
    await run(records(odd));
    const lines = log.lines();
    const [line] = lines.filter(({ message }) => message === 'a row could not be followed');
    expect(line?.['partition']).toBeUndefined();
    expect(lines.length).toBe(2);
  });

  test('a record without a key fails the batch', async () => {
    await expect(run({ Records: [{ eventName: 'MODIFY' }] })).rejects.toThrow(TypeError);
  });
});

describe('the retry queue', () => {
  const run = async (seconds?: number) => {
    const messages = retries.receive();
    const Records = messages.map(({ id, body, receipt, receives }) => ({
      messageId: id,
      body,
      receiptHandle: receipt,
      attributes: { ApproximateReceiveCount: String(receives) },
    })) as readonly unknown[] as SQSRecord[];
    const handler = retryHandler(portsOf, () => 60);
    const { batchItemFailures } = await handler({ Records }, invocation(seconds));
    const stay = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    for (const { id } of messages) if (!stay.includes(id)) retries.remove(id);
    return { received: messages.length, stay };
  };

  test('O3: a row that can be followed by now leaves the queue', async () => {
    await store.message('expunged');
    await retries.add([MESSAGE, OPAQUE_ROW]);
    await run();
    expect(store.under(OBJECT_KEY)).toBe('mv');
    expect(retries.waiting()).toEqual([]);
  });

  test('O3: one that cannot comes again later and later, then dies; others leave', async () => {
    await store.message('expunged');
    await retries.add([MESSAGE, OPAQUE_ROW]);
    store.objects.failKey(OBJECT_KEY, 'AccessDenied');
    const waits: number[] = [];
    for (let receives = 1; receives <= 3; receives += 1) {
      await run();
      let waited = 0;
      for (; waited < 600 && !retries.isDue(); waited += 1) store.clock.advance(1000);
      waits.push(waited);
    }
    // Between half of 60, 120 and 240 s, and all of it.
    for (const [index, longest] of [60, 120, 240].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(longest / 2);
      expect(waits[index]).toBeLessThanOrEqual(longest);
    }
    expect(retries.receive()).toEqual([]);
    expect(retries.dead()).toEqual([bodyOf(MESSAGE)]);
  });

  test('O3: a message that names no row dies without harm to others', async () => {
    await store.message('expunged');
    for (const body of ['', 'x', '{}', '[]', 'null', '{"pk":1,"sk":"x"}']) retries.send(body);
    await retries.add([MESSAGE]);
    const result = await run();
    expect(result.received).toBe(7);
    expect(result.stay).toHaveLength(6);
    expect(store.under(OBJECT_KEY)).toBe('mv');
    expect(log.lines().filter(({ error }) => error === 'TypeError')).toHaveLength(6);
  });

  test('a message that cannot be postponed stays all the same', async () => {
    await store.message('expunged');
    await retries.add([MESSAGE]);
    store.objects.failKey(OBJECT_KEY, 'AccessDenied');
    retries.postpone = async () => {
      throw new Error('not now');
    };
    const result = await run();
    expect(result.stay).toHaveLength(1);
    expect(retries.waiting()).toHaveLength(1);
  });
});
