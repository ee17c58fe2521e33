/** Adds up what one invocation uses. Adapters count into it; the step that ends takes it. */
import type { UsageName } from './prices.ts';
import type { Usage } from './usage.ts';

export class Meter {
  #usage: Partial<Record<UsageName, number>> = {};

  add(name: UsageName, amount = 1): void {
    this.#usage[name] = (this.#usage[name] ?? 0) + amount;
  }

  /** What was counted since the last time; the meter begins anew. */
  take(): Usage {
    const taken = this.#usage;
    this.#usage = {};
    return taken;
  }
}
