import { decodeCursor, encodeCursor, wrongCursor } from '../../functions/adapters/cursors.ts';
import { TRANSACTION_ITEMS } from '../../functions/contract/limits.ts';
import {
  INDEXES,
  type RowKey,
  TABLES,
  type TableName,
  TTL_ATTRIBUTE,
} from '../../functions/contract/row-layout.ts';
import { RowTooLargeError } from '../../functions/core/errors.ts';
import { indexesOf, rowBytes } from '../../functions/core/meter/row-units.ts';
import type {
  Attributes,
  Page,
  Refusal,
  Row,
  RowQuery,
  RowStore,
  Write,
  WriteResult,
} from '../../functions/core/ports/row-store.ts';
import { attributesAfter, copyOf, guardHolds, type RowChange } from './memory-row-changes.ts';
import { assertChange, assertGuard, assertKey, assertRow, sizeOf } from './memory-row-rules.ts';
import { comparePlaces, OrderedEntries, type Place, placeOf } from './ordered-entries.ts';

/** A page ends with the row that brings it to 1 MiB, however many rows were asked for. */
const PAGE_BYTES_MAX = 1024 * 1024;
const TRANSACTION_BYTES_MAX = 4 * 1024 * 1024;

/** Base rows and the rows of each index, by name of the index; '' is the table itself. */
type Partitions = Map<string, OrderedEntries<Row>>;

/**
 * The two tables in memory, with DynamoDB's limits and orders. Unlike DynamoDB's, index reads
 * are never late here. Rows whose TTL has passed stay until `expireTtl`, as they may for days.
 */
export class MemoryRowStore implements RowStore {
  readonly #partitions = new Map<string, Partitions>();
  readonly #changed: (change: RowChange) => void;
  #conflicts = 0;

  /** `changed` is told of every row that a call has changed, in order. */
  constructor(options: { readonly changed?: (change: RowChange) => void } = {}) {
    this.#changed = options.changed ?? (() => {});
  }

  async get(key: RowKey): Promise<Row | undefined> {
    assertKey(key);
    const row = this.#find(key);
    return row === undefined ? undefined : copyOfRow(row);
  }

  async write(write: Write): Promise<WriteResult> {
    return this.#apply([write]);
  }

  async transact(writes: readonly Write[]): Promise<WriteResult> {
    if (writes.length < 1 || writes.length > TRANSACTION_ITEMS) {
      throw new RangeError(
        `${writes.length} writes in one transaction; 1 to ${TRANSACTION_ITEMS} are allowed.`,
      );
    }
    const rows = new Set(writes.map(({ key }) => JSON.stringify([key.table, key.pk, key.sk])));
    if (rows.size < writes.length) throw new RangeError('two writes on one row; merge them.');
    if (this.#conflicts > 0) {
      this.#conflicts -= 1;
      return { outcome: 'conflict' };
    }
    return this.#apply(writes);
  }

  async removeAll(keys: readonly RowKey[]): Promise<void> {
    for (const key of keys) assertKey(key);
    for (const key of keys) this.#replace(key, undefined);
  }

  async query(query: RowQuery): Promise<Page> {
    if (!Number.isInteger(query.limit) || query.limit < 1) {
      throw new RangeError(`limit ${query.limit}: a whole number of at least 1 is allowed.`);
    }
    const index = query.index ?? '';
    if (query.index !== undefined && !indexesOf(query.table).includes(query.index)) {
      throw new TypeError(`table ${query.table} has no index ${query.index}.`);
    }
    const entries =
      this.#partitionsOf(query.table, index).get(query.pk) ?? new OrderedEntries<Row>();
    const after = query.after === undefined ? undefined : startPlace(query, query.after);
    const past = (place: Place): boolean => sideOf(query, place) > 0;
    const within = (place: Place): boolean => sideOf(query, place) >= 0;
    // In either direction: the first position to look at, and the one at which to stop.
    let position = entries.firstWhere(within);
    let end = entries.firstWhere(past);
    if (query.descending === true) [position, end] = [end - 1, position - 1];
    if (after !== undefined) {
      position =
        query.descending === true
          ? entries.firstWhere((place) => comparePlaces(place, after) >= 0) - 1
          : entries.firstWhere((place) => comparePlaces(place, after) > 0);
    }
    return pageOf(query, entries, position, end);
  }

