/** What the demo prints: lines that fit, and commands with what they answer. */
import { columnsOf, wrapWords } from '../cli/output/text.ts';

/** No line is longer, on whatever terminal. */
export const SCREEN_COLUMNS = 100;

/** Breaks a line between words, and inside of a word that is too long; what follows is indented. */
export function fitLine(line: string): string[] {
  if (columnsOf(line) <= SCREEN_COLUMNS) return [line];
  const indent = `${/^ */.exec(line)?.[0] ?? ''}  `;
  const words = line
    .trim()
    .split(' ')
    .flatMap((word) => pieces(word, SCREEN_COLUMNS - indent.length));
  const [first = '', ...others] = wrapWords(words.join(' '), SCREEN_COLUMNS - indent.length);
  return [`${indent.slice(2)}${first}`, ...others.map((other) => `${indent}${other}`)];
}

function pieces(word: string, columns: number): string[] {
  const found: string[] = [];
  let piece = '';
  for (const character of word) {
    if (columnsOf(piece + character) > columns) {
      found.push(piece);
      piece = '';
    }
    piece += character;
  }
  return [...found, piece];
}

/**
 * Leaves a section out of indented lines: its heading, and what is indented below it.
 * @param heading the whole line
 */
export function withoutSection(lines: readonly string[], heading: string): string[] {
  const at = lines.indexOf(heading);
  if (at < 0) return [...lines];
  const depth = indentOf(heading);
  const after = lines.findIndex((line, index) => index > at && indentOf(line) <= depth);
  return [...lines.slice(0, at), ...(after < 0 ? [] : lines.slice(after))];
}

const indentOf = (line: string): number => line.length - line.trimStart().length;

/** Splits what comes in pieces into lines; the last may lack its end. */
export class LineSplitter {
  readonly #take: (line: string) => void;
  #rest = '';

  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  add(text: string): void {
    const lines = `${this.#rest}${text}`.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(line);
  }

  end(): void {
    if (this.#rest !== '') this.#take(this.#rest);
    this.#rest = '';
  }
}
