/** Rows and writes as items and requests of DynamoDB. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { RowKey, TableName } from '../contract/row-layout.ts';
import type { Attributes, Row, Write } from '../core/ports/row-store.ts';
import { changeExpression, guardExpression, Placeholders } from './dynamodb-expressions.ts';

export type TableNames = Readonly<Record<TableName, string>>;
type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

export function keyItem(key: RowKey): { pk: string; sk: string } {
  return { pk: key.pk, sk: key.sk };
}

/** The row of an item as the document client answers it; sets come as `Set<string>`. */
export function rowOf(table: TableName, item: Readonly<Record<string, unknown>>): Row {
  const { pk, sk, ...attributes } = item;
  if (typeof pk !== 'string' || typeof sk !== 'string') {
    throw new TypeError(`an item of ${table} has no key of two strings.`);
  }
  return { key: { table, pk, sk }, attributes: attributes as Attributes };
}

/** The row in an error: the document client leaves those as they come over the wire. */
export function rowOfFault(
  table: TableName,
  item: Record<string, AttributeValue> | undefined,
): Row | undefined {
  return item === undefined ? undefined : rowOf(table, unmarshall(item));
}

interface WriteTarget {
  TableName: string;
  /** The row as it was comes with every refusal. */
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD';
}

const targetOf = (write: Write, tables: TableNames): WriteTarget => ({
  TableName: tables[write.key.table],
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
});

/** Condition of a guard with its placeholders; nothing without one. */
function conditionOf(write: Write): { ConditionExpression?: string } {
  const placeholders = new Placeholders();
  if (write.guard === undefined) return {};
  return {
    ConditionExpression: guardExpression(write.guard, placeholders),
    ...placeholders.members(),
  };
}

type Put = Extract<Write, { kind: 'put' }>;
type Update = Extract<Write, { kind: 'update' }>;
type Remove = Extract<Write, { kind: 'remove' }>;

/** Throws TypeError when the attributes hold a key attribute or an undefined one. */
export function putRequest(write: Put, tables: TableNames) {
  if ('pk' in write.attributes || 'sk' in write.attributes) {
    throw new TypeError('attributes cannot hold the key of their row.');
  }
  // Whatever its options, the document client leaves out an undefined attribute of an item.
  for (const [name, value] of Object.entries(write.attributes)) {
    if (value === undefined) throw new TypeError(`attribute ${name} is undefined.`);
  }
  return {
    ...targetOf(write, tables),
    ...conditionOf(write),
    Item: { ...write.attributes, ...keyItem(write.key) },
  };
}

export function updateRequest(write: Update, tables: TableNames) {
  const placeholders = new Placeholders();
  return {
    ...targetOf(write, tables),
    Key: keyItem(write.key),
    ConditionExpression: guardExpression(write.guard, placeholders),
    UpdateExpression: changeExpression(write.change, placeholders),
    ...placeholders.members(),
  };
}

export function removeRequest(write: Remove, tables: TableNames) {
  return { ...targetOf(write, tables), ...conditionOf(write), Key: keyItem(write.key) };
}

/** One write as a member of a transaction. */
export function transactItem(write: Write, tables: TableNames): TransactItem {
  switch (write.kind) {
    case 'put':
      return { Put: putRequest(write, tables) };
    case 'update':
      return { Update: updateRequest(write, tables) };
    case 'remove':
      return { Delete: removeRequest(write, tables) };
    case 'check': {
      const placeholders = new Placeholders();
      return {
        ConditionCheck: {
          ...targetOf(write, tables),
          Key: keyItem(write.key),
          ConditionExpression: guardExpression(write.guard, placeholders),
          ...placeholders.members(),
        },
      };
    }
  }
}
