/** Answers in the three formats: `flow` (one line of key=value each), `table`, `json`. */
import { type Io, write, writeLine } from '../io.ts';
import type { Format } from '../settings.ts';
import { columnsOf, safe, shorten } from './text.ts';

type Cell = string | number | boolean;

/** How one field of a T is shown; `json` ignores it and prints what the API answered. */
export interface Field<T> {
  readonly name: string;
  /** Exact value, for `flow`. Nothing is shown where it is undefined. */
  readonly value: (item: T) => Cell | undefined;
  /** For people, in `table`. */
  readonly shown?: (item: T) => string;
}

const CELL_COLUMNS_MAX = 48;
const GAP = '  ';

type Out = Pick<Io, 'stdout'>;

/** Prints one record: in a table, one line for each field. */
export async function printRecord<T>(
  { stdout }: Out,
  format: Format,
  item: T,
  fields: readonly Field<T>[],
): Promise<void> {
  if (format === 'json') return writeLine(stdout, JSON.stringify(item, undefined, 2));
  if (format === 'flow') return writeLine(stdout, flowLine(item, fields));
  const lines = fields
    .filter(({ value }) => value(item) !== undefined)
    .map((field) => [field.name, safe(shown(field, item))] as const);
  const width = Math.max(...lines.map(([name]) => name.length));
  const text = lines.map(([name, value]) => `${name.padEnd(width)}${GAP}${value}\n`);
  return write(stdout, text.join(''));
}

/**
 * Prints pages as they come, so that a long list neither waits nor fills memory. In a table the
 * first page sets the widths.
 */
export async function printList<T>(
  { stdout }: Out,
  format: Format,
  pages: AsyncIterable<readonly T[]>,
  fields: readonly Field<T>[],
): Promise<void> {
  if (format === 'json') return printJsonArray(stdout, pages);
  let widths: readonly number[] | undefined;
  for await (const items of pages) {
    if (format === 'flow') {
      for (const item of items) await writeLine(stdout, flowLine(item, fields));
      continue;
    }
    const rows = items.map((item) => fields.map((field) => tableCell(field, item)));
    if (widths === undefined) {
      const header = fields.map(({ name }) => name);
      widths = fields.map((_, at) =>
        Math.max(...[header, ...rows].map((row) => columnsOf(row[at] ?? ''))),
      );
      await writeLine(stdout, tableLine(header, widths, items[0], fields));
    }
    const known = widths;
    for (const [at, row] of rows.entries()) {
      await writeLine(stdout, tableLine(row, known, items[at], fields));
    }
  }
}

async function printJsonArray(
  stdout: Io['stdout'],
  pages: AsyncIterable<readonly unknown[]>,
): Promise<void> {
  let before = '[\n';
  for await (const items of pages) {
    for (const item of items) {
      await write(stdout, `${before}${JSON.stringify(item)}`);
      before = ',\n';
    }
  }
  await writeLine(stdout, before === '[\n' ? '[]' : '\n]');
}

const shown = <T>(field: Field<T>, item: T): string =>
  field.shown?.(item) ?? String(field.value(item) ?? '');

const tableCell = <T>(field: Field<T>, item: T): string =>
  shorten(safe(shown(field, item)), CELL_COLUMNS_MAX);

function flowLine<T>(item: T, fields: readonly Field<T>[]): string {
  return fields
    .flatMap(({ name, value }) => {
      const cell = value(item);
      return cell === undefined ? [] : [`${name}=${flowValue(cell)}`];
    })
    .join(' ');
}

/** Quoted as in JSON where the bare value would make the line ambiguous. */
function flowValue(cell: Cell): string {
  const text = String(cell);
  const bare = text !== '' && !/[\s"=]/.test(text) && safe(text) === text;
  return bare ? text : safe(JSON.stringify(text));
}

/** Numbers to the right, text to the left. */
function tableLine<T>(
  cells: readonly string[],
  widths: readonly number[],
  sample: T | undefined,
  fields: readonly Field<T>[],
): string {
  return cells
    .map((cell, at) => {
      const padding = ' '.repeat(Math.max(0, (widths[at] ?? 0) - columnsOf(cell)));
      const field = fields[at];
      const right = sample !== undefined && typeof field?.value(sample) === 'number';
      return right ? `${padding}${cell}` : `${cell}${padding}`;
    })
    .join(GAP)
    .trimEnd();
}
