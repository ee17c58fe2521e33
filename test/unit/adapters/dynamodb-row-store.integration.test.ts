import { describe, expect, test } from 'vitest';
import { REQUEST_TRIES_MAX } from '../../../functions/adapters/backoff.ts';
import { DynamoDbRowStore } from '../../../functions/adapters/dynamodb-row-store.ts';
import type { RowKey } from '../../../functions/contract/row-layout.ts';
import type { Write } from '../../../functions/core/ports/row-store.ts';
import { SeededIds } from '../../models/seeded-ids.ts';
import { VirtualClock } from '../../models/virtual-clock.ts';
import { scriptedClients } from './scripted-clients.ts';
import { bodyOf, fault, json, type Script, type ScriptedEndpoint } from './scripted-endpoint.ts';

const keyOf = (sk: string): RowKey => ({ table: 'dictmap', pk: 'p', sk });
const PUT: Write = { kind: 'put', key: keyOf('a'), attributes: { v: 1 } };
const UPDATE: Write = {
  kind: 'update',
  key: keyOf('b'),
  change: { set: { v: 2 } },
  guard: { row: 'present' },
};

async function storeWith(
  script: Script,
): Promise<{ rows: DynamoDbRowStore; endpoint: ScriptedEndpoint; clock: VirtualClock }> {
  const { clients, endpoint } = await scriptedClients(script);
  const clock = new VirtualClock();
  const rows = new DynamoDbRowStore({
    client: clients.dynamoDb,
    tableNames: { registry: 'R', dictmap: 'D' },
    clock,
    ids: new SeededIds(),
  });
  return { rows, endpoint, clock };
}

const canceled = (...codes: string[]) => ({
  CancellationReasons: codes.map((Code) => ({ Code })),
});

describe('faults', () => {
  test.each([
    ['ThrottlingException', 400],
    ['ProvisionedThroughputExceededException', 400],
    ['RequestLimitExceeded', 400],
    ['TransactionInProgressException', 400],
    ['InternalServerError', 500],
    ['ServiceUnavailable', 503],
  ])('O3: %s becomes StoreBusyError, with its cause', async (name, status) => {
    const { rows } = await storeWith((_request, _number, response) =>
      fault(response, name, {}, status),
    );
    const busy = { name: 'StoreBusyError', cause: { name } };
    await expect(rows.get(keyOf('a'))).rejects.toMatchObject(busy);
    await expect(rows.query({ table: 'dictmap', pk: 'p', limit: 1 })).rejects.toMatchObject(busy);
    await expect(rows.write(PUT)).rejects.toMatchObject(busy);
    await expect(rows.transact([PUT])).rejects.toMatchObject(busy);
    await expect(rows.removeAll([keyOf('a')])).rejects.toMatchObject(busy);
  });

  test('O3: a connection that breaks becomes StoreBusyError', async () => {
    const { rows } = await storeWith((_request, _number, response) => response.destroy());
    await expect(rows.get(keyOf('a'))).rejects.toMatchObject({ name: 'StoreBusyError' });
  });

  test.each([
    ['AccessDeniedException', 'PermissionMissingError'],
    ['ResourceNotFoundException', 'ResourceNotFoundException'],
    ['ValidationException', 'ValidationException'],
  ])('W5: %s is a fault (%s), and never looks like a missing row', async (given, name) => {
    const { rows } = await storeWith((_request, _number, response) => fault(response, given));
    await expect(rows.get(keyOf('a'))).rejects.toMatchObject({ name });
    await expect(rows.transact([PUT])).rejects.toMatchObject({ name });
    await expect(rows.removeAll([keyOf('a')])).rejects.toMatchObject({ name });
  });

  test('messages of busy stores name no key', async () => {
    const { rows } = await storeWith((_request, _number, response) =>
      fault(response, 'ThrottlingException'),
    );
    const key = { ...keyOf('address'), pk: 'address#john@example.com' };
    await expect(rows.get(key)).rejects.toThrow(/^(?!.*john)/);
  });
});

