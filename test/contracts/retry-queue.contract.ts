import { beforeAll, describe, expect, test } from 'vitest';
import { rowOfRetryBody } from '../../functions/contract/reconcile.ts';
import { dictmapKeys, type RowKey } from '../../functions/contract/row-layout.ts';
import type { RetryQueue } from '../../functions/core/ports/retry-queue.ts';

interface Received {
  readonly body: string;
  readonly receipt: string;
}

/** The port, and what a test needs besides it. */
interface TestedRetryQueue {
  readonly queue: RetryQueue;
  /** Messages that are not hidden; they are hidden from then on for longer than the test takes. */
  receive(): Promise<readonly Received[]>;
  /** Ends a message. */
  remove(message: Received): Promise<void>;
  /** Lets so many seconds pass. */
  pass(seconds: number): Promise<void>;
}

const keys = (count: number): readonly RowKey[] =>
  Array.from({ length: count }, (_, i) => dictmapKeys.message('aa.bb', i * 7_000 + 1));

/** Far more receives than any of these tests needs. */
const RECEIVES_MAX = 30;

/** What every retry queue must do. */
export function retryQueueContract(name: string, make: () => Promise<TestedRetryQueue>): void {
  describe(`retry queue: ${name}`, () => {
    let tested: TestedRetryQueue;
    beforeAll(async () => {
      tested = await make();
    });

    /** A queue may give fewer messages at a time than it has. */
    const receiveAll = async (count: number): Promise<readonly Received[]> => {
      const found: Received[] = [];
      for (let round = 0; round < RECEIVES_MAX && found.length < count; round += 1) {
        found.push(...(await tested.receive()));
      }
      return found;
    };
    const empty = async (messages: readonly Received[]) => {
      for (const message of messages) await tested.remove(message);
      expect(await tested.receive()).toEqual([]);
    };

    test('O3: each row that is added comes out, in any number', async () => {
      const added = keys(23);
      await tested.queue.add(added);
      const received = await receiveAll(added.length);
      const rows = received.map(({ body }) => rowOfRetryBody(body));
      expect(rows).toHaveLength(23);
      expect(rows).toEqual(expect.arrayContaining([...added]));
      await empty(received);
    });

    test('O3: keys with any sign in them come out as they were', async () => {
      const odd = { table: 'dictmap', pk: 'account#a', sk: 'path#"é"\\ \t{}😀' } as const;
      await tested.queue.add([odd]);
      const received = await receiveAll(1);
      expect(received.map(({ body }) => rowOfRetryBody(body))).toEqual([odd]);
      await empty(received);
    });

    test('O3: a message comes again when it was postponed for, not before', async () => {
      await tested.queue.add(keys(1));
      const [first] = await receiveAll(1);
      if (first === undefined) throw new Error('nothing was received');
      expect(await tested.receive()).toEqual([]);
      await tested.queue.postpone(first.receipt, 2);
      expect(await tested.receive()).toEqual([]);
      await tested.pass(2.5);
      const [second] = await tested.receive();
      expect(second?.body).toBe(first.body);
      await tested.queue.postpone(second?.receipt ?? '', 0);
      const again = await receiveAll(1);
      expect(again).toHaveLength(1);
      await empty(again);
    });

    test('adding nothing adds nothing', async () => {
      await tested.queue.add([]);
      expect(await tested.receive()).toEqual([]);
    });
  });
}
