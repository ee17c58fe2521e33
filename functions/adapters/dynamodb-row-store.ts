import {
  type CancellationReason,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { TRANSACTION_ITEMS } from '../contract/limits.ts';
import type { RowKey } from '../contract/row-layout.ts';
import { StoreBusyError } from '../core/errors.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Ids } from '../core/ports/ids.ts';
import type {
  Page,
  Refusal,
  Row,
  RowQuery,
  RowStore,
  Write,
  WriteResult,
} from '../core/ports/row-store.ts';
import { Backoff, REQUEST_TRIES_MAX } from './backoff.ts';
import {
  keyItem,
  putRequest,
  removeRequest,
  rowOf,
  rowOfFault,
  type TableNames,
  transactItem,
  updateRequest,
} from './dynamodb-items.ts';
import { queryPage } from './dynamodb-queries.ts';
import { removeRows } from './dynamodb-removal.ts';
import { answered, faultName } from './store-faults.ts';

/** A request token has at most 36 characters; 16 bytes are 32 hex digits. */
const TOKEN_BYTES = 16;

const WRITTEN: WriteResult = { outcome: 'written' };

interface DynamoDbRowStoreOptions {
  readonly client: DynamoDBClient;
  readonly tableNames: TableNames;
  readonly clock: Clock;
  readonly ids: Ids;
}

/**
 * The two tables in DynamoDB.
 *
 * Lost answers: the client repeats a request whose answer did not arrive, so every write may be
 * sent twice. `transact` carries a token by which DynamoDB recognizes the second one for ten
 * minutes: it is neither refused nor applied again. Writes of one row have no such token: a
 * repeated put, removal or update without `add` leaves the same row as one would, but under a
 * guard it may meet its own first effect and answer `refused`, with the row that the first left.
 * Callers therefore look at the row in a refusal (or read again) before they conclude that
 * someone else was first. A repeated `add` would count twice: `write` sends it as a transaction
 * of one, which costs two write units instead of one.
 */
export class DynamoDbRowStore implements RowStore {
  readonly #client: DynamoDBDocumentClient;
  readonly #tables: TableNames;
  readonly #backoff: Backoff;
  readonly #ids: Ids;

  constructor(options: DynamoDbRowStoreOptions) {
    this.#client = DynamoDBDocumentClient.from(options.client, {
      // An undefined value is a mistake of the caller's: it fails instead of vanishing.
      marshallOptions: { removeUndefinedValues: false },
    });
    this.#tables = options.tableNames;
    this.#backoff = new Backoff(options.clock, options.ids);
    this.#ids = options.ids;
  }

  async get(key: RowKey): Promise<Row | undefined> {
    const { Item } = await answered('reading a row', () =>
      this.#client.send(
        new GetCommand({
          TableName: this.#tables[key.table],
          Key: keyItem(key),
          ConsistentRead: true,
        }),
      ),
    );
    return Item === undefined ? undefined : rowOf(key.table, Item);
  }

  async query(query: RowQuery): Promise<Page> {
    return await answered('listing rows', () => queryPage(this.#client, this.#tables, query));
  }

  async write(write: Write): Promise<WriteResult> {
    return await this.#untilNoConflict('writing a row', () => this.#writeOnce(write));
  }

  async transact(writes: readonly Write[]): Promise<WriteResult> {
    assertTransaction(writes);
    const command = new TransactWriteCommand({
      TransactItems: writes.map((write) => transactItem(write, this.#tables)),
      ClientRequestToken: this.#ids.hex(TOKEN_BYTES),
    });
    for (let tryNumber = 0; tryNumber < REQUEST_TRIES_MAX; tryNumber += 1) {
      try {
        await answered('writing rows', () => this.#client.send(command));
        return WRITTEN;
      } catch (error) {
        if (!(error instanceof TransactionCanceledException)) throw error;
        const result = resultOf(error, writes);
        if (result !== 'throttled') return result;
        await this.#backoff.wait(tryNumber);
      }
    }
    throw new StoreBusyError(`writing rows: throttled ${REQUEST_TRIES_MAX} times.`);
  }

  async removeAll(keys: readonly RowKey[]): Promise<void> {
    await removeRows(this.#client, this.#tables, keys, this.#backoff);
  }

  async #writeOnce(write: Write): Promise<WriteResult> {
    if (write.kind === 'check') return await this.transact([write]);
    if (write.kind === 'update' && write.change.add !== undefined) {
      return await this.transact([write]);
    }
    try {
      await answered('writing a row', () => this.#sendAlone(write));
      return WRITTEN;
    } catch (error) {
      if (faultName(error) === 'TransactionConflictException') return { outcome: 'conflict' };
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return { outcome: 'refused', refusals: [toRefusal(0, write, error.Item)] };
    }
  }

  async #sendAlone(write: Exclude<Write, { kind: 'check' }>): Promise<void> {
    switch (write.kind) {
      case 'put':
        await this.#client.send(new PutCommand(putRequest(write, this.#tables)));
        return;
      case 'update':
        await this.#client.send(new UpdateCommand(updateRequest(write, this.#tables)));
        return;
      case 'remove':
        await this.#client.send(new DeleteCommand(removeRequest(write, this.#tables)));
    }
  }

  /** A write that met a transaction on its row was not applied: it is tried again. */
  async #untilNoConflict(action: string, once: () => Promise<WriteResult>): Promise<WriteResult> {
    for (let tryNumber = 0; tryNumber < REQUEST_TRIES_MAX; tryNumber += 1) {
      const result = await once();
      if (result.outcome !== 'conflict') return result;
      await this.#backoff.wait(tryNumber);
    }
    throw new StoreBusyError(`${action}: ${REQUEST_TRIES_MAX} tries met a transaction on it.`);
  }
}

/** DynamoDB would answer these with one ValidationException; the caller learns which it was. */
function assertTransaction(writes: readonly Write[]): void {
  if (writes.length < 1 || writes.length > TRANSACTION_ITEMS) {
    throw new RangeError(
      `${writes.length} writes in one transaction; 1 to ${TRANSACTION_ITEMS} are allowed.`,
    );
  }
  const rows = new Set(writes.map(({ key }) => JSON.stringify([key.table, key.pk, key.sk])));
  if (rows.size < writes.length) {
    throw new RangeError('two writes on one row in one transaction; merge them.');
  }
}

const THROTTLED_REASONS: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceeded',
  'ThrottlingError',
]);
const EXPECTED_REASONS: ReadonlySet<string> = new Set([
  'None',
  'ConditionalCheckFailed',
  'TransactionConflict',
  ...THROTTLED_REASONS,
]);

/**
 * Why a transaction was canceled. A guard that did not hold outweighs the rest: waiting does not
 * mend it. Throws the cancellation itself when a reason is a mistake in the request.
 */
function resultOf(
  canceled: TransactionCanceledException,
  writes: readonly Write[],
): WriteResult | 'throttled' {
  const reasons = canceled.CancellationReasons ?? [];
  const codes = reasons.map(({ Code }) => Code ?? 'None');
  if (!codes.every((code) => EXPECTED_REASONS.has(code))) throw canceled;
  const refusals = writes.flatMap((write, index) =>
    codes[index] === 'ConditionalCheckFailed'
      ? [toRefusal(index, write, reasons[index]?.Item)]
      : [],
  );
  if (refusals.length > 0) return { outcome: 'refused', refusals };
  if (codes.some((code) => THROTTLED_REASONS.has(code))) return 'throttled';
  if (codes.includes('TransactionConflict')) return { outcome: 'conflict' };
  throw canceled;
}

function toRefusal(index: number, write: Write, item: CancellationReason['Item']): Refusal {
  const row = rowOfFault(write.key.table, item);
  return row === undefined ? { index } : { index, row };
}