describe('reads', () => {
  test('W8: are consistent unless the caller says otherwise, and never through an index', async () => {
    const { rows, endpoint } = await storeWith((_request, _number, response) => json(response, {}));
    const query = { table: 'dictmap', pk: 'p', limit: 1 } as const;
    await rows.get(keyOf('a'));
    await rows.query(query);
    await rows.query({ ...query, eventual: true });
    await rows.query({ ...query, index: 'lazy' });
    const consistent = endpoint.requests.map((request) => bodyOf(request)['ConsistentRead']);
    expect(consistent).toEqual([true, true, false, false]);
    expect(bodyOf(endpoint.requests[3])).toMatchObject({ TableName: 'D', IndexName: 'lazy' });
  });
});

describe('single writes that meet a transaction', () => {
  test('W1: are tried again until it is over', async () => {
    const { rows, endpoint, clock } = await storeWith((_request, number, response) => {
      if (number < 3) fault(response, 'TransactionConflictException');
      else json(response, {});
    });
    const before = clock.now();
    expect(await rows.write(PUT)).toEqual({ outcome: 'written' });
    expect(endpoint.requests).toHaveLength(4);
    expect(clock.now()).toBeGreaterThan(before);
  });

  test('O3: but not for ever', async () => {
    const { rows, endpoint, clock } = await storeWith((_request, _number, response) =>
      fault(response, 'TransactionConflictException'),
    );
    const before = clock.now();
    await expect(rows.write(PUT)).rejects.toMatchObject({ name: 'StoreBusyError' });
    expect(endpoint.requests).toHaveLength(REQUEST_TRIES_MAX);
    expect(clock.now() - before).toBeLessThan(6000);
  });
});

describe('canceled transactions', () => {
  test('W2: only conflicts: conflict, at once', async () => {
    const { rows, endpoint } = await storeWith((_request, _number, response) =>
      fault(response, 'TransactionCanceledException', canceled('TransactionConflict', 'None')),
    );
    expect(await rows.transact([PUT, UPDATE])).toEqual({ outcome: 'conflict' });
    expect(endpoint.requests).toHaveLength(1);
  });

  test('W2: a failed guard outweighs conflict and throttling', async () => {
    for (const other of ['TransactionConflict', 'ThrottlingError']) {
      const { rows } = await storeWith((_request, _number, response) =>
        fault(response, 'TransactionCanceledException', {
          CancellationReasons: [
            { Code: other },
            {
              Code: 'ConditionalCheckFailed',
              Item: { pk: { S: 'p' }, sk: { S: 'b' }, n: { N: '7' }, s: { SS: ['x'] } },
            },
          ],
        }),
      );
      const row = { key: keyOf('b'), attributes: { n: 7, s: new Set(['x']) } };
      expect(await rows.transact([PUT, UPDATE])).toEqual({
        outcome: 'refused',
        refusals: [{ index: 1, row }],
      });
    }
  });

  test.each(['ThrottlingError', 'ProvisionedThroughputExceeded'])(
    'U5: %s: tried again under the same token, so that it happens once',
    async (code) => {
      const { rows, endpoint } = await storeWith((_request, number, response) => {
        if (number < 2) {
          fault(response, 'TransactionCanceledException', canceled(code, 'TransactionConflict'));
        } else json(response, {});
      });
      expect(await rows.transact([PUT, UPDATE])).toEqual({ outcome: 'written' });
      expect(await rows.transact([PUT, UPDATE])).toEqual({ outcome: 'written' });
      const tokens = endpoint.requests.map((one) => String(bodyOf(one)['ClientRequestToken']));
      expect(tokens).toHaveLength(4);
      expect(new Set(tokens.slice(0, 3)).size).toBe(1);
      expect(tokens[3]).not.toBe(tokens[0]);
      expect(tokens[0]).toMatch(/^[0-9a-f]{32}$/);
    },
  );

  test('O3: throttled every time: StoreBusyError', async () => {
    const { rows, endpoint } = await storeWith((_request, _number, response) =>
      fault(response, 'TransactionCanceledException', canceled('ThrottlingError', 'None')),
    );
    await expect(rows.transact([PUT, UPDATE])).rejects.toMatchObject({ name: 'StoreBusyError' });
    expect(endpoint.requests).toHaveLength(REQUEST_TRIES_MAX);
  });

  test('O2: a mistake in a write is thrown as it came, whatever else went wrong', async () => {
    const { rows } = await storeWith((_request, _number, response) =>
      fault(
        response,
        'TransactionCanceledException',
        canceled('ValidationError', 'ConditionalCheckFailed'),
      ),
    );
    await expect(rows.transact([PUT, UPDATE])).rejects.toMatchObject({
      name: 'TransactionCanceledException',
    });
  });
});

