/**
 * What DynamoDB charges for rows, computed from their bytes: a write unit for each KB of the larger
 * of a row before and after, a read unit for each 4 KB read consistently, both twice in a
 * transaction, and write units for every index entry that comes, goes or changes. Held equal to
 * what DynamoDB reports by a contract test.
 */

import { utf8Bytes } from '../../contract/mailbox-names.ts';
import { INDEXES, type IndexName, type RowKey, type TableName } from '../../contract/row-layout.ts';
import type { Attributes, Value } from '../ports/row-store.ts';

const KIB = 1024;
export const READ_UNIT_BYTES = 4 * KIB;

/** Secondary indexes of a table. */
export function indexesOf(table: TableName): readonly IndexName[] {
  const names = Object.keys(INDEXES) as IndexName[];
  return names.filter((name) => (INDEXES[name].tables as readonly string[]).includes(table));
}

/** Size of a row as DynamoDB counts it: names and values, and the overhead of lists and maps. */
export function rowBytes(key: RowKey, attributes: Attributes): number {
  const keyBytes = 'pk'.length + utf8Bytes(key.pk) + 'sk'.length + utf8Bytes(key.sk);
  return Object.entries(attributes).reduce(
    (sum, [name, value]) => sum + utf8Bytes(name) + valueBytes(value),
    keyBytes,
  );
}

function valueBytes(value: Value): number {
  if (value === null || typeof value === 'boolean') return 1;
  if (typeof value === 'string') return utf8Bytes(value);
  if (typeof value === 'number') return numberBytes(value);
  if (value instanceof Set) return [...value].reduce((sum, one: string) => sum + utf8Bytes(one), 0);
  if (Array.isArray(value)) {
    return value.reduce((sum: number, one: Value) => sum + 1 + valueBytes(one), 3);
  }
  return Object.entries(value).reduce(
    (sum, [name, one]) => sum + 1 + utf8Bytes(name) + valueBytes(one),
    3,
  );
}

/** About one byte for each two significant digits, and one more; a sign costs another. */
function numberBytes(value: number): number {
  const digits = value
    .toExponential()
    .replace(/e.*$/, '')
    .replace(/[^0-9]/g, '').length;
  return Math.ceil(digits / 2) + 1 + (value < 0 ? 1 : 0);
}

const writeUnitsOfBytes = (bytes: number): number => Math.max(Math.ceil(bytes / KIB), 1);

/** A row before and after a write; undefined where there is none. */
export interface RowChange {
  readonly key: RowKey;
  readonly before: Attributes | undefined;
  readonly after: Attributes | undefined;
}

/**
 * Write units of one changed row. Removing a row that is not there costs one; a guard that did not
 * hold costs what writing the row as it was would have, and so does a transaction's check.
 */
export function writeUnits(change: RowChange, transactional: boolean): number {
  const { key, before, after } = change;
  const bytes = Math.max(...[before, after].map((row) => (row ? rowBytes(key, row) : 0)));
  const indexes = indexesOf(key.table).reduce((sum, index) => sum + indexUnits(index, change), 0);
  return writeUnitsOfBytes(bytes) * (transactional ? 2 : 1) + indexes;
}

/** Index entries are written after the fact, at the plain rate also for transactions. */
function indexUnits(index: IndexName, { key, before, after }: RowChange): number {
  const [old, now] = [before, after].map((row) => entryOf(index, key, row));
  if (old === undefined && now === undefined) return 0;
  if (old === undefined || now === undefined) {
    return writeUnitsOfBytes((old ?? now)?.bytes ?? 0);
  }
  if (old.place !== now.place) return writeUnitsOfBytes(old.bytes) + writeUnitsOfBytes(now.bytes);
  if (old.content === now.content) return 0;
  return writeUnitsOfBytes(Math.max(old.bytes, now.bytes));
}

/** What an index holds of a row; undefined when the row lacks one of the index's keys. */
function entryOf(index: IndexName, key: RowKey, row: Attributes | undefined) {
  const { pk, sk, projection } = INDEXES[index];
  const [hash, range] = [row?.[pk], row?.[sk]];
  if (row === undefined || hash === undefined || range === undefined) return undefined;
  const projected: Attributes = projection === 'ALL' ? row : { [pk]: hash, [sk]: range };
  const content = JSON.stringify(Object.entries(projected).toSorted(byName), withSets);
  return { place: `${hash}\n${range}`, content, bytes: rowBytes(key, projected) };
}

const byName = ([a]: readonly [string, Value], [b]: readonly [string, Value]): number =>
  a < b ? -1 : Number(a > b);

const withSets = (_: string, value: unknown): unknown =>
  value instanceof Set ? { set: [...(value as Set<string>)].toSorted() } : value;

/** Read units of a read that met rows of so many bytes together; a miss costs as much as 4 KB. */
export function readUnits(bytes: number, consistent: boolean): number {
  return Math.max(Math.ceil(bytes / READ_UNIT_BYTES), 1) * (consistent ? 1 : 0.5);
}
