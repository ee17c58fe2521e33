/** Columns of a table, as wide as what is in them, and together no wider than the terminal. */
import { columnsOf, shorten } from './text.ts';

export interface TableCell {
  readonly text: string;
  /** Goes to the right, and is never cut. */
  readonly isNumber: boolean;
  /** Is never cut either. */
  readonly isWhole: boolean;
}

const CELL_COLUMNS_MAX = 48;

/** Text is cut to so many columns at worst. */
const CELL_COLUMNS_MIN = 5;

const GAP = '  ';

interface Column {
  /** In the cells of a row. */
  readonly at: number;
  readonly isNumber: boolean;
  readonly isWhole: boolean;
  width: number;
}

/** Columns without anything in them are left out, until a row has something there. */
export class TableLayout {
  readonly #labels: readonly string[];
  readonly #columnsMax: number;
  #columns: readonly Column[] = [];
  #begun = false;

  constructor(labels: readonly string[], columnsMax: number) {
    this.#labels = labels;
    this.#columnsMax = columnsMax;
  }

  /** Lines of the next rows, with a header where there is none yet that names all their columns. */
  *lines(rows: readonly (readonly TableCell[])[]): Generator<string> {
    const isKnown = (at: number) => this.#columns.some((column) => column.at === at);
    const isUsed = (at: number) => rows.some((row) => (row[at]?.text ?? '') !== '');
    const used = this.#labels.flatMap((_, at) => (isKnown(at) || isUsed(at) ? [at] : []));
    const isWider = used.length > this.#columns.length;
    if (!this.#begun || isWider) {
      this.#begun = true;
      // An empty list shows what it would have.
      const shown = used.length > 0 ? used : this.#labels.map((_, at) => at);
      this.#columns = fitted(
        shown.map((at) => this.#column(at, rows)),
        this.#columnsMax,
      );
      yield this.#line(this.#labels.map((text) => ({ text, isNumber: false, isWhole: false })));
    }
    for (const row of rows) yield this.#line(row);
  }

  #column(at: number, rows: readonly (readonly TableCell[])[]): Column {
    const cells = rows.flatMap((row) => row[at] ?? []);
    const filled = cells.filter(({ text }) => text !== '');
    const isNumber = filled.length > 0 && filled.every((cell) => cell.isNumber);
    const texts = [this.#labels[at] ?? '', ...cells.map(({ text }) => text)];
    const widest = Math.max(...texts.map(columnsOf));
    const isWhole = isNumber || cells.some((cell) => cell.isWhole);
    const width = isWhole ? widest : Math.min(widest, CELL_COLUMNS_MAX);
    return { at, isNumber, isWhole, width };
  }

  #line(row: readonly TableCell[]): string {
    return this.#columns
      .map(({ at, isNumber, isWhole, width }) => {
        const text = row[at]?.text ?? '';
        const cell = isWhole ? text : shorten(text, width);
        const padding = ' '.repeat(Math.max(0, width - columnsOf(cell)));
        return isNumber ? `${padding}${cell}` : `${cell}${padding}`;
      })
      .join(GAP)
      .trimEnd();
  }
}

/** Takes from the widest texts first, so that short ones stay whole. */
function fitted(columns: Column[], columnsMax: number): readonly Column[] {
  const gaps = GAP.length * (columns.length - 1);
  let over = columns.reduce((sum, { width }) => sum + width, gaps) - columnsMax;
  while (over > 0) {
    const cuttable = columns.filter((one) => !one.isWhole && one.width > CELL_COLUMNS_MIN);
    const [first, ...others] = cuttable;
    if (first === undefined) break;
    others.reduce((widest, one) => (one.width > widest.width ? one : widest), first).width -= 1;
    over -= 1;
  }
  return columns;
}
