/** One page of a partition or of an index. */
import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { INDEXES } from '../contract/row-layout.ts';
import type { Page, RowQuery } from '../core/ports/row-store.ts';
import { decodeCursor, encodeCursor, wrongCursor } from './cursors.ts';
import { keyExpression, Placeholders } from './dynamodb-expressions.ts';
import { rowOf, type TableNames } from './dynamodb-items.ts';

interface KeyAttributes {
  readonly pk: string;
  readonly sk: string;
}

const BASE_KEYS: KeyAttributes = { pk: 'pk', sk: 'sk' };

/**
 * Throws RangeError for a limit below 1, TypeError for an index that the table has not, and
 * `InvalidInputError` naming `cursor` for an `after` that does not belong to this query.
 */
export async function queryPage(
  client: DynamoDBDocumentClient,
  tables: TableNames,
  query: RowQuery,
): Promise<Page> {
  if (!Number.isInteger(query.limit) || query.limit < 1) {
    throw new RangeError(`limit ${query.limit}: a whole number of at least 1 is allowed.`);
  }
  const keys = keyAttributes(query);
  const start = query.after === undefined ? undefined : startKey(query, keys, query.after);
  // DynamoDB refuses a range that ends before it begins; nothing lies in it.
  if (isEmptyRange(query)) return { rows: [] };

  const placeholders = new Placeholders();
  const condition = keyExpression(query, keys, placeholders);
  const projection =
    query.keysOnly === true ? `${placeholders.name('pk')}, ${placeholders.name('sk')}` : undefined;
  const answer = await client.send(
    new QueryCommand({
      TableName: tables[query.table],
      KeyConditionExpression: condition,
      ...placeholders.members(),
      Limit: query.limit,
      ScanIndexForward: query.descending !== true,
      ConsistentRead: query.index === undefined && query.eventual !== true,
      ...(query.index === undefined ? {} : { IndexName: query.index }),
      ...(projection === undefined ? {} : { ProjectionExpression: projection }),
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    }),
  );
  const rows = (answer.Items ?? []).map((item) => rowOf(query.table, item));
  const last = answer.LastEvaluatedKey;
  return last === undefined ? { rows } : { rows, next: encodeCursor(last) };
}

function keyAttributes(query: RowQuery): KeyAttributes {
  if (query.index === undefined) return BASE_KEYS;
  const index = INDEXES[query.index];
  const tables: readonly string[] = index.tables;
  if (!tables.includes(query.table)) {
    throw new TypeError(`table ${query.table} has no index ${query.index}.`);
  }
  return index;
}

/**
 * The place after which a page begins, checked against the query: a cursor of another partition
 * or range would otherwise be a fault of DynamoDB's, and it is the caller's.
 */
function startKey(query: RowQuery, keys: KeyAttributes, after: string): Record<string, string> {
  const fields = [...new Set([BASE_KEYS.pk, BASE_KEYS.sk, keys.pk, keys.sk])];
  const place = decodeCursor(after, fields);
  if (place[keys.pk] !== query.pk || !isWithin(query.sk, place[keys.sk] ?? '')) {
    throw wrongCursor(after);
  }
  return place;
}

function isWithin(range: RowQuery['sk'], sk: string): boolean {
  if (range === undefined) return true;
  if ('prefix' in range) return sk.startsWith(range.prefix);
  const { from, to } = range;
  return (
    (from === undefined || inByteOrder(from, sk) <= 0) &&
    (to === undefined || inByteOrder(sk, to) <= 0)
  );
}

function isEmptyRange(query: RowQuery): boolean {
  if (query.sk === undefined || 'prefix' in query.sk) return false;
  const { from, to } = query.sk;
  return from !== undefined && to !== undefined && inByteOrder(from, to) > 0;
}

/** DynamoDB orders strings by their UTF-8 bytes, JavaScript by UTF-16 units. */
const inByteOrder = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));
