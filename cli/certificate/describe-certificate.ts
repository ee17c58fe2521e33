/** A certificate's content as lines for people, whatever facts it states. */
import { count, dollars, safe, size, words } from '../output/text.ts';

const INDENT = '  ';
const DEPTH_MAX = 8;

/**
 * Names and values, one a line, nested ones indented. Names are spelled out (`objectVersions` as
 * `object versions`), sizes get a unit.
 */
export function describeFacts(facts: Readonly<Record<string, unknown>>, depth = 0): string[] {
  const indent = INDENT.repeat(depth);
  const entries = Object.entries(facts);
  const width = Math.max(0, ...entries.filter(isPlain).map(([name]) => label(name).length));
  return entries.flatMap(([name, value]) => {
    if (isPlain([name, value])) {
      return [`${indent}${label(name).padEnd(width)}  ${plainText(name, value)}`];
    }
    return [`${indent}${label(name)}`, ...nested(value, depth + 1)];
  });
}

const label = (name: string): string => safe(words(name)).trim();

const isPlain = ([, value]: readonly [string, unknown]): boolean =>
  typeof value !== 'object' || value === null || Object.keys(value).length === 0;

function plainText(name: string, value: unknown): string {
  if (typeof value === 'number') {
    if (name === 'dollars') return dollars(value);
    return name.toLowerCase().endsWith('bytes') ? `${size(value)} (${value})` : count(value);
  }
  if (typeof value === 'object' && value !== null) return 'none';
  return safe(String(value));
}

function nested(value: unknown, depth: number): string[] {
  const indent = INDENT.repeat(depth);
  if (depth >= DEPTH_MAX) return [`${indent}${safe(JSON.stringify(value))}`];
  if (!Array.isArray(value)) return describeFacts({ ...(value as object) }, depth);
  return value.flatMap((item: unknown) => {
    if (isPlain(['', item])) return [`${indent}- ${plainText('', item)}`];
    const [first = '', ...rest] = nested(item, depth + 1);
    return [`${indent}- ${first.trimStart()}`, ...rest];
  });
}
