/**
 * Guards, changes and key conditions as DynamoDB expressions. Names and values only ever stand in
 * the placeholder maps: no input becomes part of an expression, and no attribute name can clash
 * with one of DynamoDB's reserved words.
 */
import type { Change, Guard, RowQuery, Value } from '../core/ports/row-store.ts';

/** DynamoDB takes at most 100 operands in IN. */
const IN_OPERANDS_MAX = 100;

/** Collects the names and values of one request; equal names share a placeholder. */
export class Placeholders {
  readonly #names = new Map<string, string>();
  readonly #values: Value[] = [];

  name(attribute: string): string {
    const known = this.#names.get(attribute);
    if (known !== undefined) return known;
    const placeholder = `#n${this.#names.size}`;
    this.#names.set(attribute, placeholder);
    return placeholder;
  }

  value(value: Value): string {
    this.#values.push(value);
    return `:v${this.#values.length - 1}`;
  }

  /** The members of a request; DynamoDB refuses empty maps, so each is missing when empty. */
  members(): {
    ExpressionAttributeNames?: Record<string, string>;
    ExpressionAttributeValues?: Record<string, Value>;
  } {
    const names = [...this.#names].map(([attribute, placeholder]) => [placeholder, attribute]);
    const values = this.#values.map((value, index) => [`:v${index}`, value]);
    return {
      ...(names.length === 0 ? {} : { ExpressionAttributeNames: Object.fromEntries(names) }),
      ...(values.length === 0 ? {} : { ExpressionAttributeValues: Object.fromEntries(values) }),
    };
  }
}

/**
 * A guard as condition expression.
 * Throws RangeError for a `oneOf` without values, which nothing could meet, or with over 100.
 */
export function guardExpression(guard: Guard, placeholders: Placeholders): string {
  const key = placeholders.name('pk');
  if (guard.row === 'absent') return `attribute_not_exists(${key})`;
  const terms = [`attribute_exists(${key})`];
  for (const [name, value] of Object.entries(guard.equals ?? {})) {
    terms.push(`${placeholders.name(name)} = ${placeholders.value(value)}`);
  }
  for (const [name, values] of Object.entries(guard.oneOf ?? {})) {
    if (values.length < 1 || values.length > IN_OPERANDS_MAX) {
      throw new RangeError(
        `oneOf ${name}: ${values.length} values; 1 to ${IN_OPERANDS_MAX} are allowed.`,
      );
    }
    const operands = values.map((value) => placeholders.value(value));
    terms.push(`${placeholders.name(name)} IN (${operands.join(', ')})`);
  }
  for (const name of guard.without ?? []) {
    terms.push(`attribute_not_exists(${placeholders.name(name)})`);
  }
  return terms.join(' AND ');
}

/**
 * A change as update expression. Throws TypeError when it changes nothing, names an attribute
 * twice, or touches the key.
 */
export function changeExpression(change: Change, placeholders: Placeholders): string {
  const sets = Object.entries(change.set ?? {});
  const adds = Object.entries(change.add ?? {});
  const unsets = change.unset ?? [];
  const joins = Object.entries(change.addToSet ?? {}).filter(([, members]) => members.length > 0);
  const leaves = Object.entries(change.removeFromSet ?? {}).filter(
    ([, members]) => members.length > 0,
  );
  assertDistinct([...[sets, adds, joins, leaves].flat().map(([name]) => name), ...unsets]);

  const pair = ([name, value]: readonly [string, Value]): string =>
    `${placeholders.name(name)} ${placeholders.value(value)}`;
  const setPair = ([name, members]: readonly [string, readonly string[]]): string =>
    pair([name, new Set(members)]);
  const assigned = sets.map(
    ([name, value]) => `${placeholders.name(name)} = ${placeholders.value(value)}`,
  );
  const clauses: readonly (readonly [string, readonly string[]])[] = [
    ['SET', assigned],
    ['ADD', [...adds.map(pair), ...joins.map(setPair)]],
    ['DELETE', leaves.map(setPair)],
    ['REMOVE', unsets.map((name) => placeholders.name(name))],
  ];
  return clauses
    .filter(([, terms]) => terms.length > 0)
    .map(([clause, terms]) => `${clause} ${terms.join(', ')}`)
    .join(' ');
}

function assertDistinct(names: readonly string[]): void {
  if (names.length === 0) throw new TypeError('a change must change something.');
  if (new Set(names).size < names.length) {
    throw new TypeError(`a change names an attribute twice: ${names.join(', ')}.`);
  }
  if (names.includes('pk') || names.includes('sk')) {
    throw new TypeError('a change cannot touch the key of its row.');
  }
}

/** The key condition of a query on these key attributes. Ranges include both ends. */
export function keyExpression(
  query: Pick<RowQuery, 'pk' | 'sk'>,
  keys: { readonly pk: string; readonly sk: string },
  placeholders: Placeholders,
): string {
  const partition = `${placeholders.name(keys.pk)} = ${placeholders.value(query.pk)}`;
  const range = rangeExpression(query.sk, keys.sk, placeholders);
  return range === undefined ? partition : `${partition} AND ${range}`;
}

/** Takes placeholders only for what it says: DynamoDB refuses those that are not used. */
function rangeExpression(
  range: RowQuery['sk'],
  attribute: string,
  placeholders: Placeholders,
): string | undefined {
  const sort = () => placeholders.name(attribute);
  if (range === undefined) return undefined;
  if ('prefix' in range) {
    // DynamoDB refuses an empty begins_with; every sort key begins with nothing.
    if (range.prefix === '') return undefined;
    return `begins_with(${sort()}, ${placeholders.value(range.prefix)})`;
  }
  const { from, to } = range;
  if (from !== undefined && to !== undefined) {
    return `${sort()} BETWEEN ${placeholders.value(from)} AND ${placeholders.value(to)}`;
  }
  if (from !== undefined) return `${sort()} >= ${placeholders.value(from)}`;
  if (to !== undefined) return `${sort()} <= ${placeholders.value(to)}`;
  return undefined;
}
