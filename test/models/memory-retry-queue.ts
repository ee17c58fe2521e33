import { retryBody } from '../../functions/contract/reconcile.ts';
import type { RowKey } from '../../functions/contract/row-layout.ts';
import type { RetryMessage } from '../../functions/core/objects/reconcile-rows.ts';
import type { Clock } from '../../functions/core/ports/clock.ts';
import type { RetryQueue } from '../../functions/core/ports/retry-queue.ts';

interface Queued {
  readonly id: string;
  readonly body: string;
  receives: number;
  /** Epoch milliseconds until which it is hidden. */
  hiddenUntil: number;
}

/** SQS refuses receipts that it never gave. */
const RECEIPT = /^receipt-(\d+)-(\d+)$/;

/** A queue with a dead-letter queue, in memory. */
export class MemoryRetryQueue implements RetryQueue {
  #messages: Queued[] = [];
  readonly #dead: Queued[] = [];
  readonly #clock: Pick<Clock, 'now'>;
  readonly #receivesMax: number;
  readonly #hiddenSeconds: number;
  #made = 0;

  constructor(
    clock: Pick<Clock, 'now'>,
    options: { readonly receivesMax?: number; readonly hiddenSeconds?: number } = {},
  ) {
    this.#clock = clock;
    this.#receivesMax = options.receivesMax ?? 8;
    this.#hiddenSeconds = options.hiddenSeconds ?? 360;
  }

  async add(keys: readonly RowKey[]): Promise<void> {
    for (const key of keys) this.send(retryBody(key));
  }

  async postpone(receipt: string, seconds: number): Promise<void> {
    if (!(seconds >= 0 && seconds <= 43_200)) throw new RangeError(`${seconds} s of hiding`);
    const [, id, receives] = RECEIPT.exec(receipt) ?? [];
    if (id === undefined) throw new RangeError(`not a receipt: ${receipt}`);
    const message = this.#messages.find((one) => one.id === id);
    if (message === undefined || String(message.receives) !== receives) return;
    message.hiddenUntil = this.#clock.now() + seconds * 1000;
  }

  /** Any body, as anybody may send it. */
  send(body: string): void {
    this.#made += 1;
    this.#messages.push({ id: String(this.#made), body, receives: 0, hiddenUntil: 0 });
  }

  /** The messages that are not hidden, at most so many; those received too often die instead. */
  receive(limit = 10): readonly RetryMessage[] {
    const now = this.#clock.now();
    const due = this.#messages.filter(({ hiddenUntil }) => hiddenUntil <= now);
    const dying = new Set(due.filter(({ receives }) => receives >= this.#receivesMax));
    this.#messages = this.#messages.filter((one) => !dying.has(one));
    this.#dead.push(...dying);
    return due
      .filter((one) => !dying.has(one))
      .slice(0, limit)
      .map((one) => {
        one.receives += 1;
        one.hiddenUntil = now + this.#hiddenSeconds * 1000;
        const { id, body, receives } = one;
        return { id, body, receives, receipt: `receipt-${id}-${receives}` };
      });
  }

  /** Whether a message would be received now. */
  isDue(): boolean {
    return this.#messages.some(({ hiddenUntil }) => hiddenUntil <= this.#clock.now());
  }

  /** What Lambda does with the messages of a batch that its answer does not name. */
  remove(id: string): void {
    this.#messages = this.#messages.filter((one) => one.id !== id);
  }

  /** Moves dead messages back, as a redrive does. */
  redrive(): void {
    for (const { body } of this.#dead.splice(0)) this.send(body);
  }

  /** Bodies of what waits. */
  waiting(): readonly string[] {
    return this.#messages.map(({ body }) => body);
  }

  /** Bodies of what is in the dead-letter queue. */
  dead(): readonly string[] {
    return this.#dead.map(({ body }) => body);
  }
}
