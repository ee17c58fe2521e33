/** Progress of what may take long, shown once it does; and Ctrl-C, which waits for an answer. */
import { type Io, writeLine } from '../io.ts';
import { showSteps } from './progress.ts';
import type { StepView } from './step-view.ts';
import { count, counted, duration } from './text.ts';

/** What takes less is over before anybody wonders. */
const SHOWN_AFTER_MS = 2000;

const INTERRUPTED =
  'Interrupted: waiting for the answer to what was asked already; Ctrl-C again ends at once.';

export interface LongWork {
  readonly io: Pick<Io, 'stderr' | 'now' | 'env' | 'interruption' | 'every'>;
  /** What is being done, as a heading: `Expunge messages`. */
  readonly title: string;
  /** Messages that it is about, where that is known. */
  readonly total?: number;
}

/** @param messages done since it was told the last time */
type Tell = (messages: number) => void;

/**
 * Shows progress on standard error while `act` runs, if that takes long.
 * @throws what `act` throws, after saying how much was done before it
 */
export async function withProgress<T>(work: LongWork, act: (tell: Tell) => Promise<T>): Promise<T> {
  const { io } = work;
  const shown = new ShownWork(work);
  const interruption = io.interruption();
  const onInterrupt = () => void writeLine(io.stderr, INTERRUPTED).catch(() => {});
  interruption.addEventListener('abort', onInterrupt, { once: true });
  const stop = io.every(SHOWN_AFTER_MS, () => void shown.tick());
  try {
    const done = await act((messages) => shown.add(messages));
    await shown.end(interruption.aborted ? 'stopped' : 'done');
    return done;
  } catch (error) {
    await shown.end('stopped');
    if (shown.messages > 0) {
      const before = `${counted(shown.messages, 'message')} done before that`;
      await writeLine(io.stderr, `${work.title}: ${before}.`);
    }
    throw error;
  } finally {
    stop();
    interruption.removeEventListener('abort', onInterrupt);
  }
}

class ShownWork {
  readonly #work: LongWork;
  readonly #startedAt: number;
  #view: Promise<StepView> | undefined;
  messages = 0;

  constructor(work: LongWork) {
    this.#work = work;
    this.#startedAt = work.io.now();
  }

  add(messages: number): void {
    this.messages += messages;
  }

  async tick(): Promise<void> {
    const { io, title } = this.#work;
    this.#view ??= showSteps([title], io);
    const view = await this.#view;
    view.enter(0);
    view.detail(this.#line());
  }

  async end(how: 'done' | 'stopped'): Promise<void> {
    const view = await this.#view;
    view?.detail(this.#line());
    if (how === 'done') await view?.finish();
    else await view?.abandon();
  }

  #line(): string {
    const { io, total } = this.#work;
    const elapsed = duration(io.now() - this.#startedAt);
    if (total !== undefined) {
      return `${count(this.messages)} of ${counted(total, 'message')}, ${elapsed}`;
    }
    return this.messages === 0 ? elapsed : `${counted(this.messages, 'message')}, ${elapsed}`;
  }
}
