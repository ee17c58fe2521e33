/** Ports that stop answering at a chosen call, as if the process had died there. */

export class CrashError extends Error {
  override readonly name = 'CrashError';
}

/**
 * `before`: the call has no effect. `after`: it has, and nobody learns it. `partway`: a call that
 * is not atomic has worked off half of its list; atomic calls do as `before`.
 */
export type CrashPoint = 'before' | 'partway' | 'after';
export const CRASH_POINTS: readonly CrashPoint[] = ['before', 'partway', 'after'];

/** Calls that change something, by method name, over all ports of the core. */
const MUTATING: ReadonlySet<string> = new Set([
  'write',
  'transact',
  'removeAll',
  'put',
  'copy',
  'removeVersions',
  'placeMarker',
  'abortUpload',
  'save',
  'start',
  'add',
  'postpone',
  'kick',
  'removeCaches',
]);

/** Calls whose first argument is a list that they work off one by one. */
const PIECEMEAL: ReadonlySet<string> = new Set(['removeAll', 'removeVersions', 'add']);

/** Calls that answer at once, not by a promise, and touch nothing: they go on after a crash. */
const SYNCHRONOUS: ReadonlySet<string> = new Set(['now', 'hex', 'fraction']);

type Method = (...args: unknown[]) => unknown;

/**
 * Counts the mutating calls of all ports wrapped by it and crashes at one of them. A process that
 * has crashed does nothing more: from then on every call fails, reads too, so that what was under
 * way in parallel cannot go on. The next attempt of a test takes the ports themselves, or wraps
 * them anew.
 */
export class Crashes {
  readonly #call: number;
  readonly #point: CrashPoint;
  #calls = 0;
  #crashed = false;

  /** Crashes at the mutating call of this number, from 1; never when missing, only counts. */
  constructor(crash?: { readonly call: number; readonly point: CrashPoint }) {
    this.#call = crash?.call ?? Number.POSITIVE_INFINITY;
    this.#point = crash?.point ?? 'before';
  }

  /** Mutating calls that were begun. */
  get calls(): number {
    return this.#calls;
  }

  get crashed(): boolean {
    return this.#crashed;
  }

  wrap<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, property) => {
        const member: unknown = Reflect.get(target, property, target);
        if (typeof member !== 'function') return member;
        const call = member.bind(target) as Method;
        return (...args: unknown[]) => this.#run(String(property), call, args);
      },
    });
  }

  /** Wraps every member of a bundle of ports, for instance `{ rows, objects }`. */
  wrapAll<Bundle extends { readonly [name: string]: object }>(ports: Bundle): Bundle {
    const wrapped = Object.entries(ports).map(([name, port]) => [name, this.wrap(port)]);
    return Object.fromEntries(wrapped) as Bundle;
  }

  #run(name: string, call: Method, args: unknown[]): unknown {
    if (SYNCHRONOUS.has(name)) return call(...args);
    if (this.#crashed) return Promise.reject(new CrashError(`${name} after the crash`));
    if (!MUTATING.has(name)) return call(...args);
    this.#calls += 1;
    if (this.#calls !== this.#call) return call(...args);
    this.#crashed = true;
    return this.#crash(name, call, args);
  }

  async #crash(name: string, call: Method, args: unknown[]): Promise<never> {
    if (this.#point === 'after') await call(...args);
    const [list] = args;
    if (this.#point === 'partway' && PIECEMEAL.has(name) && Array.isArray(list)) {
      await call(list.slice(0, Math.ceil(list.length / 2)));
    }
    throw new CrashError(`${this.#point} ${name}, mutating call ${this.#calls}`);
  }
}
