/** Steps that run one after the other, shown live on a terminal and as plain lines elsewhere. */
import { type Io, writeLine } from '../io.ts';
import type { StepView } from './step-view.ts';
import { safe } from './text.ts';

/** A piped log gets at most one line of detail in this time. */
const PLAIN_DETAIL_MS = 5000;

type ProgressIo = Pick<Io, 'stderr' | 'now' | 'env'>;

/** Opens the display on standard error; standard output is left to data. */
export async function showSteps(titles: readonly string[], io: ProgressIo): Promise<StepView> {
  // A terminal without a width cannot be drawn on.
  const live = io.stderr.isTTY && (io.stderr.columns ?? 0) > 0 && io.env['TERM'] !== 'dumb';
  if (!live) return new PlainSteps(titles, io);
  const { openLiveSteps } = await import('./live-steps.ts');
  return openLiveSteps(titles, io.stderr as NodeJS.WriteStream);
}

class PlainSteps implements StepView {
  readonly #titles: readonly string[];
  readonly #io: ProgressIo;
  #current = -1;
  #detail = '';
  #printedAt = Number.NEGATIVE_INFINITY;
  #written: Promise<void> = Promise.resolve();

  constructor(titles: readonly string[], io: ProgressIo) {
    this.#titles = titles;
    this.#io = io;
  }

  enter(index: number): void {
    if (index <= this.#current) return;
    this.#flush();
    this.#current = index;
    this.#print('');
  }

  detail(text: string): void {
    if (text === this.#detail) return;
    this.#detail = text;
    if (this.#io.now() - this.#printedAt >= PLAIN_DETAIL_MS) this.#flush();
  }

  async fail(message: string): Promise<void> {
    this.#flush();
    this.#print(`failed: ${message}`);
    await this.#written;
  }

  async finish(): Promise<void> {
    this.#flush();
    await this.#written;
  }

  async abandon(): Promise<void> {
    await this.finish();
  }

  #flush(): void {
    if (this.#detail === '') return;
    this.#print(this.#detail);
    this.#detail = '';
    this.#printedAt = this.#io.now();
  }

  #print(text: string): void {
    const title = this.#titles[this.#current] ?? '';
    const clock = new Date(this.#io.now()).toISOString().slice(11, 19);
    const line = `${clock} ${title}${text === '' ? '' : `: ${safe(text)}`}`;
    this.#written = this.#written.then(() => writeLine(this.#io.stderr, line));
  }
}