describe('removeAll', () => {
  interface Batch {
    readonly RequestItems: { readonly D: readonly object[] };
  }
  const batchOf = (request: ScriptedEndpoint['requests'][number]): readonly object[] =>
    (bodyOf(request) as unknown as Batch).RequestItems.D;
  const keys = (count: number) => Array.from({ length: count }, (_, i) => keyOf(`m${i}`));

  test('X3: what was left unprocessed is sent again, and nothing else', async () => {
    const left: object[] = [];
    const { rows, endpoint } = await storeWith((request, number, response) => {
      if (number > 0) return json(response, {});
      left.push(...batchOf(request).slice(5, 8));
      return json(response, { UnprocessedItems: { D: left } });
    });
    await rows.removeAll(keys(25));
    const [first, second] = endpoint.requests.map(batchOf);
    expect(endpoint.requests).toHaveLength(2);
    expect(first).toHaveLength(25);
    expect(second).toEqual(left);
  });

  test('O3: what is left unprocessed every time ends in StoreBusyError', async () => {
    const { rows, endpoint } = await storeWith((request, _number, response) =>
      json(response, { UnprocessedItems: { D: batchOf(request).slice(0, 1) } }),
    );
    await expect(rows.removeAll(keys(3))).rejects.toMatchObject({ name: 'StoreBusyError' });
    expect(endpoint.requests).toHaveLength(REQUEST_TRIES_MAX);
  });

  test('X3: a row under a transaction is waited for', async () => {
    const { rows, endpoint } = await storeWith((_request, number, response) => {
      if (number < 2) fault(response, 'TransactionConflictException');
      else json(response, {});
    });
    await rows.removeAll(keys(3));
    expect(endpoint.requests.map(batchOf).map((batch) => batch.length)).toEqual([3, 3, 3]);
  });

  test('25 rows in a batch, each once, at most ten batches at a time', async () => {
    let open = 0;
    let openMax = 0;
    const { rows, endpoint } = await storeWith((_request, _number, response) => {
      open += 1;
      openMax = Math.max(openMax, open);
      setTimeout(() => {
        open -= 1;
        json(response, {});
      }, 20);
    });
    await rows.removeAll([...keys(510), ...keys(20)]);
    const sizes = endpoint.requests.map((one) => batchOf(one).length);
    expect(sizes).toHaveLength(21);
    expect(Math.max(...sizes)).toBe(25);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(510);
    expect(openMax).toBe(10);
  });

  test('W5: after a fault no other batch is begun', async () => {
    const { rows, endpoint } = await storeWith((_request, number, response) => {
      if (number === 0) fault(response, 'AccessDeniedException');
      else setTimeout(() => json(response, {}), 50);
    });
    await expect(rows.removeAll(keys(1000))).rejects.toMatchObject({
      name: 'PermissionMissingError',
    });
    const begun = endpoint.requests.length;
    expect(begun).toBeLessThanOrEqual(10);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(endpoint.requests).toHaveLength(begun);
  });
});
