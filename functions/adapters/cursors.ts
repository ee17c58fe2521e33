/** Opaque places in a list: base64url of a JSON object of strings. */
import { InvalidInputError, quoted } from '../core/errors.ts';

export function encodeCursor(place: Readonly<Record<string, string>>): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** The error for a cursor that is not ours, or belongs to another list. */
export function wrongCursor(cursor: string): InvalidInputError {
  return InvalidInputError.of(
    'cursor',
    `${quoted(cursor)} does not belong to this list; give the "next" of its page before, unchanged.`,
  );
}

/**
 * Reads a cursor that has exactly these fields, all strings.
 * Throws `InvalidInputError` naming `cursor` for anything else.
 */
export function decodeCursor<Field extends string>(
  cursor: string,
  fields: readonly Field[],
): Record<Field, string> {
  const place = parsed(cursor);
  if (typeof place !== 'object' || place === null || Array.isArray(place)) {
    throw wrongCursor(cursor);
  }
  const entries = Object.entries(place);
  const wanted: readonly string[] = fields;
  const fits = entries.every(([name, value]) => wanted.includes(name) && typeof value === 'string');
  if (!fits || entries.length !== fields.length) throw wrongCursor(cursor);
  return Object.fromEntries(entries) as Record<Field, string>;
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw wrongCursor(cursor);
  }
}
