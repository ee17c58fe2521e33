import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import { CryptoIds } from '../../functions/adapters/crypto-ids.ts';
import { DynamoDbRowStore } from '../../functions/adapters/dynamodb-row-store.ts';
import { SystemClock } from '../../functions/adapters/system-clock.ts';
import type { RowStore, Write } from '../../functions/core/ports/row-store.ts';
import { freshPartition, keyOf, store } from './contract-rows.ts';
import type { TableNames } from './tables.ts';

interface LostAnswerStores {
  readonly tableNames: TableNames;
  /** A client of its own for each test. */
  makeClient(): DynamoDBClient;
}

/**
 * A row store whose next request is carried out while its answer is lost on the way back, so that
 * the client sends it again; `requests` counts both.
 */
function storeLosingOneAnswer(made: LostAnswerStores): {
  readonly rows: RowStore;
  readonly requests: () => number;
  readonly close: () => void;
} {
  const client = made.makeClient();
  let requests = 0;
  client.middlewareStack.add(
    (next) => async (args) => {
      requests += 1;
      const answer = await next(args);
      if (requests > 1) return answer;
      throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
    },
    { step: 'deserialize', priority: 'low', name: 'loseOneAnswer' },
  );
  const rows = new DynamoDbRowStore({
    client,
    tableNames: made.tableNames,
    clock: new SystemClock(),
    ids: new CryptoIds(),
  });
  return { rows, requests: () => requests, close: () => client.destroy() };
}

/** What a DynamoDB row store must make of a write that happened and whose answer was lost. */
export function lostAnswerContract(name: string, make: () => Promise<LostAnswerStores>): void {
  describe(`lost answers: ${name}`, () => {
    const guard = { row: 'present' } as const;
    const once = async (prepare: (rows: RowStore) => Promise<void>, write: Write[]) => {
      const quiet = await make();
      const client = quiet.makeClient();
      const [clock, ids] = [new SystemClock(), new CryptoIds()];
      await prepare(new DynamoDbRowStore({ ...quiet, client, clock, ids }));
      client.destroy();
      const lossy = storeLosingOneAnswer(quiet);
      const [first] = write;
      if (first === undefined) throw new Error('nothing to write');
      const result =
        write.length === 1 ? await lossy.rows.write(first) : await lossy.rows.transact(write);
      expect(lossy.requests()).toBe(2);
      const row = await lossy.rows.get(first.key);
      lossy.close();
      return { result, row };
    };

    test('U5: a transaction is neither refused nor repeated by its own first effect', async () => {
      const key = keyOf(freshPartition());
      const made = keyOf(freshPartition());
      const { result, row } = await once(
        (rows) => store(rows, key, { n: 1 }),
        [
          { kind: 'update', key, change: { add: { n: 1 } }, guard: { ...guard, equals: { n: 1 } } },
          { kind: 'put', key: made, attributes: {}, guard: { row: 'absent' } },
        ],
      );
      expect(result).toEqual({ outcome: 'written' });
      expect(row?.attributes).toEqual({ n: 2 });
    });

    test('U5: an addition to one row is not counted twice', async () => {
      const key = keyOf(freshPartition());
      const { result, row } = await once(
        (rows) => store(rows, key, { n: 1 }),
        [{ kind: 'update', key, change: { add: { n: 5 } }, guard }],
      );
      expect(result).toEqual({ outcome: 'written' });
      expect(row?.attributes).toEqual({ n: 6 });
    });

    test('U5: a guarded write may be refused by its own effect, and shows it', async () => {
      const key = keyOf(freshPartition());
      const attributes = { owner: 'me' };
      const { result } = await once(async () => {}, [
        { kind: 'put', key, attributes, guard: { row: 'absent' } },
      ]);
      expect(result).toEqual({
        outcome: 'refused',
        refusals: [{ index: 0, row: { key, attributes } }],
      });
    });
  });
}