  /** Removes the rows whose TTL has passed, as DynamoDB would in its own time; answers how many. */
  expireTtl(nowMs: number): number {
    const expired = this.rows().filter(({ attributes }) => {
      const ttl = attributes[TTL_ATTRIBUTE];
      return typeof ttl === 'number' && ttl * 1000 < nowMs;
    });
    for (const { key } of expired) this.#replace(key, undefined, { expired: true });
    return expired.length;
  }

  /** Lets the next transactions answer `conflict`, as if others had touched the same rows. */
  conflictNext(times: number): void {
    this.#conflicts = times;
  }

  /** Every row of a table, or of both, by partition and in order; to be looked at only. */
  rows(table?: TableName): readonly Row[] {
    return (table === undefined ? TABLES : [table]).flatMap((one) =>
      [...this.#partitionsOf(one, '').values()].flatMap((partition) =>
        partition.all().map(({ value }) => value),
      ),
    );
  }

  #apply(writes: readonly Write[]): WriteResult {
    const refusals: Refusal[] = [];
    const effects: { readonly key: RowKey; readonly after: Attributes | undefined }[] = [];
    let sizeBytes = 0;
    for (const [index, write] of writes.entries()) {
      assertKey(write.key);
      assertGuard(write.guard);
      if (write.kind === 'update') assertChange(write.change);
      if (write.kind === 'put') assertRow(write.key, write.attributes);
      const row = this.#find(write.key);
      if (!guardHolds(write.guard, row?.attributes)) {
        refusals.push(row === undefined ? { index } : { index, row: copyOfRow(row) });
        continue;
      }
      if (write.kind === 'check') continue;
      const after = attributesAfter(write, row);
      if (after !== undefined) {
        assertRow(write.key, after);
        sizeBytes += rowBytes(write.key, after);
      }
      effects.push({ key: write.key, after });
    }
    if (refusals.length > 0) return { outcome: 'refused', refusals };
    if (sizeBytes > TRANSACTION_BYTES_MAX) {
      throw new RowTooLargeError(`the transaction has ${sizeBytes} bytes`);
    }
    for (const { key, after } of effects) this.#replace(key, after);
    return { outcome: 'written' };
  }

  #replace(key: RowKey, after: Attributes | undefined, more: { expired?: true } = {}): void {
    const before = this.#find(key)?.attributes;
    this.#remove(key);
    if (after !== undefined) this.#insert({ key: { ...key }, attributes: copyOf(after) });
    if (before === undefined && after === undefined) return;
    this.#changed({
      key: { ...key },
      ...(before === undefined ? {} : { before: copyOf(before) }),
      ...(after === undefined ? {} : { after: copyOf(after) }),
      ...more,
    });
  }

  #find(key: RowKey): Row | undefined {
    return this.#partitionsOf(key.table, '').get(key.pk)?.get(placeOf(key.sk));
  }

  #insert(row: Row): void {
    for (const { index, pk, place } of placesOf(row)) {
      const partitions = this.#partitionsOf(row.key.table, index);
      const entries = partitions.get(pk) ?? new OrderedEntries<Row>();
      entries.set(place, row);
      partitions.set(pk, entries);
    }
  }

  #remove(key: RowKey): void {
    const row = this.#find(key);
    if (row === undefined) return;
    for (const { index, pk, place } of placesOf(row)) {
      const partitions = this.#partitionsOf(key.table, index);
      partitions.get(pk)?.delete(place);
      if (partitions.get(pk)?.size === 0) partitions.delete(pk);
    }
  }

  #partitionsOf(table: TableName, index: string): Partitions {
    const name = `${table}/${index}`;
    const known = this.#partitions.get(name);
    if (known !== undefined) return known;
    const made: Partitions = new Map();
    this.#partitions.set(name, made);
    return made;
  }
}

