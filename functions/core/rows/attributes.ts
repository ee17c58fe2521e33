/**
 * Typed access to attributes of rows. A row that lacks what it must have is damaged data: that is
 * a fault which names the row, never a default that could delete something.
 */
import { DamagedRowError } from '../errors.ts';
import type { Row, Value } from '../ports/row-store.ts';

function damaged(row: Row, name: string, wanted: string): Error {
  const { table, pk, sk } = row.key;
  // Partition keys of addresses hold an address: never in a message.
  const where = pk.startsWith('address#') ? 'address row' : `${pk} / ${sk.split('#')[0]}`;
  return new DamagedRowError(`damaged row in ${table} (${where}): ${name} is not ${wanted}`);
}

export function text(row: Row, name: string): string {
  const value = row.attributes[name];
  if (typeof value !== 'string') throw damaged(row, name, 'a string');
  return value;
}

export function optionalText(row: Row, name: string): string | undefined {
  return row.attributes[name] === undefined ? undefined : text(row, name);
}

export function number(row: Row, name: string): number {
  const value = row.attributes[name];
  if (typeof value !== 'number') throw damaged(row, name, 'a number');
  return value;
}

export function optionalNumber(row: Row, name: string): number | undefined {
  return row.attributes[name] === undefined ? undefined : number(row, name);
}

/** A set attribute; empty when missing, because empty sets do not exist. */
export function textSet(row: Row, name: string): ReadonlySet<string> {
  const value = row.attributes[name];
  if (value === undefined) return new Set();
  if (!(value instanceof Set)) throw damaged(row, name, 'a set');
  return value;
}

/** An object whose values are numbers; empty when missing. */
export function numbers(row: Row, name: string): Record<string, number> {
  const value = row.attributes[name];
  if (value === undefined) return {};
  if (!isMap(value)) throw damaged(row, name, 'an object');
  for (const member of Object.values(value)) {
    if (typeof member !== 'number') throw damaged(row, name, 'an object of numbers');
  }
  return { ...(value as Record<string, number>) };
}

/** An object whose values are strings; empty when missing. */
export function texts(row: Row, name: string): Record<string, string> {
  const value = row.attributes[name];
  if (value === undefined) return {};
  if (!isMap(value)) throw damaged(row, name, 'an object');
  for (const member of Object.values(value)) {
    if (typeof member !== 'string') throw damaged(row, name, 'an object of strings');
  }
  return { ...(value as Record<string, string>) };
}

export function isMap(value: Value | undefined): value is { readonly [name: string]: Value } {
  return (
    typeof value === 'object' && value !== null && !(value instanceof Set) && !Array.isArray(value)
  );
}
