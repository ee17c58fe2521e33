/** The part of Lambda's event filters that is used: nested names, and lists of allowed texts. */
type Pattern = { readonly [name: string]: Pattern | readonly string[] };

/** Whether a record passes a filter; a kind of filter that this does not know is a fault. */
export function matchesPattern(record: unknown, pattern: Pattern): boolean {
  return Object.entries(pattern).every(([name, wanted]) => {
    const value = memberOf(record, name);
    if (isList(wanted)) {
      if (wanted.some((one) => typeof one !== 'string')) {
        throw new TypeError(`unknown filter: ${JSON.stringify(wanted)}`);
      }
      return typeof value === 'string' && wanted.includes(value);
    }
    return matchesPattern(value, wanted);
  });
}

const isList = (wanted: Pattern | readonly string[]): wanted is readonly string[] =>
  Array.isArray(wanted);

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
