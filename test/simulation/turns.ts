/**
 * Several processes on the same ports, one port call at a time: whose call is next is drawn, so
 * that every interleaving can happen and the same draw gives the same one.
 */

type Method = (...args: unknown[]) => unknown;

/** Calls that answer at once need no turn. */
const SYNCHRONOUS: ReadonlySet<string> = new Set(['now', 'hex', 'fraction']);

/** Turns in a row in which no process asks for one: it waits for something that never comes. */
const IDLE_MAX = 1000;

export class Turns {
  readonly #waiting: (() => void)[] = [];
  #running = false;

  /** Calls go through at once unless processes are being run. */
  wrap<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, property) => {
        const member: unknown = Reflect.get(target, property, target);
        if (typeof member !== 'function') return member;
        const call = member.bind(target) as Method;
        if (SYNCHRONOUS.has(String(property))) return call;
        return (...args: unknown[]) => (this.#running ? this.#inTurn(call, args) : call(...args));
      },
    });
  }

  /**
   * Runs processes side by side to their ends.
   * @param draw a number from 0 (included) to 1 (excluded) each time
   */
  async run(
    processes: readonly (() => Promise<unknown>)[],
    draw: () => number,
  ): Promise<PromiseSettledResult<unknown>[]> {
    this.#running = true;
    let left = processes.length;
    const ends = processes.map(async (start) => {
      try {
        return await start();
      } finally {
        left -= 1;
      }
    });
    for (let idle = 0; left > 0; idle += 1) {
      // Everything that can go on without a turn has gone on when the event loop comes round.
      await new Promise((resolve) => setImmediate(resolve));
      if (idle > IDLE_MAX) throw new Error('a process waits for something other than its turn');
      if (this.#waiting.length === 0) continue;
      idle = 0;
      const [next] = this.#waiting.splice(Math.floor(draw() * this.#waiting.length), 1);
      next?.();
    }
    this.#running = false;
    return await Promise.allSettled(ends);
  }

  async #inTurn(call: Method, args: unknown[]): Promise<unknown> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return await call(...args);
  }
}