const copyOfRow = (row: Row): Row => ({
  key: { ...row.key },
  attributes: copyOf(row.attributes),
});

/** Where a row stands in its table and in the indexes whose key attributes it has both. */
function placesOf(row: Row): { index: string; pk: string; place: Place }[] {
  const { table, pk, sk } = row.key;
  const base = { index: '', pk, place: placeOf(sk) };
  const secondary = indexesOf(table).flatMap((index) => {
    const indexPk = row.attributes[INDEXES[index].pk];
    const indexSk = row.attributes[INDEXES[index].sk];
    if (typeof indexPk !== 'string' || typeof indexSk !== 'string') return [];
    return [{ index, pk: indexPk, place: placeOf(indexSk, pk, sk) }];
  });
  return [base, ...secondary];
}

/** Below (-1), within (0) or beyond (1) the sort keys asked for. */
function sideOf(query: RowQuery, place: Place): number {
  const sk = place[0] ?? Buffer.alloc(0);
  if (query.sk === undefined) return 0;
  if ('prefix' in query.sk) {
    const prefix = Buffer.from(query.sk.prefix);
    return Buffer.compare(sk.subarray(0, prefix.length), prefix);
  }
  const { from, to } = query.sk;
  if (from !== undefined && Buffer.compare(sk, Buffer.from(from)) < 0) return -1;
  if (to !== undefined && Buffer.compare(sk, Buffer.from(to)) > 0) return 1;
  return 0;
}

/** DynamoDB ends a page at its limit without looking further: the next page may be empty. */
function pageOf(query: RowQuery, entries: OrderedEntries<Row>, first: number, end: number): Page {
  const step = query.descending === true ? -1 : 1;
  const rows: Row[] = [];
  let sizeBytes = 0;
  for (let position = first; (end - position) * step > 0; position += step) {
    const row = entries.at(position)?.value;
    if (row === undefined) break;
    rows.push(projected(query, row));
    sizeBytes += sizeOf(row);
    if (rows.length === query.limit || sizeBytes >= PAGE_BYTES_MAX) {
      return { rows, next: encodeCursor(lastKey(query, row)) };
    }
  }
  return { rows };
}

function projected(query: RowQuery, row: Row): Row {
  if (query.keysOnly === true) return { key: { ...row.key }, attributes: {} };
  if (query.index === undefined || INDEXES[query.index].projection === 'ALL') return copyOfRow(row);
  const { pk, sk } = INDEXES[query.index];
  return {
    key: { ...row.key },
    attributes: { [pk]: row.attributes[pk] ?? '', [sk]: row.attributes[sk] ?? '' },
  };
}

function lastKey(query: RowQuery, row: Row): Record<string, string> {
  const key = { pk: row.key.pk, sk: row.key.sk };
  if (query.index === undefined) return key;
  const { pk, sk } = INDEXES[query.index];
  return { ...key, [pk]: String(row.attributes[pk]), [sk]: String(row.attributes[sk]) };
}

function startPlace(query: RowQuery, after: string): Place {
  const index = query.index === undefined ? undefined : INDEXES[query.index];
  const fields = index === undefined ? ['pk', 'sk'] : ['pk', 'sk', index.pk, index.sk];
  const last: Partial<Record<string, string>> = decodeCursor(after, fields);
  const partition = index === undefined ? last['pk'] : last[index.pk];
  const place =
    index === undefined
      ? placeOf(last['sk'] ?? '')
      : placeOf(last[index.sk] ?? '', last['pk'] ?? '', last['sk'] ?? '');
  if (partition !== query.pk || sideOf(query, place) !== 0) throw wrongCursor(after);
  return place;
}
