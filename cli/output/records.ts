/**
 * Answers in the three formats: `flow` (name=value, as short lines), `table`, `json`. `flow` has the
 * names that `json` has, with a dot before what is inside of something.
 */
import { type Io, write, writeLine } from '../io.ts';
import type { Format } from '../settings.ts';
import { TableLayout } from './table-layout.ts';
import { columnsOf, safe, words, wrapWords } from './text.ts';

type Cell = string | number | boolean;

/** How one field of a T is shown; `json` ignores it and prints what the API answered. */
export interface Field<T> {
  /** As in the answer of the API. */
  readonly name: string;
  /** For people, in `table`; the name in words when missing. */
  readonly label?: string;
  /** Exact value, for `flow`. Nothing is shown where it is undefined. */
  readonly value: (item: T) => Cell | undefined;
  /** For people, in `table`. */
  readonly shown?: (item: T) => string;
  /** In a list, never cut: half a time or half an id is of no use. */
  readonly isWhole?: true;
}

/** Of a table where nobody says how wide the terminal is. */
const TABLE_COLUMNS = 100;

/** A line of a list that gets longer than this goes on in the next, indented. */
const FLOW_COLUMNS_MAX = 160;

const GAP = '  ';

type Out = Pick<Io, 'stdout'>;

const labelOf = <T>({ name, label }: Field<T>): string =>
  label ?? words(name.slice(name.lastIndexOf('.') + 1));

/** Prints one record, one line for each field that has a value. */
export async function printRecord<T>(
  { stdout }: Out,
  format: Format,
  item: T,
  fields: readonly Field<T>[],
): Promise<void> {
  if (format === 'json') return writeLine(stdout, JSON.stringify(item, undefined, 2));
  if (format === 'flow') {
    return write(
      stdout,
      flowFacts(item, fields)
        .map((fact) => `${fact}\n`)
        .join(''),
    );
  }
  const rows = fields
    .filter(({ value }) => value(item) !== undefined)
    .map((field) => [labelOf(field), safe(shown(field, item))] as const);
  const width = Math.max(...rows.map(([label]) => columnsOf(label)));
  const indent = ' '.repeat(width + GAP.length);
  const left = (stdout.columns ?? TABLE_COLUMNS) - indent.length;
  const text = rows.map(([label, value]) => {
    const lines = wrapWords(value, left).join(`\n${indent}`);
    return `${label.padEnd(width)}${GAP}${lines}`.trimEnd();
  });
  return write(stdout, `${text.join('\n')}\n`);
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
  const layout = new TableLayout(fields.map(labelOf), stdout.columns ?? TABLE_COLUMNS);
  for await (const items of pages) {
    if (format === 'flow') {
      for (const item of items) await write(stdout, flowLines(item, fields));
      continue;
    }
    const rows = items.map((item) =>
      fields.map((field) => ({
        text: safe(shown(field, item)),
        isNumber: typeof field.value(item) === 'number',
        isWhole: field.isWhole === true,
      })),
    );
    for (const line of layout.lines(rows)) await writeLine(stdout, line);
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

/** One line, and others with an indent where it would be too long. */
function flowLines<T>(item: T, fields: readonly Field<T>[]): string {
  const lines: string[] = [];
  for (const fact of flowFacts(item, fields)) {
    const last = lines.at(-1);
    const longer = last === undefined ? fact : `${last} ${fact}`;
    if (last !== undefined && columnsOf(longer) > FLOW_COLUMNS_MAX) lines.push(`${GAP}${fact}`);
    else lines.splice(-1, 1, longer);
  }
  return lines.map((line) => `${line}\n`).join('');
}

const flowFacts = <T>(item: T, fields: readonly Field<T>[]): string[] =>
  fields.flatMap(({ name, value }) => {
    const cell = value(item);
    return cell === undefined ? [] : [`${name}=${flowValue(cell)}`];
  });

/** Quoted as in JSON where the bare value would make the line ambiguous. */
function flowValue(cell: Cell): string {
  const text = String(cell);
  const bare = text !== '' && !/[\s"=]/.test(text) && safe(text) === text;
  return bare ? text : safe(JSON.stringify(text));
}
