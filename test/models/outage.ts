/** A service that refuses some calls for a while: it throttles, denies, or does not answer. */
import type { Ports } from '../../functions/core/ports/ports.ts';

export interface OutageOptions {
  /** Calls that are refused, by port and method: `rows.query`. */
  readonly calls: readonly `${keyof Ports}.${string}`[];
  /** Only those of the function of this token; of every function when missing. */
  readonly token?: string;
  /** What a refused call ends with. */
  readonly refuse: () => Promise<never>;
  /** How many calls are refused before it passes by itself; it does not, when missing. */
  readonly times?: number;
}

type Method = (...args: unknown[]) => unknown;

/** Refuses nothing before it begins, nor after its end. */
export class Outage {
  readonly #options: OutageOptions;
  #under = false;
  #refused = 0;

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#under = true;
  }

  end(): void {
    this.#under = false;
  }

  /** Calls that were refused. */
  get refused(): number {
    return this.#refused;
  }

  wrapAll(token: string, ports: Ports): Ports {
    const { token: only = token } = this.#options;
    if (only !== token) return ports;
    const wrapped = Object.entries(ports).map(([name, port]) => [name, this.#wrap(name, port)]);
    return Object.fromEntries(wrapped) as Ports;
  }

  #wrap(name: string, port: object): object {
    return new Proxy(port, {
      get: (target, property) => {
        const member: unknown = Reflect.get(target, property, target);
        if (typeof member !== 'function') return member;
        const call = member.bind(target) as Method;
        const id = `${name}.${String(property)}`;
        return (...args: unknown[]) => (this.#isRefused(id) ? this.#refuse() : call(...args));
      },
    });
  }

  #isRefused(call: string): boolean {
    const { calls, times = Number.POSITIVE_INFINITY } = this.#options;
    return this.#under && this.#refused < times && calls.some((one) => one === call);
  }

  #refuse(): Promise<never> {
    this.#refused += 1;
    return this.#options.refuse();
  }
}
