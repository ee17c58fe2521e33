/** What DynamoDB and its document client refuse, whatever the guard says. */
import { INDEXES, type RowKey } from '../../functions/contract/row-layout.ts';
import { RowTooLargeError } from '../../functions/core/errors.ts';
import { indexesOf, rowBytes } from '../../functions/core/meter/row-units.ts';
import type {
  Attributes,
  Change,
  Guard,
  Row,
  Value,
} from '../../functions/core/ports/row-store.ts';

const KIB = 1024;
const PARTITION_KEY_BYTES_MAX = 2048;
const SORT_KEY_BYTES_MAX = 1024;
const ITEM_BYTES_MAX = 400 * KIB;
const IN_OPERANDS_MAX = 100;
const NESTING_MAX = 32;

/** Stands for DynamoDB's ValidationException: a bug of the caller's, never an outcome. */
export class RowValidationError extends Error {
  override readonly name = 'ValidationException';
}

const utf8Bytes = (text: string): number => Buffer.byteLength(text, 'utf8');

export function assertKey(key: RowKey): void {
  assertKeyPart('pk', key.pk, PARTITION_KEY_BYTES_MAX);
  assertKeyPart('sk', key.sk, SORT_KEY_BYTES_MAX);
}

function assertKeyPart(name: string, value: unknown, bytesMax: number): void {
  if (typeof value !== 'string' || value === '') {
    throw new RowValidationError(`key attribute ${name} must be a string that is not empty`);
  }
  if (utf8Bytes(value) > bytesMax) {
    throw new RowValidationError(`key attribute ${name} is longer than ${bytesMax} bytes`);
  }
}

/** Checks a row as it would be stored. */
export function assertRow(key: RowKey, attributes: Attributes): void {
  assertKey(key);
  if ('pk' in attributes || 'sk' in attributes) {
    throw new RowValidationError('attributes cannot hold the key of their row');
  }
  for (const [name, value] of Object.entries(attributes)) {
    assertName(name);
    assertValue(name, value, 0);
  }
  for (const index of indexesOf(key.table)) {
    const { pk, sk } = INDEXES[index];
    if (pk in attributes) assertKeyPart(pk, attributes[pk], PARTITION_KEY_BYTES_MAX);
    if (sk in attributes) assertKeyPart(sk, attributes[sk], SORT_KEY_BYTES_MAX);
  }
  const sizeBytes = rowBytes(key, attributes);
  if (sizeBytes > ITEM_BYTES_MAX) {
    throw new RowTooLargeError(`the row has ${sizeBytes} bytes; ${ITEM_BYTES_MAX} are allowed`);
  }
}

function assertValue(path: string, value: unknown, depth: number): asserts value is Value {
  if (depth > NESTING_MAX) throw new RowValidationError(`${path} is nested too deeply`);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number') {
    const exact = Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
    if (!exact) throw new RowValidationError(`${path} is not a number that DynamoDB keeps exactly`);
    return;
  }
  if (value instanceof Set) {
    if (value.size === 0) throw new RowValidationError(`${path} is an empty set`);
    for (const member of value) {
      if (typeof member !== 'string') throw new RowValidationError(`${path} has a non-string`);
    }
    return;
  }
  if (Array.isArray(value)) {
    for (const member of value) assertValue(`${path}[]`, member, depth + 1);
    return;
  }
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) {
    throw new RowValidationError(`${path} has a type that rows do not have: ${typeof value}`);
  }
  for (const [name, member] of Object.entries(value)) {
    assertName(name);
    assertValue(`${path}.${name}`, member, depth + 1);
  }
}

function assertName(name: string): void {
  if (name === '') throw new RowValidationError('an attribute without a name');
}

export function assertGuard(guard: Guard | undefined): void {
  if (guard === undefined || guard.row === 'absent') return;
  for (const [name, value] of Object.entries(guard.equals ?? {})) assertValue(name, value, 0);
  for (const [name, values] of Object.entries(guard.oneOf ?? {})) {
    if (values.length < 1 || values.length > IN_OPERANDS_MAX) {
      throw new RangeError(`oneOf ${name}: 1 to ${IN_OPERANDS_MAX} values are allowed`);
    }
    for (const value of values) assertValue(name, value, 0);
  }
}

export function assertChange(change: Change): void {
  const members = (sets: Change['addToSet']): string[] =>
    Object.entries(sets ?? {}).flatMap(([name, values]) => (values.length > 0 ? [name] : []));
  const names = [
    ...Object.keys(change.set ?? {}),
    ...Object.keys(change.add ?? {}),
    ...(change.unset ?? []),
    ...members(change.addToSet),
    ...members(change.removeFromSet),
  ];
  if (names.length === 0) throw new TypeError('a change must change something');
  if (new Set(names).size < names.length) {
    throw new TypeError(`a change names an attribute twice: ${names.join(', ')}`);
  }
  if (names.includes('pk') || names.includes('sk')) {
    throw new TypeError('a change cannot touch the key of its row');
  }
  for (const [name, value] of Object.entries(change.add ?? {})) assertValue(name, value, 0);
}

/** A row of the model is never changed in place, only replaced: it need be measured only once. */
const sizes = new WeakMap<Row, number>();

export function sizeOf(row: Row): number {
  const sizeBytes = sizes.get(row) ?? rowBytes(row.key, row.attributes);
  sizes.set(row, sizeBytes);
  return sizeBytes;
}
