/** Guards and changes, as DynamoDB's expressions mean them. */
import type { RowKey } from '../../functions/contract/row-layout.ts';
import type {
  Attributes,
  Change,
  Guard,
  Row,
  Value,
  Write,
} from '../../functions/core/ports/row-store.ts';
import { RowValidationError } from './memory-row-rules.ts';

/** A row that came, changed or went; what a stream would tell. */
export interface RowChange {
  readonly key: RowKey;
  readonly before?: Attributes;
  readonly after?: Attributes;
  /** Removed because its TTL had passed. */
  readonly expired?: true;
}

/** A copy that shares nothing with the original, so that no caller can alias the store. */
export function copyOf<V extends Value>(value: V): V;
export function copyOf(value: Value): Value {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Set) return new Set<string>(value);
  if (Array.isArray(value)) return value.map((one: Value) => copyOf(one));
  const copy: Record<string, Value> = {};
  for (const [name, one] of Object.entries(value)) copy[name] = copyOf(one);
  return copy;
}

export function guardHolds(guard: Guard | undefined, row: Attributes | undefined): boolean {
  if (guard === undefined) return true;
  if (guard.row === 'absent') return row === undefined;
  if (row === undefined) return false;
  return (
    Object.entries(guard.equals ?? {}).every(([name, value]) => row[name] === value) &&
    Object.entries(guard.oneOf ?? {}).every(([name, values]) =>
      values.some((value) => row[name] === value),
    ) &&
    (guard.without ?? []).every((name) => !(name in row))
  );
}

/** The attributes after a change; the ones before are left as they are. */
function changed(before: Attributes, change: Change): Attributes {
  const after: Record<string, Value> = { ...before };
  for (const [name, value] of Object.entries(change.set ?? {})) after[name] = value;
  for (const [name, value] of Object.entries(change.add ?? {})) {
    const old = after[name] ?? 0;
    if (typeof old !== 'number') throw new RowValidationError(`add: ${name} is no number`);
    after[name] = old + value;
  }
  for (const name of change.unset ?? []) delete after[name];
  for (const [name, members] of Object.entries(change.addToSet ?? {})) {
    if (members.length > 0) after[name] = new Set([...setOf(after, name), ...members]);
  }
  for (const [name, members] of Object.entries(change.removeFromSet ?? {})) {
    if (members.length === 0) continue;
    const left = [...setOf(after, name)].filter((member) => !members.includes(member));
    if (left.length > 0) after[name] = new Set(left);
    else delete after[name];
  }
  return after;
}

function setOf(attributes: Attributes, name: string): ReadonlySet<string> {
  if (!(name in attributes)) return new Set();
  const value = attributes[name];
  if (value instanceof Set) return value;
  throw new RowValidationError(`${name} is no set`);
}

/** A guard on an update implies that the row exists. */
export function attributesAfter(
  write: Exclude<Write, { kind: 'check' }>,
  row: Row | undefined,
): Attributes | undefined {
  if (write.kind === 'put') return write.attributes;
  if (write.kind === 'remove') return undefined;
  if (row === undefined) throw new TypeError('an update without a guard on an absent row');
  return changed(row.attributes, write.change);
}
